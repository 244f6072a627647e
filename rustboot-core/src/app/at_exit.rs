//! What has to be done before the process ends, however it ends.
//!
//! The stop sequence has its own last step. But a start that fails has no stop, and what it says about the failure comes
//! after everything was taken down.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Last = Box<dyn Fn() + Send>;

/// Shared by the builder, which an application's start consumes, and the process.
#[derive(Clone, Default)]
pub(crate) struct AtExit(Arc<Mutex<Vec<Last>>>);

impl AtExit {
    pub(crate) fn add(&self, last: impl Fn() + Send + 'static) {
        self.lock().push(Box::new(last));
    }

    /// Does all of it, in the order in which it was added.
    pub(crate) fn run(&self) {
        for last in self.lock().iter() {
            last();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Last>> {
        // The list is only pushed to; a panic leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AtExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtExit")
    }
}
