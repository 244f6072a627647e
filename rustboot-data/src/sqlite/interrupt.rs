//! Stops a statement from outside. SQLite asks back every so many steps of its virtual machine whether to go on; here it
//! gets its answer from two atomics. That is the only way without raw handles, and it also gives SQLite the statement
//! timeout that it does not have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Error, SqliteConnection};

/// How many steps of the virtual machine lie between two questions: some ten microseconds.
const STEPS: i32 = 1000;

/// Whether the statement at hand may go on.
#[derive(Debug)]
pub struct Interrupt {
    origin: Instant,
    /// In microseconds since the origin; 0 is none.
    deadline: AtomicU64,
    stopped: AtomicBool,
}

impl Interrupt {
    /// Ties a new one to a connection.
    pub(super) async fn install(connection: &mut SqliteConnection) -> Result<Arc<Self>, Error> {
        let interrupt = Arc::new(Self {
            origin: Instant::now(),
            deadline: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let asked = Arc::clone(&interrupt);
        connection
            .lock_handle()
            .await?
            .set_progress_handler(STEPS, move || asked.may_go_on());
        Ok(interrupt)
    }

    fn may_go_on(&self) -> bool {
        // The queue of the connection orders these stores before the statements that they are for; one that is running
        // already sees them a moment later.
        if self.stopped.load(Ordering::Relaxed) {
            return false;
        }
        match self.deadline.load(Ordering::Relaxed) {
            0 => true,
            deadline => micros(self.origin.elapsed()) < deadline,
        }
    }

    /// Limits the next statement.
    pub(super) fn limit(&self, limit: Option<Duration>) {
        let deadline = limit.map_or(0, |limit| {
            micros(self.origin.elapsed().saturating_add(limit)).max(1)
        });
        self.deadline.store(deadline, Ordering::Relaxed);
    }

    /// Stops what runs, and everything after it.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Lets statements run again, without a limit.
    pub(super) fn resume(&self) {
        self.deadline.store(0, Ordering::Relaxed);
        self.stopped.store(false, Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
