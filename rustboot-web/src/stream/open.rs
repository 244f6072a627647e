//! The streams that are open: counted, limited, and waited for by the stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use metrics::{Counter, Gauge};
use rustboot_core::Config;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::SseConfig;
#[cfg(feature = "ws")]
use super::WebSocketConfig;

/// What a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `text/event-stream`.
    Events,
    /// A connection after its upgrade. Nearly always a WebSocket.
    Upgraded,
}

impl Kind {
    fn label(self) -> &'static str {
        match self {
            Self::Events => "sse",
            Self::Upgraded => "websocket",
        }
    }
}

/// All streams of an application.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) sse: Config<SseConfig>,
    #[cfg(feature = "ws")]
    pub(crate) websocket: Config<WebSocketConfig>,
    events: Counts,
    upgraded: Counts,
    open: TaskTracker,
    aborting: CancellationToken,
}

#[derive(Debug)]
struct Counts {
    open: AtomicUsize,
    gauge: Gauge,
    refused: Counter,
}

impl Counts {
    fn of(kind: Kind) -> Self {
        Self {
            open: AtomicUsize::new(0),
            gauge: metrics::gauge!("http_server_open_streams", "kind" => kind.label()),
            refused: metrics::counter!("http_server_streams_refused_total", "kind" => kind.label()),
        }
    }
}

impl Streams {
    pub(crate) fn new(
        sse: Config<SseConfig>,
        #[cfg(feature = "ws")] websocket: Config<WebSocketConfig>,
    ) -> Self {
        Self {
            sse,
            #[cfg(feature = "ws")]
            websocket,
            events: Counts::of(Kind::Events),
            upgraded: Counts::of(Kind::Upgraded),
            open: TaskTracker::new(),
            aborting: CancellationToken::new(),
        }
    }

    fn counts(&self, kind: Kind) -> &Counts {
        match kind {
            Kind::Events => &self.events,
            Kind::Upgraded => &self.upgraded,
        }
    }

    fn limit(&self, kind: Kind) -> usize {
        match kind {
            Kind::Events => self.sse.max_open,
            #[cfg(feature = "ws")]
            Kind::Upgraded => self.websocket.max_open,
            // Still within `server.max_connections`.
            #[cfg(not(feature = "ws"))]
            Kind::Upgraded => usize::MAX,
        }
    }

    /// Counts a stream in; `None` when there is no room for it.
    pub(crate) fn begin(self: &Arc<Self>, kind: Kind) -> Option<OpenStream> {
        let counts = self.counts(kind);
        if counts.open.fetch_add(1, Ordering::Relaxed) >= self.limit(kind) {
            counts.open.fetch_sub(1, Ordering::Relaxed);
            counts.refused.increment(1);
            return None;
        }
        counts.gauge.increment(1.0);
        Some(OpenStream {
            kind,
            streams: Arc::clone(self),
            _waited_for: self.open.token(),
        })
    }

    /// Waits until all have ended.
    pub(crate) async fn ended(&self) {
        self.open.close();
        self.open.wait().await;
    }

    /// Drops the handlers that are left. Returns how many streams were open.
    pub(crate) fn cut_off(&self) -> usize {
        let open = self.open.len();
        for kind in [Kind::Events, Kind::Upgraded] {
            let open = self.counts(kind).open.load(Ordering::Relaxed);
            if open > 0 {
                cut_many(kind, "stop", open);
            }
        }
        self.aborting.cancel();
        open
    }

    /// For the handlers: cancelled when they are to be dropped.
    #[cfg(feature = "ws")]
    pub(crate) fn aborting(&self) -> &CancellationToken {
        &self.aborting
    }
}

/// A stream was ended from our side before its time.
#[cfg(feature = "ws")]
pub(crate) fn cut(kind: Kind, reason: &'static str) {
    cut_many(kind, reason, 1);
}

fn cut_many(kind: Kind, reason: &'static str, count: usize) {
    metrics::counter!("http_server_streams_cut_total", "kind" => kind.label(), "reason" => reason)
        .increment(count as u64);
}

/// A stream that is open for as long as this lives.
#[derive(Debug)]
pub(crate) struct OpenStream {
    kind: Kind,
    streams: Arc<Streams>,
    _waited_for: TaskTrackerToken,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let counts = self.streams.counts(self.kind);
        counts.open.fetch_sub(1, Ordering::Relaxed);
        counts.gauge.decrement(1.0);
    }
}

/// In the extensions of a 101: the handler sees to its end itself. The pipeline puts the stream in, for the handler to hold:
/// it may go on for longer than its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Managed(pub(crate) Arc<OnceLock<Arc<OpenStream>>>);
