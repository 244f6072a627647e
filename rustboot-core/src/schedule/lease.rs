//! Who keeps the leases of tasks that run on one replica only. The traits are all that this crate knows of it: no driver.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::component::BoxFuture;
use crate::error::Result;

/// Keeps leases for all replicas of an application: Redis, or a database.
pub trait LeaseStore: Send + Sync + 'static {
    /// What it is called in `/tasks`, `/conditions` and the log: `Redis`.
    fn name(&self) -> &'static str;

    /// Takes a lease unless somebody has it. `holder` is what others see of whoever has it, and `length` how long the lease
    /// outlives a holder that does not move its end on.
    ///
    /// Never waits for another holder. Dropping the future gives back what may have been taken.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn try_hold<'a>(
        &'a self,
        lease: &'a str,
        holder: &'a str,
        length: Duration,
    ) -> BoxFuture<'a, Result<Attempt>>;
}

/// What became of an attempt.
pub enum Attempt {
    /// It is ours.
    Held(Box<dyn HeldLease>),
    /// Somebody else has it.
    Taken {
        /// Who, as far as the store can tell.
        by: Option<String>,
        /// When it ends unless he moves its end on.
        ends_in: Option<Duration>,
    },
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(held) => write!(f, "Held({})", held.token()),
            Self::Taken { by, ends_in } => write!(f, "Taken({by:?}, {ends_in:?})"),
        }
    }
}

/// A lease that is ours. It moves its end on by itself until it is dropped, which gives it back in the background.
pub trait HeldLease: Send + Sync + 'static {
    /// A number that is larger than that of everybody who held it before.
    fn token(&self) -> u64;

    /// Ends when it is lost: the store forgot it, or could not be reached for as long as it lasts.
    fn lost(&self) -> BoxFuture<'_, ()>;

    /// Gives it back, and waits until the store knows.
    ///
    /// # Errors
    /// When the store cannot be asked; then it ends with its length.
    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// The store of an application, as a component. Without one, an application is its only replica.
#[derive(Clone)]
pub struct Leases(Arc<dyn LeaseStore>);

impl Leases {
    /// A store as a component.
    pub fn new(store: impl LeaseStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) fn store(&self) -> &dyn LeaseStore {
        &*self.0
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leases({})", self.0.name())
    }
}
