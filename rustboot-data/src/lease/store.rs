//! Who keeps leases.

use std::time::Duration;

use rustboot_core::Result;

use super::memory::Memory;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is ours. The number is larger than that of everybody who had it before.
    Ours(u64),
    /// Somebody else has it, for as long as that if he does not move it on.
    Theirs(Option<Duration>),
}

/// A keeper of leases. Cloning copies a pointer.
#[derive(Clone)]
pub(crate) enum Store {
    /// This process, for itself alone.
    Memory(Memory),
    #[cfg(feature = "redis")]
    Redis(super::redis::Leases),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::Leases),
}

impl Store {
    pub(crate) fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    #[cfg(feature = "redis")]
    pub(crate) fn redis(redis: crate::Redis) -> Self {
        Self::Redis(super::redis::Leases::new(redis))
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(db: crate::PgDb) -> Self {
        Self::Postgres(super::postgres::Leases::new(db))
    }

    /// Who has a lease; `None` when nobody has.
    ///
    /// # Errors
    /// When the store does not answer.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(crate) async fn holder(&self, name: &str) -> Result<Option<String>> {
        match self {
            Self::Memory(memory) => Ok(memory.holder(name)),
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.holder(name).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(db) => Ok(db.holder(name).await?.map(|(owner, _)| owner)),
        }
    }

    /// Takes a lease unless somebody has it. An owner who has it already gets it again.
    ///
    /// # Errors
    /// When the store does not answer. It may be ours all the same.
    pub(crate) async fn take(&self, name: &str, owner: &str, lease: Duration) -> Result<Taken> {
        match self {
            Self::Memory(memory) => Ok(memory.take(name, owner, lease)),
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.take(name, owner, lease).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(db) => db.take(name, owner, lease).await,
        }
    }

    /// Moves the end of a lease on. Says whether it still was ours.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn renew(&self, name: &str, owner: &str, lease: Duration) -> Result<bool> {
        match self {
            Self::Memory(memory) => Ok(memory.renew(name, owner, lease)),
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.renew(name, owner, lease).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(db) => db.renew(name, owner, lease).await,
        }
    }

    /// Gives it back, if it is ours. Says whether it was.
    ///
    /// # Errors
    /// When the store does not answer. Then it ends by itself.
    pub(crate) async fn release(&self, name: &str, owner: &str) -> Result<bool> {
        match self {
            Self::Memory(memory) => Ok(memory.release(name, owner)),
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.release(name, owner).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(db) => db.release(name, owner).await,
        }
    }

    /// The one that answers at once.
    pub(crate) fn here(&self) -> Option<&Memory> {
        match self {
            Self::Memory(memory) => Some(memory),
            #[cfg(feature = "redis")]
            Self::Redis(_) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    /// Whether leases end by themselves: what lives in this process alone ends with it.
    pub(crate) fn expires(&self) -> bool {
        self.here().is_none()
    }
}
