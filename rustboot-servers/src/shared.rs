//! The one server of a process, for tests that do not hurt it.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::error::{Result, ServerError};
use crate::outside::{self, Origin};

/// Made by the first who asks.
pub(crate) struct Shared<T> {
    server: OnceLock<T>,
    starting: Mutex<()>,
}

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self {
            server: OnceLock::new(),
            starting: Mutex::new(()),
        }
    }

    /// The one that `variable` names by its URL, else one that is started. After a start that failed the next who asks tries again.
    pub(crate) fn get(
        &self,
        server: &'static str,
        variable: &'static str,
        elsewhere: impl FnOnce(String, Origin) -> T,
        start: impl FnOnce() -> Result<T>,
    ) -> Result<&T, ServerError> {
        let _one = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = self.server.get() {
            return Ok(server);
        }
        let made = match outside::url_in(variable) {
            Some(url) => elsewhere(url, Origin::Elsewhere { server, variable }),
            None => start()?,
        };
        Ok(self.server.get_or_init(|| made))
    }
}
