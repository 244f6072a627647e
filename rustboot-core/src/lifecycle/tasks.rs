//! Background tasks: every one has a name, somebody who notices when it fails, and somebody who waits for its end.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{Error, Result};

/// What happens when a task fails or panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// It stays ended; the log has the error.
    Never,
    /// It runs again after a pause, which doubles from 100 ms up to 30 s while it keeps failing.
    OnFailure,
    /// The application stops, with exit code 1.
    FailApp,
}

/// What becomes of a run when the application stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is dropped at its next await.
    Dropped,
    /// It has heard of the stop through a [`Shutdown`](super::Shutdown), and ends by itself. It is dropped when it does not
    /// within the limit of the step.
    Itself,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The only place that spawns. The stop sequence cancels what is in it and waits for the end.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    cancelled: CancellationToken,
    aborted: CancellationToken,
}

impl Tasks {
    /// Runs a task until it ends, under a restart policy.
    ///
    /// `make` is called for each run. When the application stops, no run begins any more, and `ending` says what becomes of
    /// the one under way. `failed` is called when the policy is [`Restart::FailApp`] and the task failed.
    pub(crate) fn supervise<F, Fut>(
        &self,
        name: String,
        restart: Restart,
        ending: Ending,
        make: F,
        failed: impl FnOnce() + Send + 'static,
    ) where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let (cancelled, aborted) = (self.cancelled.clone(), self.aborted.clone());
        let dropped = match ending {
            Ending::Dropped => cancelled.clone(),
            Ending::Itself => aborted,
        };
        self.tracker.spawn(async move {
            let work = async {
                let mut pause = FIRST_PAUSE;
                loop {
                    let start = Instant::now();
                    let Err(error) = caught(make()).await else {
                        return;
                    };
                    match restart {
                        Restart::Never => {
                            tracing::error!(task = name, error = %error, "task failed");
                            return;
                        }
                        Restart::FailApp => {
                            tracing::error!(task = name, error = %error, "task failed, and the application cannot do without it");
                            failed();
                            return;
                        }
                        Restart::OnFailure => {
                            if start.elapsed() > LONGEST_PAUSE {
                                pause = FIRST_PAUSE;
                            }
                            tracing::error!(task = name, error = %error, restart_in = ?pause, "task failed");
                            tokio::select! {
                                () = cancelled.cancelled() => return,
                                () = tokio::time::sleep(pause) => {}
                            }
                            pause = (pause * 2).min(LONGEST_PAUSE);
                        }
                    }
                }
            };
            tokio::select! {
                () = dropped.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Runs a future that watches [`Tasks::cancelled`] itself, and is dropped only when it does not end in time.
    pub(crate) fn spawn_until_aborted(&self, future: impl Future<Output = ()> + Send + 'static) {
        let aborted = self.aborted.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = aborted.cancelled() => {}
                () = future => {}
            }
        });
    }

    /// Waits until the application asks its tasks to end.
    pub(crate) fn cancelled(&self) -> CancellationToken {
        self.cancelled.clone()
    }

    /// Cancels all tasks and waits for them. Returns how many had to be cut off at the deadline.
    pub(crate) async fn stop(&self, deadline: Instant) -> usize {
        self.cancelled.cancel();
        self.tracker.close();
        if tokio::time::timeout_at(deadline, self.tracker.wait())
            .await
            .is_ok()
        {
            return 0;
        }
        let left = self.tracker.len();
        self.aborted.cancel();
        // Dropping them takes a poll; a task that blocks its thread is left behind.
        let grace = Duration::from_millis(500);
        let _ended = tokio::time::timeout(grace, self.tracker.wait()).await;
        left
    }
}

/// Runs a future and turns a panic in it into an error. The panic hook has logged where it was.
pub(crate) async fn caught<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(Error::internal("it panicked")),
    }
}
