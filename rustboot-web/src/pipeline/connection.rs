//! What the task of a connection and its requests tell each other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client_ip::Peer;
use crate::stream::tether::Tether;

/// The state of a connection. Its requests write, its task reads.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    peer: Peer,
    opened: Instant,
    /// Requests that have come, and those that are over.
    requests: AtomicUsize,
    answered: AtomicUsize,
    /// When the last of them was over: nanoseconds after `opened`.
    last_answer: AtomicU64,
    tether: Tether,
}

impl ConnectionState {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            peer,
            opened: Instant::now(),
            requests: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            last_answer: AtomicU64::new(0),
            tether: Tether::default(),
        }
    }

    /// The other side, which is a proxy's when there is one.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// What becomes of the connection after an upgrade.
    #[inline]
    pub(crate) fn tether(&self) -> &Tether {
        &self.tether
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Since when the client could have sent a request. `None` while one is being answered.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        // In this order: a request that is over by the second look counts as over.
        let requests = self.requests.load(Ordering::Relaxed);
        if self.answered.load(Ordering::Acquire) < requests {
            return None;
        }
        let after = Duration::from_nanos(self.last_answer.load(Ordering::Relaxed));
        Some(self.opened + after)
    }

    pub(super) fn request_came(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request_is_over(&self, now: Instant) {
        let after = now.saturating_duration_since(self.opened).as_nanos();
        self.last_answer
            .store(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.answered.fetch_add(1, Ordering::Release);
    }
}
