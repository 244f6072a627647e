//! What the task of a connection and its requests tell each other.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustboot_observe::logs::ClientAddress;
use tokio::sync::Notify;

use crate::client_ip::Peer;
use crate::stream::tether::Tether;

/// The state of a connection. Its requests write, its task reads.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    peer: Peer,
    /// The peer's, as text.
    address: Option<ClientAddress>,
    opened: Instant,
    /// Requests that have come, and those that are over.
    requests: AtomicUsize,
    answered: AtomicUsize,
    /// When the last of them was over, and out: nanoseconds after `opened`.
    last_answer: AtomicU64,
    /// Whether a part of an answer waits for the client to read.
    unsent: AtomicBool,
    /// What of the next head has come: [`NOTHING`], [`SOMETHING`], or since when that is timed: nanoseconds after `opened`.
    head: AtomicU64,
    head_began: Notify,
    /// How many bytes were read since the last request came.
    received: AtomicUsize,
    /// How many requests had come when one was answered with an error.
    refused: AtomicUsize,
    tether: Tether,
}

const NOTHING: u64 = 0;
const SOMETHING: u64 = 1;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    /// A request is being answered, or the client has not read all of the answer.
    Answering,
    /// A head has begun to come.
    Head(Instant),
    /// Nothing, since then.
    Idle(Instant),
}

impl ConnectionState {
    pub(crate) fn new(peer: Peer) -> Self {
        Self {
            peer,
            address: match peer {
                Peer::Tcp(peer) => Some(peer.ip().into()),
                Peer::Unix | Peer::Unknown => None,
            },
            opened: Instant::now(),
            requests: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            last_answer: AtomicU64::new(0),
            unsent: AtomicBool::new(false),
            head: AtomicU64::new(NOTHING),
            head_began: Notify::new(),
            received: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            tether: Tether::default(),
        }
    }

    /// The other side, which is a proxy's when there is one.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// The address of the other side with its text.
    pub(crate) fn address(&self) -> Option<&ClientAddress> {
        self.address.as_ref()
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

    /// What it is doing, as far as HTTP/1 is concerned; of HTTP/2 no heads are seen.
    pub(crate) fn activity(&self) -> Activity {
        if self.is_answering() || self.unsent.load(Ordering::Acquire) {
            return Activity::Answering;
        }
        let after = |nanos| self.opened + Duration::from_nanos(nanos);
        match self.head.load(Ordering::Relaxed) {
            NOTHING | SOMETHING => Activity::Idle(after(self.last_answer.load(Ordering::Relaxed))),
            since => Activity::Head(after(since)),
        }
    }

    fn is_answering(&self) -> bool {
        // In this order: a request that is over by the second look counts as over.
        let requests = self.requests.load(Ordering::Relaxed);
        self.answered.load(Ordering::Acquire) < requests
    }

    /// The socket takes no more for now. What waits is the end of an answer that is over for its request: hyper has it, and the
    /// client is still reading.
    #[cold]
    pub(crate) fn waits_to_send(&self) {
        self.unsent.store(true, Ordering::Relaxed);
    }

    /// It took something: when it stalls no more, the client has nothing to say from now on.
    #[cold]
    pub(crate) fn sends_again(&self) {
        let now = self.nanos(Instant::now());
        self.last_answer.fetch_max(now, Ordering::Relaxed);
        self.unsent.store(false, Ordering::Release);
    }

    /// Something was read. To be called for all that is; what belongs to a body is forgotten at the end of its request.
    #[inline]
    pub(crate) fn heard(&self, bytes: usize) {
        // Only the task of the connection writes it.
        let received = self.received.load(Ordering::Relaxed);
        self.received
            .store(received.wrapping_add(bytes), Ordering::Relaxed);
        if self.head.load(Ordering::Relaxed) == NOTHING {
            self.head.store(SOMETHING, Ordering::Relaxed);
        }
    }

    /// How many bytes were read since the last request came: the head of the one that comes is among them, unless it was sent together
    /// with the one before.
    #[inline]
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// Forgets what was heard so far. Of HTTP/2, where no heads are timed.
    #[cold]
    pub(crate) fn listen_anew(&self) {
        self.head.store(NOTHING, Ordering::Relaxed);
    }

    /// Whether something was read since then.
    pub(crate) fn has_heard(&self) -> bool {
        self.head.load(Ordering::Relaxed) != NOTHING
    }

    /// Whether a part of a head is there, and not timed yet.
    #[inline]
    pub(crate) fn is_in_head(&self) -> bool {
        self.head.load(Ordering::Relaxed) == SOMETHING && !self.is_answering()
    }

    /// From now on the head is timed.
    #[cold]
    pub(crate) fn head_begins(&self) {
        let nanos = self.nanos(Instant::now()).max(SOMETHING + 1);
        self.head.store(nanos, Ordering::Relaxed);
        self.head_began.notify_one();
    }

    /// Waits until one is.
    pub(crate) async fn head_began(&self) {
        self.head_began.notified().await;
    }

    /// The answer to the request that came last is an error, which the client may get while it still sends.
    pub(super) fn request_is_refused(&self) {
        self.refused.store(self.requests(), Ordering::Relaxed);
    }

    /// Whether the last answer was an error. Of HTTP/1: one request comes after the other.
    pub(crate) fn has_refused(&self) -> bool {
        let refused = self.refused.load(Ordering::Relaxed);
        refused > 0 && refused == self.requests()
    }

    fn nanos(&self, at: Instant) -> u64 {
        let after = at.saturating_duration_since(self.opened).as_nanos();
        u64::try_from(after).unwrap_or(u64::MAX)
    }

    pub(super) fn request_came(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.received.store(0, Ordering::Relaxed);
        self.head.store(NOTHING, Ordering::Relaxed);
    }

    pub(super) fn request_is_over(&self, now: Instant) {
        self.last_answer.store(self.nanos(now), Ordering::Relaxed);
        self.head.store(NOTHING, Ordering::Relaxed);
        self.answered.fetch_add(1, Ordering::Release);
    }
}
