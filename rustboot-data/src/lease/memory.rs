//! Leases of one process. None of them ends by itself: whoever has one gives it back, or ends with it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::store::Taken;

/// All of them.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The owner of each.
    owners: Mutex<HashMap<String, Owner>>,
    last: AtomicU64,
}

struct Owner {
    id: String,
    token: u64,
}

impl Memory {
    fn owners(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.0.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lease means nothing here.
    pub(super) fn take(&self, name: &str, id: &str, _: Duration) -> Taken {
        let mut owners = self.owners();
        match owners.get(name) {
            Some(owner) if owner.id == id => Taken::Ours(owner.token),
            Some(_) => Taken::Theirs(None),
            None => {
                let token = self.next();
                let id = id.to_owned();
                owners.insert(name.to_owned(), Owner { id, token });
                Taken::Ours(token)
            }
        }
    }

    /// Who has it.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn holder(&self, name: &str) -> Option<String> {
        self.owners().get(name).map(|owner| owner.id.clone())
    }

    /// Says whether it is still theirs.
    pub(super) fn renew(&self, name: &str, id: &str, _: Duration) -> bool {
        self.owners().get(name).is_some_and(|owner| owner.id == id)
    }

    pub(super) fn release(&self, name: &str, id: &str) -> bool {
        let mut owners = self.owners();
        let ours = owners.get(name).is_some_and(|owner| owner.id == id);
        if ours {
            owners.remove(name);
        }
        ours
    }

    /// Microseconds since 1970, and always more than the last: so that it also is more than what the process before gave.
    fn next(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = u64::try_from(now.unwrap_or(Duration::ZERO).as_micros()).unwrap_or(u64::MAX);
        let last = self
            .0
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(now.max(last + 1))
            });
        match last {
            Ok(last) | Err(last) => now.max(last + 1),
        }
    }
}
