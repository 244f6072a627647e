//! From what is configured to a token.

use std::path::Path;

use rustboot_core::Secret;
use vaultrs::auth::{approle, kubernetes};
use vaultrs::client::{Client as _, VaultClient};

use crate::config::{AuthMethod, VaultConfig};
use crate::failure::Failure;

/// Gives the client its token.
pub(crate) async fn log_in(client: &mut VaultClient, config: &VaultConfig) -> Result<(), Failure> {
    let token = match config.method() {
        Some(AuthMethod::AppRole) => {
            let role = &config.approle;
            let (Some(role_id), Some(secret_id)) = (&role.role_id, &role.secret_id) else {
                return Err(Failure::lasting("the AppRole is not complete"));
            };
            let login = approle::login(client, &role.mount, role_id, secret_id.expose_secret());
            let doing = format!("login as the AppRole at auth/{}", role.mount);
            Secret::new(
                login
                    .await
                    .map_err(|error| Failure::of(&doing, &error))?
                    .client_token,
            )
        }
        Some(AuthMethod::Kubernetes) => {
            let method = &config.kubernetes;
            let role = method.role.as_deref().unwrap_or_default();
            let jwt = read("vault.kubernetes.jwt_file", &method.jwt_file).await?;
            let login = kubernetes::login(client, &method.mount, role, jwt.expose_secret());
            let doing = format!(
                "login as the Kubernetes role {role} at auth/{}",
                method.mount
            );
            Secret::new(
                login
                    .await
                    .map_err(|error| Failure::of(&doing, &error))?
                    .client_token,
            )
        }
        Some(AuthMethod::Token) | None => match (&config.token, &config.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(file)) => read("vault.token_file", file).await?,
            (None, None) => return Err(Failure::lasting("there is no token")),
        },
    };
    // It becomes a header, and the client panics on what cannot be one.
    if token.expose_secret().is_empty()
        || !token.expose_secret().chars().all(|c| c.is_ascii_graphic())
    {
        return Err(Failure::lasting(
            "the token is empty, or has characters that no token has",
        ));
    }
    client.set_token(token.expose_secret());
    Ok(())
}

/// The one line of a file.
async fn read(key: &str, path: &str) -> Result<Secret<String>, Failure> {
    let owned = Path::new(path).to_owned();
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(owned)).await;
    match text {
        Ok(Ok(text)) => Ok(Secret::new(text.trim().to_owned())),
        Ok(Err(error)) => Err(Failure::lasting(format!(
            "{key}: {path} cannot be read: {error}"
        ))),
        Err(_) => Err(Failure::lasting(format!("{key}: {path} cannot be read"))),
    }
}
