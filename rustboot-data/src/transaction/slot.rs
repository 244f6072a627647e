//! Where a transaction lies between the handler that used it and the answer that ends it.

use std::sync::{Arc, Mutex, PoisonError};

use rustboot_core::component::BoxFuture;
use rustboot_core::finish::{self, Finish};
use rustboot_core::{Error, Result};

use crate::pool::{Driver, Transaction};

/// Shared by the handler's [`Tx`](super::Tx) and the end of the request.
pub(super) struct Slot<DB: Driver>(Mutex<State<DB>>);

enum State<DB: Driver> {
    /// The handler has it.
    Out,
    /// The handler is done with it; `None` when it never began.
    Back(Option<Transaction<DB>>),
    /// The request is over.
    Over,
}

impl<DB: Driver> Slot<DB> {
    /// One that the request which is being polled will end.
    pub(super) fn deferred() -> Result<Arc<Self>> {
        let slot = Arc::new(Self(Mutex::new(State::Out)));
        finish::defer(End(Arc::clone(&slot)))?;
        Ok(slot)
    }

    fn replace(&self, state: State<DB>) -> State<DB> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, state)
    }

    /// The handler is done with it. When the request is over already, it is rolled back.
    pub(super) fn give_back(&self, open: Option<Transaction<DB>>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*slot, State::Out) {
            *slot = State::Back(open);
        }
        // Otherwise `open` goes with this function, after the lock: a dropped transaction is rolled back.
        drop(slot);
    }
}

/// The end of the request. Dropped without [`Finish::finish`], it leaves the slot without anybody who would commit.
struct End<DB: Driver>(Arc<Slot<DB>>);

impl<DB: Driver> Finish for End<DB> {
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            match self.0.replace(State::Over) {
                State::Back(Some(open)) => open.commit().await,
                State::Back(None) => Ok(()),
                State::Out | State::Over => Err(Error::internal(
                    "a Tx outlived its handler: it was moved into a spawned task or the body of the answer. It was not committed",
                )),
            }
        })
    }
}

impl<DB: Driver> Drop for End<DB> {
    fn drop(&mut self) {
        drop(self.0.replace(State::Over));
    }
}
