//! What ends a connection from our side: the stop of the listener, and a client that has nothing to say.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::preface::HttpVersion;
use crate::pipeline::{Activity, ConnectionState};

/// A client that connected and was not heard yet may just be about to send its request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// A client that had its answer may be sending the next request at this very moment. Closing under it would look like a
/// lost request; within this time it gets an answer with `connection: close` instead.
const IDLE_GRACE: Duration = Duration::from_millis(250);

/// For a client of HTTP/2 to say anything after it was told of the end, when nothing is under way. Several round trips.
const GOAWAY_GRACE: Duration = Duration::from_secs(2);

/// How far the end of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Serving,
    /// The listener has closed; a request may be on its way.
    Grace,
    /// What is under way is answered, and nothing else.
    ShuttingDown,
}

#[derive(Debug)]
pub(super) enum End {
    Enter(Stage),
    /// Drop it.
    Now,
}

/// How long a client may say nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the connect to the end of the first head, and for each head from its first byte on.
    pub(crate) head: Duration,
    /// From the end of an answer to the first byte of the next request.
    pub(crate) idle: Duration,
    /// For what a client has not read.
    pub(crate) write: Duration,
}

/// See the module.
pub(super) struct Ends<'a> {
    pub(super) state: &'a ConnectionState,
    pub(super) closing: &'a CancellationToken,
    pub(super) aborting: &'a CancellationToken,
    pub(super) version: HttpVersion,
    pub(super) patience: &'a Patience,
}

impl Ends<'_> {
    /// Ready when something is to be done about a connection that is at `stage`.
    pub(super) async fn next(&self, stage: Stage) -> End {
        tokio::select! {
            biased;
            () = self.aborting.cancelled() => End::Now,
            next = self.stage_after(stage) => End::Enter(next),
            () = self.silence(stage) => {
                tracing::debug!(target: "rustboot::web", peer = ?self.state.peer(), "no request in time");
                match (self.version, stage) {
                    // The client is told which of its requests were not looked at, and ends the connection.
                    (HttpVersion::Two, Stage::Serving | Stage::Grace) => End::Enter(Stage::ShuttingDown),
                    _ => End::Now,
                }
            }
        }
    }

    async fn stage_after(&self, stage: Stage) -> Stage {
        match stage {
            Stage::Serving => {
                self.closing.cancelled().await;
                Stage::Grace
            }
            Stage::Grace => {
                let grace = match self.state.requests() {
                    0 => FIRST_REQUEST_GRACE,
                    _ => IDLE_GRACE,
                };
                tokio::time::sleep(grace).await;
                Stage::ShuttingDown
            }
            Stage::ShuttingDown => std::future::pending().await,
        }
    }

    /// Over when no request has come for too long. hyper has a timer for heads as well, which it arms for each head anew; this
    /// one is armed again only when it has run out, so that a request costs it nothing.
    async fn silence(&self, stage: Stage) {
        let entered = Instant::now();
        if (self.version, stage) == (HttpVersion::Two, Stage::ShuttingDown) {
            self.state.listen_anew();
        }
        loop {
            let now = Instant::now();
            let (since, limit) = match self.state.activity() {
                // The next deadline is at least the shorter one away.
                Activity::Answering => (now, self.patience.head.min(self.patience.idle)),
                Activity::Head(since) => (since, self.patience.head),
                Activity::Idle(since) => match (self.version, stage) {
                    (HttpVersion::Two, Stage::ShuttingDown) => match self.state.has_heard() {
                        // An answer that is over for us may wait for the client to open its window.
                        true => (since.max(entered), self.patience.write),
                        // hyper asks with a PING whether it knows. Who does not say so is gone.
                        false => (entered, GOAWAY_GRACE),
                    },
                    _ if self.state.requests() == 0 => (since, self.patience.head),
                    _ => (since, self.patience.idle),
                },
            };
            let left = limit.saturating_sub(now.saturating_duration_since(since));
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = self.state.head_began() => {}
            }
        }
    }

    /// The client has begun to send a head, and not finished it in one go: from now on that is timed.
    #[inline]
    pub(super) fn notice_head(&self) {
        if self.version == HttpVersion::One && self.state.is_in_head() {
            self.state.head_begins();
        }
    }
}

/// The listener has closed, and a client that was about to speak has had its time.
pub(super) async fn long_closed(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(FIRST_REQUEST_GRACE).await;
}
