//! What the task of a connection and the connection itself share once it is no longer HTTP.
//!
//! hyper gives the connection away with an upgrade, to whatever task the handler has begun for it. The task that accepted it
//! stays, holds its place among `server.max_connections`, and waits here until the connection is dropped.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use crate::pipeline::Record;

/// How a connection that was upgraded is to end when the application stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// The handler sees to it, or it is no WebSocket: it has to look at `Shutdown`.
    OfTheHandler = 1,
    /// A WebSocket whose handler may know nothing of the stop: it is closed with 1001.
    GoingAway = 2,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tether {
    /// 0 while the connection speaks HTTP, then an [`Ending`].
    upgraded: AtomicU8,
    stopping: AtomicBool,
    cut: AtomicBool,
    pub(super) reader: AtomicWaker,
    pub(super) writer: AtomicWaker,
    sent: AtomicU64,
    dropped: Notify,
    /// The request whose answer was the upgrade: it is over when the connection is.
    record: Mutex<Option<Kept>>,
}

struct Kept(Box<Record>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Tether {
    /// The answer to `record` is the upgrade. To be called before it goes out.
    pub(crate) fn upgrade(&self, record: Box<Record>, ending: Ending) {
        if let Ok(mut kept) = self.record.lock() {
            *kept = Some(Kept(record));
        }
        self.upgraded.store(ending as u8, Ordering::Release);
    }

    #[inline]
    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Relaxed) != 0
    }

    /// The application stops.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake();
    }

    /// From now on reading and writing fail.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        self.reader.wake();
        self.writer.wake();
    }

    /// Waits until the connection has been dropped, whoever had it last.
    pub(crate) async fn dropped(&self) {
        self.dropped.notified().await;
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Whether a close frame is due.
    pub(super) fn says_farewell(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
            && self.upgraded.load(Ordering::Relaxed) == Ending::GoingAway as u8
    }

    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The connection is being dropped: its request is over.
    pub(super) fn drop_connection(&self) {
        if self.is_upgraded() {
            let kept = self.record.lock().ok().and_then(|mut kept| kept.take());
            if let Some(Kept(mut record)) = kept {
                record.sent(self.sent.load(Ordering::Relaxed));
                if !self.is_cut() {
                    record.end();
                }
            }
        }
        self.dropped.notify_one();
    }
}
