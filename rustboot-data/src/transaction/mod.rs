//! [`Tx`]: the transaction of a request, which ends with its answer.
//!
//! A 2xx or 3xx answer commits it, before the answer goes out; every other answer, a panic, a timeout and a client that goes away
//! roll it back. Who knows the answer is the request pipeline; the two meet in [`rustboot_core::finish`].
//!
//! What it will not do: retry, nest by itself, or span several databases.

mod executor;
mod inject;
mod slot;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;

use std::fmt;
use std::sync::Arc;

use rustboot_core::Result;

use crate::error::from_sqlx;
use crate::pool::{Driver, Pool, Transaction};
use slot::Slot;

/// A database that [`Tx`] works with: `SqliteDb`, `PgDb`, `MySqlDb`.
pub trait Transactional: Clone + Send + Sync + 'static {
    /// What stands behind it.
    type Driver: Driver;

    #[doc(hidden)]
    fn tx_pool(&self) -> &Pool<Self::Driver>;
}

/// The transaction of a request. Commits when the answer is 2xx or 3xx, rolls back with any other, with a panic, a timeout, and
/// a client that goes away.
///
/// ```no_run
/// # use rustboot_data::{SqliteDb, Tx};
/// # use rustboot_core::Result;
/// async fn transfer(mut tx: Tx<SqliteDb>) -> Result<()> {
///     sqlx::query("UPDATE account SET balance = balance - 5 WHERE id = 1").execute(&mut tx).await?;
///     sqlx::query("UPDATE account SET balance = balance + 5 WHERE id = 2").execute(&mut tx).await?;
///     Ok(()) // committed before the client hears of it
/// }
/// ```
///
/// `&mut tx` is an sqlx executor. The transaction begins with its first statement: a handler that returns before costs the
/// database nothing. [`Tx::begin`] begins it at once, and gives the [`Transaction`] for functions that want one.
///
/// The commit comes after the handler has returned and before the answer goes out. When it fails, the answer is a problem instead:
/// 409 when the database refused it (a deferred constraint), 503 when the database is gone or the transaction collided with
/// another one and may be tried again.
///
/// Each `Tx` that a handler takes is a transaction of its own. It must not outlive the handler: one that was moved into a
/// spawned task or the body of the answer cannot be committed, and the answer becomes a 500. It needs the request's own task, so
/// it does not work behind a layer that moves handlers to others (`tower::buffer`).
///
/// # Cancellation
/// A client that goes away while the commit is under way leaves all of it or nothing.
pub struct Tx<D: Transactional> {
    db: D,
    // Begun, and not ended by hand.
    open: Option<Transaction<D::Driver>>,
    slot: Arc<Slot<D::Driver>>,
}

impl<D: Transactional> Tx<D> {
    /// A transaction that ends with the request which this thread is polling: what the extractor does.
    ///
    /// # Errors
    /// Outside of the task of a request.
    pub fn of_request(db: D) -> Result<Self> {
        let slot = Slot::deferred()?;
        Ok(Self {
            db,
            open: None,
            slot,
        })
    }

    /// Begins it, unless it has begun.
    ///
    /// # Errors
    /// `Unavailable` when no connection gets free in time, or the database cannot be reached.
    ///
    /// # Cancellation
    /// Dropping the future leaves nothing open.
    pub async fn begin(&mut self) -> Result<&mut Transaction<D::Driver>> {
        self.begun()
            .await
            .map_err(|error| from_sqlx(error, "the transaction of the request could not be begun"))
    }

    async fn begun(&mut self) -> Result<&mut Transaction<D::Driver>, sqlx::Error> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let session = self.db.tx_pool().lease(true).await?;
                Transaction::begin(session, D::Driver::BEGIN_TO_WRITE).await?
            }
        };
        Ok(self.open.insert(open))
    }

    /// Commits now, whatever the answer will be. Statements after it begin another transaction.
    ///
    /// # Errors
    /// As [`Transaction::commit`].
    pub async fn commit(&mut self) -> Result<()> {
        match self.open.take() {
            Some(open) => open.commit().await,
            None => Ok(()),
        }
    }

    /// Takes back now what was done so far. Statements after it begin another transaction.
    ///
    /// # Errors
    /// As [`Transaction::rollback`].
    pub async fn rollback(&mut self) -> Result<()> {
        match self.open.take() {
            Some(open) => open.rollback().await,
            None => Ok(()),
        }
    }
}

impl<D: Transactional> Drop for Tx<D> {
    fn drop(&mut self) {
        self.slot.give_back(self.open.take());
    }
}

impl<D: Transactional> fmt::Debug for Tx<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("open", &self.open).finish()
    }
}
