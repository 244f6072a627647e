//! `[vault]`.

use std::time::Duration;

use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, Secret};
use serde::Deserialize;

use crate::document::DocumentPath;

/// Where Vault is, how to log in, and what to read. Nothing happens without an address and a path.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct VaultConfig {
    /// `https://vault.internal:8200`. Also `VAULT_ADDR`.
    pub address: Option<String>,
    /// Where the KV engine (version 2) is mounted.
    pub mount: String,
    /// The documents to read; of two that give the same key, the later one wins. `shop?prefix=billing` puts the names of the
    /// document `shop` under the section `billing`.
    pub paths: Vec<String>,
    /// The namespace, for Vault Enterprise. Also `VAULT_NAMESPACE`.
    pub namespace: Option<String>,
    /// How long the login and all documents may take together, repeated attempts included.
    pub timeout: Duration,
    /// A file with the certificates that Vault's is checked against, in PEM, beside those of the system. Also `VAULT_CACERT`.
    pub ca_cert: Option<String>,
    /// How to log in; needed only when more than one way is configured.
    pub auth: Option<AuthMethod>,
    /// A token. Also `VAULT_TOKEN`.
    pub token: Option<Secret<String>>,
    /// A file with a token, read again each time: where a Vault agent puts it.
    pub token_file: Option<String>,
    /// Login as an AppRole.
    pub approle: AppRole,
    /// Login with the service account of a Kubernetes pod.
    pub kubernetes: Kubernetes,
}

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthMethod {
    /// With a token.
    Token,
    /// As an AppRole.
    AppRole,
    /// With the service account of a Kubernetes pod.
    Kubernetes,
}

/// `[vault.approle]`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct AppRole {
    /// The role.
    pub role_id: Option<String>,
    /// Its secret.
    pub secret_id: Option<Secret<String>>,
    /// Where the method is mounted.
    pub mount: String,
}

/// `[vault.kubernetes]`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Kubernetes {
    /// The role.
    pub role: Option<String>,
    /// Where the method is mounted.
    pub mount: String,
    /// The file with the token of the service account.
    pub jwt_file: String,
}

impl Describe for AppRole {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("role_id", "Option<String>", "The role.")
                .typed::<Option<String>>()
                .optional(true)
                .restart(),
            Field::new("secret_id", "Option<Secret<String>>", "Its secret.")
                .typed::<Option<String>>()
                .optional(true)
                .secret(true)
                .restart(),
            Field::new("mount", "String", "Where the method is mounted.")
                .typed::<String>()
                .default_text("approle")
                .restart(),
        ]
    }
}

impl Describe for Kubernetes {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("role", "Option<String>", "The role.")
                .typed::<Option<String>>()
                .optional(true)
                .restart(),
            Field::new("mount", "String", "Where the method is mounted.")
                .typed::<String>()
                .default_text("kubernetes")
                .restart(),
            Field::new(
                "jwt_file",
                "String",
                "The file with the token of the service account.",
            )
            .typed::<String>()
            // Where Kubernetes mounts it in every pod.
            .default_text("/var/run/secrets/kubernetes.io/serviceaccount/token")
            .restart(),
        ]
    }
}

