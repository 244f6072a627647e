//! `[server.tls]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustboot_core::Secret;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// TLS of the main listener: on when there is a certificate.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct TlsConfig {
    /// PEM file with the certificate of the server, followed by the intermediate ones.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub certificate_key: Option<PathBuf>,
    /// The private key itself, instead of a file.
    pub certificate_key_pem: Option<Secret<String>>,
    /// PEM file with the authorities whose client certificates are accepted.
    pub client_ca: Option<PathBuf>,
    /// Whether a client has to show a certificate, when there is a `client_ca`.
    pub client_auth: ClientAuth,
    /// How long a client may take for the handshake. Then the connection is closed.
    pub handshake_timeout: Duration,
    /// How often the files are looked at. Zero: only by a reload of the configuration.
    pub reload_interval: Duration,
}

/// Whether a client has to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClientAuth {
    /// No handshake without one.
    Required,
    /// One that is shown has to be valid.
    Optional,
}

impl TlsConfig {
    /// Whether the listener speaks TLS.
    pub(crate) fn is_on(&self) -> bool {
        self.certificate.is_some()
    }

    /// Whether a client without a certificate gets nowhere.
    pub(crate) fn requires_client_certificate(&self) -> bool {
        self.client_ca.is_some() && self.client_auth == ClientAuth::Required
    }

    /// The files that are named, with their keys.
    fn files(&self) -> [(&'static str, Option<&Path>); 3] {
        [
            ("certificate", self.certificate.as_deref()),
            ("certificate_key", self.certificate_key.as_deref()),
            ("client_ca", self.client_ca.as_deref()),
        ]
    }
}

impl Describe for TlsConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "certificate",
                "Option<PathBuf>",
                "PEM file with the certificate of the server, followed by the intermediate ones. Setting it switches TLS on.",
            )
            .typed::<Option<PathBuf>>()
            .optional(true),
            Field::new(
                "certificate_key",
                "Option<PathBuf>",
                "PEM file with the private key of the certificate, not encrypted.",
            )
            .typed::<Option<PathBuf>>()
            .optional(true),
            Field::new(
                "certificate_key_pem",
                "Option<Secret<String>>",
                "The private key itself as PEM text, instead of certificate_key: from a secret store.",
            )
            .typed::<Option<String>>()
            .optional(true)
            .secret(true),
            Field::new(
                "client_ca",
                "Option<PathBuf>",
                "PEM file with the authorities whose client certificates are accepted. Unset: clients are not asked for any.",
            )
            .typed::<Option<PathBuf>>()
            .optional(true),
            Field::new(
                "client_auth",
                "ClientAuth",
                "With client_ca: required, or optional (a client may show none, but no wrong one).",
            )
            .typed::<ClientAuth>()
            .default_text("required"),
            Field::new(
                "handshake_timeout",
                "Duration",
                "How long a client may take for the TLS handshake. Then the connection is closed.",
            )
            .typed::<Duration>()
            .restart()
            .default_text("10s"),
            // A certificate is renewed days before it ends; this is for whoever stands beside and waits.
            Field::new(
                "reload_interval",
                "Duration",
                "How often the files are looked at; a change takes effect without a restart. Zero: only by a reload of the configuration.",
            )
            .typed::<Duration>()
            .restart()
            .default_text("10s"),
        ]
    }
}

/// What a key or certificate begins with. Somebody who puts it where a path belongs must not find it in the log.
const PEM_BEGINS: &str = "-----BEGIN";

impl Properties for TlsConfig {
    const PREFIX: &'static str = "server.tls";
    const NAME: &'static str = "TlsConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem = |key: &str, text: &str| problems.push((key.to_owned(), text.to_owned()));
        for (key, path) in self.files() {
            let Some(path) = path else { continue };
            if path.to_string_lossy().contains(PEM_BEGINS) {
                problem(
                    key,
                    "expected the path of a file, found PEM text; a private key as text goes into certificate_key_pem",
                );
            } else if path.as_os_str().is_empty() {
                problem(key, "expected the path of a file, found an empty text");
            }
        }
        let keys = (
            self.certificate_key.is_some(),
            self.certificate_key_pem.is_some(),
        );
        match (self.is_on(), keys) {
            (true, (false, false)) => problem(
                "certificate_key",
                "required with server.tls.certificate, and not set: the PEM file with the private key",
            ),
            (_, (true, true)) => problem(
                "certificate_key_pem",
                "is set, and server.tls.certificate_key as well: leave one of them out",
            ),
            (false, (true, _) | (_, true)) => problem(
                "certificate",
                "required with a private key, and not set: the PEM file with the certificate",
            ),
            (false, _) if self.client_ca.is_some() => problem(
                "certificate",
                "required with server.tls.client_ca, and not set: the PEM file with the certificate",
            ),
            _ => {}
        }
        if self.handshake_timeout.is_zero() {
            problem("handshake_timeout", "expected more than zero");
        }
        if cfg!(not(feature = "tls")) && self.is_on() {
            problem(
                "certificate",
                "this program was built without TLS: add the feature `tls` of rustboot in Cargo.toml, or leave server.tls out",
            );
        }
    }
}
