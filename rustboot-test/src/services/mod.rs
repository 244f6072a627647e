//! Databases, and a place in Redis, that no other test has. They are made when an application needs them, and gone when it has stopped.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustboot_core::app::{ProvidedService, ServiceNeed, ServiceProvider};
use rustboot_core::component::BoxFuture;
use rustboot_core::{AppInfo, Error, Result};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::run::real_time;

/// How long the end of a test waits for what is still being made for it.
const MAKING_LIMIT: Duration = Duration::from_secs(30);

/// What there is.
const KINDS: &[&str] = &[
    #[cfg(feature = "sqlite")]
    "sqlite",
    #[cfg(feature = "postgres")]
    "postgres",
    #[cfg(feature = "mysql")]
    "mysql",
    #[cfg(feature = "redis")]
    "redis",
];

/// Whether there is something of that kind.
pub(crate) fn offers(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// Something that was made for an application, and has to go again.
trait Lent: Send {
    /// Takes it away.
    ///
    /// # Errors
    /// What is left over, and why.
    fn give_back(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// What an application has, or several that are replicas of each other.
pub(crate) struct Services {
    info: AppInfo,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_key: BTreeMap<String, ProvidedService>,
    lent: Vec<Box<dyn Lent>>,
}

impl Services {
    pub(crate) fn new(info: &AppInfo) -> Self {
        Self {
            info: *info,
            state: Mutex::default(),
        }
    }

    /// What is for a key, made when it is asked for first.
    ///
    /// # Errors
    /// There is no server, and what to install.
    ///
    /// # Cancellation
    /// What is being made is made, and [given back](Self::give_back).
    pub(crate) async fn get(self: &Arc<Self>, kind: &str, key: &str) -> Result<ProvidedService> {
        let services = Arc::clone(self);
        let (kind, key) = (kind.to_owned(), key.to_owned());
        // A task, since the time of the test may be over in the middle of it.
        let made = Handle::current().spawn(async move { services.get_or_make(&kind, &key).await });
        made.await?
    }

    async fn get_or_make(&self, kind: &str, key: &str) -> Result<ProvidedService> {
        let mut state = self.state.lock().await;
        if let Some(service) = state.by_key.get(key) {
            return Ok(service.clone());
        }
        let (service, lent) = make(kind, key, &self.info).await?;
        state.by_key.insert(key.to_owned(), service.clone());
        state.lent.push(lent);
        Ok(service)
    }

    /// Takes everything away. Returns what could not be.
    pub(crate) async fn give_back(&self) -> Vec<String> {
        let mut state = tokio::select! {
            state = self.state.lock() => state,
            () = real_time(MAKING_LIMIT) => {
                return vec!["a server for the test is still being started, and may be left over".to_owned()];
            }
        };
        state.by_key.clear();
        let mut left = Vec::new();
        for lent in std::mem::take(&mut state.lent) {
            if let Err(error) = lent.give_back().await {
                left.push(error.to_string());
            }
        }
        left
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// The provider of an application in a test.
pub(crate) struct TestServices(pub(crate) Arc<Services>);

impl ServiceProvider for TestServices {
    fn name(&self) -> &str {
        "test kit"
    }

    fn offers(&self, kind: &str) -> bool {
        offers(kind)
    }

    async fn provide(&self, need: &ServiceNeed, _app: &AppInfo) -> Result<ProvidedService> {
        self.0.get(need.kind, &need.key).await
    }
}

async fn make(kind: &str, key: &str, info: &AppInfo) -> Result<(ProvidedService, Box<dyn Lent>)> {
    match kind {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::fresh(key, info),
        #[cfg(feature = "postgres")]
        "postgres" => postgres::fresh(key, info).await,
        #[cfg(feature = "mysql")]
        "mysql" => mysql::fresh(key, info).await,
        #[cfg(feature = "redis")]
        "redis" => redis::fresh(key, info).await,
        kind => {
            let _ = (key, info);
            Err(Error::internal(format!(
                "the test kit has no servers of the kind {kind}"
            )))
        }
    }
}

/// A name that no other test of any process has.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
fn unique_name() -> String {
    format!(
        "rustboot_test_{}_{:012x}",
        std::process::id(),
        fastrand::u64(..) >> 16
    )
}

/// Runs what blocks: the start of a server.
///
/// # Errors
/// What it says, with what to install.
#[cfg(any(feature = "postgres", feature = "mysql", feature = "redis"))]
async fn server<T: Send + 'static>(
    start: fn() -> std::result::Result<T, rustboot_servers::ServerError>,
) -> Result<T> {
    tokio::task::spawn_blocking(start)
        .await?
        .map_err(|error| Error::unavailable(error.to_string()))
}
