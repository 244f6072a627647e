//! How the parts of an application learn that it stops.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Tells a long-lived handler (SSE, WebSocket, long poll) or task that it should come to its end.
///
/// It is an extractor and a component parameter. Cloning is cheap. It is requested when the listener closes, after the
/// drain delay.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// Waits until the application asks its handlers to end. Dropping the future is fine at any time.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Whether it has asked.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    pub(crate) fn request(&self) {
        self.token.cancel();
    }
}

/// Why an application stops.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// SIGTERM: the platform wants the process gone.
    Terminate,
    /// SIGINT: somebody pressed Ctrl-C, and waits.
    Interrupt,
    /// `AppHandle::stop()`.
    Requested,
    /// A task that the application cannot do without has failed.
    TaskFailed(String),
}

/// The first request to stop; later ones change nothing.
#[derive(Debug, Default)]
pub(crate) struct StopRequest {
    reason: OnceLock<StopReason>,
    token: CancellationToken,
}

impl StopRequest {
    pub(crate) fn request(&self, reason: StopReason) {
        if self.reason.set(reason).is_ok() {
            self.token.cancel();
        }
    }

    pub(crate) async fn requested(&self) -> StopReason {
        self.token.cancelled().await;
        self.reason.get().cloned().unwrap_or(StopReason::Requested)
    }
}

/// Where in its life an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting = 0,
    Ready = 1,
    Draining = 2,
}

/// The phase, readable without a lock.
#[derive(Debug, Default)]
pub(crate) struct Availability(AtomicU8);

impl Availability {
    pub(crate) fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
        metrics::gauge!("app_ready").set(if phase == Phase::Ready { 1.0 } else { 0.0 });
    }
}
