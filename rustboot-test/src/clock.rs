//! Time that stands still.
//!
//! tokio moves a paused clock by itself as soon as nothing is ready to run, to the next timer, however far away that is. For an
//! application that waits for a database this means that every timeout has passed before the answer is there. So it is kept from
//! doing so, the way tokio documents: by a blocking task that runs for as long as the clock stands.

use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// The longest step, for up to that many of them.
const STEP: Duration = Duration::from_secs(1);
const STEPS: u32 = 3600;

/// How often what has become due is let run after a step, until it waits for something again.
const TURNS: usize = 16;

/// The clock of a test.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The blocking task ends when this is dropped.
    stopped: Option<Mutex<Option<mpsc::Sender<()>>>>,
}

impl Clock {
    /// One that goes.
    pub(crate) fn real() -> Self {
        Self { stopped: None }
    }

    /// Stops the clock of this runtime, which has to have one thread.
    pub(crate) fn stopped() -> Self {
        let (running, ended) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || ended.recv().is_err());
        tokio::time::pause();
        Self {
            stopped: Some(Mutex::new(Some(running))),
        }
    }

    #[track_caller]
    pub(crate) fn advance(&self, by: Duration) -> impl Future<Output = ()> + use<> {
        assert!(
            self.stopped.is_some(),
            "the clock of this test goes by itself: write #[rustboot::test(start_paused = true)]"
        );
        let step = STEP.max(by / STEPS);
        async move {
            let mut left = by;
            while !left.is_zero() {
                let this = step.min(left);
                tokio::time::advance(this).await;
                left -= this;
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Lets it go again. Once more changes nothing.
    pub(crate) fn resume(&self) {
        let Some(stopped) = &self.stopped else { return };
        let mut stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.take().is_some() {
            tokio::time::resume();
        }
    }
}