impl Describe for VaultConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "address",
                "Option<String>",
                "`https://vault.internal:8200`. Also `VAULT_ADDR`.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .restart(),
            Field::new(
                "mount",
                "String",
                "Where the KV engine (version 2) is mounted.",
            )
            .typed::<String>()
            // Where a fresh Vault has it.
            .default_text("secret")
            .restart(),
            Field::new(
                "paths",
                "Vec<String>",
                "The documents to read; of two that give the same key, the later one wins. `shop?prefix=billing` puts the names of the document `shop` under the section `billing`.",
            )
            .typed::<Vec<String>>()
            .default_list(&[])
            .restart(),
            Field::new(
                "namespace",
                "Option<String>",
                "The namespace, for Vault Enterprise. Also `VAULT_NAMESPACE`.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .restart(),
            Field::new(
                "timeout",
                "Duration",
                "How long the login and all documents may take together, repeated attempts included.",
            )
            .typed::<Duration>()
            // A standby that takes over, or a pod network that is not up yet, needs a few seconds.
            .default_text("10s")
            .restart(),
            Field::new(
                "ca_cert",
                "Option<String>",
                "A file with the certificates that Vault's is checked against, in PEM, beside those of the system. Also `VAULT_CACERT`.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .restart(),
            Field::new(
                "auth",
                "Option<AuthMethod>",
                "How to log in: token, approle or kubernetes; needed only when more than one way is configured.",
            )
            .typed::<Option<AuthMethod>>()
            .optional(true)
            .restart(),
            Field::new(
                "token",
                "Option<Secret<String>>",
                "A token. Also `VAULT_TOKEN`.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .secret(true)
            .restart(),
            Field::new(
                "token_file",
                "Option<String>",
                "A file with a token, read again each time: where a Vault agent puts it.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .restart(),
            Field::new("approle", "AppRole", "Login as an AppRole.")
                .nested(Some(AppRole::fields)),
            Field::new(
                "kubernetes",
                "Kubernetes",
                "Login with the service account of a Kubernetes pod.",
            )
            .nested(Some(Kubernetes::fields)),
        ]
    }
}

impl Properties for VaultConfig {
    const PREFIX: &'static str = "vault";
    const NAME: &'static str = "VaultConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut wrong =
            |key: &str, message: &str| problems.push((key.to_owned(), message.to_owned()));
        if let Some(address) = &self.address
            && !is_address(address)
        {
            wrong(
                "address",
                "expected http:// or https://, a host and perhaps a port, and nothing after it",
            );
        }
        for path in &self.paths {
            if DocumentPath::parse(path).is_none() {
                wrong("paths", &format!("`{path}` is not the path of a document"));
            }
        }
        if self.timeout.is_zero() {
            wrong("timeout", "has to be longer than nothing");
        }
        if self.address.is_none() && !self.paths.is_empty() {
            wrong(
                "address",
                "required with vault.paths, and not set (VAULT_ADDR sets it too)",
            );
        }
        if !self.is_active() {
            return;
        }
        match self.ways()[..] {
            [] if self.auth.is_none() => wrong(
                "auth",
                "no way to log in: set vault.token (VAULT_TOKEN) or vault.token_file, vault.approle.role_id, or vault.kubernetes.role",
            ),
            [] | [_] => {}
            _ if self.auth.is_some() => {}
            _ => wrong(
                "auth",
                "more than one way to log in is configured: say which, token, approle or kubernetes",
            ),
        }
        match self.method() {
            Some(AuthMethod::Token) if self.token.is_none() && self.token_file.is_none() => {
                wrong("token", "required with vault.auth = \"token\", and not set");
            }
            Some(AuthMethod::AppRole) => {
                if self.approle.role_id.is_none() {
                    wrong(
                        "approle.role_id",
                        "required with vault.auth = \"approle\", and not set",
                    );
                }
                if self.approle.secret_id.is_none() {
                    wrong(
                        "approle.secret_id",
                        "required for the login as an AppRole, and not set",
                    );
                }
            }
            Some(AuthMethod::Kubernetes) if self.kubernetes.role.is_none() => {
                wrong(
                    "kubernetes.role",
                    "required with vault.auth = \"kubernetes\", and not set",
                );
            }
            _ => {}
        }
    }
}

impl VaultConfig {
    /// Whether there is something to read.
    pub(crate) fn is_active(&self) -> bool {
        self.address.is_some() && !self.paths.is_empty()
    }

    /// How to log in.
    pub(crate) fn method(&self) -> Option<AuthMethod> {
        self.auth.or_else(|| self.ways().first().copied())
    }

    fn ways(&self) -> Vec<AuthMethod> {
        let ways = [
            (
                AuthMethod::Token,
                self.token.is_some() || self.token_file.is_some(),
            ),
            (AuthMethod::AppRole, self.approle.role_id.is_some()),
            (AuthMethod::Kubernetes, self.kubernetes.role.is_some()),
        ];
        let configured = ways.into_iter().filter(|(_, configured)| *configured);
        configured.map(|(way, _)| way).collect()
    }

    /// Relative paths start from the folder of the application.
    pub(crate) fn resolved(mut self, app: &AppBuilder) -> Self {
        let files = [&mut self.ca_cert, &mut self.token_file];
        for file in files.into_iter().flatten() {
            *file = app.base_dir().join(&*file).display().to_string();
        }
        self
    }
}

/// vaultrs puts `/v1` in front of the whole path, so an address cannot have one.
fn is_address(address: &str) -> bool {
    let rest = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"));
    rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest))
        .is_some_and(|authority| {
            !authority.is_empty()
                && authority
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
        })
}
