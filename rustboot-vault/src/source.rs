//! Reads the documents, again and again until it works or the time is over.

use std::time::Duration;

use rustboot_core::Result;
use rustboot_core::config::{SecretSource, SecretValues};
use rustls::crypto::ring;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout_at};
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
use vaultrs::kv2;

use crate::config::VaultConfig;
use crate::document::DocumentPath;
use crate::failure::Failure;
use crate::login::log_in;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A Vault.
#[derive(Debug)]
pub(crate) struct VaultSource {
    pub(crate) config: VaultConfig,
}

impl SecretSource for VaultSource {
    fn name(&self) -> &str {
        "vault"
    }

    /// A little more than what it gives itself, so that it can say what went wrong last.
    fn timeout(&self) -> Duration {
        self.config.timeout + Duration::from_secs(1)
    }

    async fn fetch(&self) -> Result<SecretValues> {
        let limit = self.config.timeout;
        let deadline = Instant::now() + limit;
        let mut pause = FIRST_PAUSE;
        let mut last: Option<Failure> = None;
        loop {
            match timeout_at(deadline, self.read_all()).await {
                Ok(Ok(values)) => return Ok(values),
                Ok(Err(failure)) if !failure.may_pass => {
                    return Err(self.at_address(failure).into());
                }
                Ok(Err(failure)) => last = Some(failure),
                Err(_) => {}
            }
            if Instant::now() + pause >= deadline {
                let last = last.map_or("it did not answer".to_owned(), |failure| failure.what);
                let failure = Failure {
                    what: format!("{last} (tried for {limit:?})"),
                    may_pass: true,
                };
                return Err(self.at_address(failure).into());
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl VaultSource {
    /// One login, and every document.
    async fn read_all(&self) -> Result<SecretValues, Failure> {
        let config = &self.config;
        let mut client = self.client()?;
        log_in(&mut client, config).await?;
        let mut values = SecretValues::default();
        for path in config
            .paths
            .iter()
            .filter_map(|path| DocumentPath::parse(path))
        {
            let document: Map<String, Value> = kv2::read(&client, &config.mount, &path.path)
                .await
                .map_err(|error| {
                    Failure::of(&format!("{}/data/{}", config.mount, path.path), &error)
                })?;
            path.read(&config.mount, document, &mut values);
        }
        Ok(values)
    }

    fn client(&self) -> Result<VaultClient, Failure> {
        // Of the whole process, and rustls has none by default here. Whoever set one before us has their way.
        let _ours = ring::default_provider().install_default().is_ok();
        let config = &self.config;
        // Everything is given: what is not, the client takes from the environment of the process.
        let mut settings = VaultClientSettingsBuilder::default();
        settings
            .address(config.address.as_deref().unwrap_or_default())
            .token("")
            .verify(true)
            .ca_certs(config.ca_cert.iter().cloned().collect())
            .identity(None)
            .timeout(Some(config.timeout))
            .namespace(config.namespace.clone());
        let settings = settings
            .build()
            .map_err(|_| Failure::lasting("vault.address is not a URL"))?;
        VaultClient::new(settings).map_err(|error| Failure::of("the client", &error))
    }

    fn at_address(&self, failure: Failure) -> Failure {
        Failure {
            what: format!(
                "{}: {}",
                self.config.address.as_deref().unwrap_or_default(),
                failure.what
            ),
            ..failure
        }
    }
}
