//! Secrets from a store that is asked when the application starts, and again at a live reload.
//!
//! All sources are asked at the same time, each within its own limit, before the sections of the configuration are bound.
//! What they give stands above files, variables and secret files, and below the command line; of two sources that give the
//! same key, the one that was registered later wins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use figment::value::Value;
use futures_util::future::join_all;

use super::layer::Layer;
use super::{Origin, mask, secrets};
use crate::component::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::lifecycle::caught;
use crate::report::Problem;
use crate::secret::Secret;

/// How long a source may take when it does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A store of secrets: Vault, a cloud's secret manager, a password file of your own.
///
/// Register it with [`AppBuilder::secret_source`](crate::app::AppBuilder::secret_source); a module does so in
/// [`Module::secret_sources`](crate::app::Module::secret_sources).
///
/// ```
/// use rustboot_core::config::{SecretSource, SecretValues};
/// use rustboot_core::{Result, Secret};
///
/// struct Keyring;
///
/// impl SecretSource for Keyring {
///     fn name(&self) -> &str {
///         "keyring"
///     }
///
///     async fn fetch(&self) -> Result<SecretValues> {
///         let mut values = SecretValues::default();
///         values.set("shop.api_key", "login/shop", Secret::new("s3cret".to_owned()));
///         Ok(values)
///     }
/// }
/// ```
pub trait SecretSource: Send + Sync + 'static {
    /// What it is called in reports and origins: one word.
    fn name(&self) -> &str;

    /// How long [`SecretSource::fetch`] may take; 10 s. After that its future is dropped, and the start fails.
    fn timeout(&self) -> Duration {
        DEFAULT_TIMEOUT
    }

    /// Reads every secret that it has for this application. Called once at start, before there is a log, and at each live
    /// reload.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is set up wrongly (exit code 78), [`ErrorKind::Unavailable`] when it cannot be
    /// reached (exit code 69). The text is printed, so it must not hold a secret.
    fn fetch(&self) -> impl Future<Output = Result<SecretValues>> + Send;
}

/// What a [`SecretSource`] gives: keys with their values, and where each stands in the store.
#[derive(Default)]
pub struct SecretValues {
    entries: Vec<Entry>,
    strays: Vec<String>,
}

struct Entry {
    key: String,
    place: String,
    value: Secret<String>,
}

impl SecretValues {
    /// Adds a value. The name is a key (`shop.api_key`), or what a secret file of it would be called (`shop__api_key`,
    /// `database_url`); one without a section is no key, and is named in a warning. `place` says where in the store it
    /// stands, and is shown as its origin: `secret vault secret/data/shop#api_key`.
    pub fn set(&mut self, name: &str, place: impl Into<String>, value: Secret<String>) {
        let place = place.into();
        match secrets::key_of(name) {
            Some(key) => self.entries.push(Entry { key, place, value }),
            None => self.strays.push(place),
        }
    }

    /// The keys that have been set, in that order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

/// [`SecretSource`] behind a pointer.
pub(crate) trait ErasedSource: Send + Sync {
    fn name(&self) -> &str;
    fn timeout(&self) -> Duration;
    fn fetch(&self) -> BoxFuture<'_, Result<SecretValues>>;
}

impl<S: SecretSource> ErasedSource for S {
    fn name(&self) -> &str {
        SecretSource::name(self)
    }

    fn timeout(&self) -> Duration {
        SecretSource::timeout(self)
    }

    fn fetch(&self) -> BoxFuture<'_, Result<SecretValues>> {
        Box::pin(SecretSource::fetch(self))
    }
}

/// What a source gave.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) layer: Layer,
    pub(crate) warnings: Vec<String>,
}

/// Why a source gave nothing.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) source: String,
    /// The name of its layer.
    pub(crate) layer: String,
    pub(crate) error: Error,
}

impl Refusal {
    /// Whether a person has to change something, and waiting does not help.
    pub(crate) fn is_misconfigured(&self) -> bool {
        self.error.kind() == ErrorKind::Configuration
    }

    pub(crate) fn text(&self) -> String {
        mask::without_credentials(&self.error.to_string())
    }

    pub(crate) fn problem(&self) -> Problem {
        Problem::new(format!("secret source {}", self.source), self.text())
    }
}

/// Asks all of them at the same time. The number of the first one tells sources of the same name apart.
pub(crate) async fn fetch(
    sources: &[Arc<dyn ErasedSource>],
    first: usize,
) -> Vec<std::result::Result<Fetched, Refusal>> {
    let each = sources
        .iter()
        .enumerate()
        .map(|(index, source)| async move {
            let name = source.name();
            let layer = format!("secret source {} {name}", first + index);
            let limit = source.timeout();
            let fetch = caught(source.fetch());
            match tokio::time::timeout(limit, fetch).await {
                Ok(Ok(values)) => Ok(fetched(layer, name, values)),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(Error::new(
                    ErrorKind::Timeout,
                    format!("it did not answer within {limit:?}"),
                )),
            }
            .map_err(|error| Refusal {
                source: name.to_owned(),
                layer: format!("secret source {} {name}", first + index),
                error,
            })
        });
    join_all(each).await
}

fn fetched(name: String, source: &str, values: SecretValues) -> Fetched {
    let origin = |place: String| Origin::SecretSource {
        source: source.to_owned(),
        place,
    };
    let mut layer = Layer::new(name, origin(String::new()));
    layer.relaxed = true;
    for entry in values.entries {
        let value = Value::from(entry.value.expose_secret().as_str());
        layer.set(&entry.key, value, origin(entry.place));
    }
    let warnings = values.strays.iter().map(|place| {
        format!("{place} of the secret source {source} is not a key: a key has a section, as in `shop__api_key`")
    });
    Fetched {
        layer,
        warnings: warnings.collect(),
    }
}
