//! A transaction that owns its session.

use std::fmt;
use std::ops::{Deref, DerefMut};

use rustboot_core::Result;

use super::{Acquired, Driver, Session};
use crate::error::from_sqlx;

/// An open transaction. It is rolled back when it is dropped without [`Transaction::commit`]: by an early return, a panic,
/// or a request that was cancelled.
///
/// `&mut *transaction` is an sqlx executor. `&mut **transaction` is the sqlx connection itself, for functions that want one.
/// The rollback of a drop is begun at once, and is over before the next user gets the connection.
pub struct Transaction<DB: Driver> {
    session: Acquired<DB>,
    open: bool,
}

impl<DB: Driver> Transaction<DB> {
    pub(crate) async fn begin(
        session: Acquired<DB>,
        statement: Option<&'static str>,
    ) -> Result<Self, sqlx::Error> {
        // Open before it is: when the future is dropped on the way, the connection may be in it already.
        let mut transaction = Self {
            session,
            open: true,
        };
        transaction.session.begin(statement).await?;
        Ok(transaction)
    }

    /// Makes it permanent.
    ///
    /// # Errors
    /// When the database refuses it, for example because of a deferred constraint; everything is rolled back then.
    ///
    /// # Cancellation
    /// When the future is dropped, the transaction is either committed or rolled back, and nobody knows which.
    pub async fn commit(mut self) -> Result<()> {
        self.session
            .commit()
            .await
            .map_err(|error| from_sqlx(error, "the transaction could not be committed"))?;
        self.open = false;
        Ok(())
    }

    /// Takes everything back, and waits for it. Dropping does the same without waiting.
    ///
    /// # Errors
    /// When the database cannot be reached any more. Nothing is committed then either.
    pub async fn rollback(mut self) -> Result<()> {
        self.session
            .roll_back()
            .await
            .map_err(|error| from_sqlx(error, "the transaction could not be rolled back"))?;
        self.open = false;
        Ok(())
    }
}

impl<DB: Driver> Deref for Transaction<DB> {
    type Target = Session<DB>;

    fn deref(&self) -> &Session<DB> {
        &self.session
    }
}

impl<DB: Driver> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut Session<DB> {
        &mut self.session
    }
}

impl<DB: Driver> fmt::Debug for Transaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("session", &*self.session)
            .field("open", &self.open)
            .finish()
    }
}

impl<DB: Driver> Drop for Transaction<DB> {
    fn drop(&mut self) {
        if self.open {
            self.session.start_rollback();
        }
    }
}
