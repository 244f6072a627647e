//! Looks whether a server that owes answers is alive at all.
//!
//! A frozen server, a machine that lost its power or a firewall that drops packets send nothing: the statement would wait until
//! TCP gives up, which takes a quarter of an hour. A limit for every statement is no cure: a report may take its ten minutes. So the
//! difference is asked for. When a statement has waited for a while, a new connection is tried; a server that is busy answers that,
//! one that is gone does not. Then every statement that waits is given up, and nobody is made to wait until it answers again.
//!
//! Two limits are enforced on the way: `statement_timeout` is the server's to enforce, and one that did not for a second
//! more is given up on.
//!
//! A statement pays for it with three stores, and no timer; an idle pool has none either. What it does not see: a single connection
//! that lost its way while others work. That one is found by the ping before its next use; a statement that already waits on it
//! has `statement_timeout`, or the time of its request.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use sqlx::Error;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::{Driver, Inner, Shared, nanos};

/// How much longer than `statement_timeout` the server may take to enforce it.
const GRACE: Duration = Duration::from_secs(1);

/// How often a server is asked again that answers, while a statement goes on waiting.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// How often one is asked again that does not.
const ASK_SILENT_AGAIN: Duration = Duration::from_millis(250);

/// The error of a statement that was given up: of the kind that TCP would give in the end.
pub(super) fn no_answer() -> Error {
    Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the database server does not answer",
    ))
}

/// Whether a session waits for the server, since when, and how to end that.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// In nanoseconds since the origin of the pool; 0 when it does not wait.
    since: AtomicU64,
    given_up: AtomicBool,
    waker: AtomicWaker,
}

impl Pulse {
    pub(super) fn begin(&self, now: u64) {
        self.given_up.store(false, Ordering::Relaxed);
        self.since.store(now, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// Ready with the error once it is given up.
    pub(super) fn look(&self, cx: &mut Context<'_>) -> Poll<Error> {
        self.waker.register(cx.waker());
        match self.given_up.load(Ordering::Acquire) {
            true => Poll::Ready(no_answer()),
            false => Poll::Pending,
        }
    }

    /// Gives up the wait that began then, unless it is over.
    fn give_up(&self, since: u64) {
        if self.since.load(Ordering::Acquire) == since {
            self.given_up.store(true, Ordering::Release);
            self.waker.wake();
        }
    }
}

/// The pulses of all sessions of a pool.
#[derive(Debug, Default)]
pub(super) struct Pulses(Mutex<Vec<Weak<Pulse>>>);

impl Pulses {
    pub(super) fn add(&self, pulse: &Arc<Pulse>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|pulse| pulse.strong_count() > 0);
        all.push(Arc::downgrade(pulse));
    }

    /// Those that wait, and since when.
    fn waiting(&self) -> Vec<(Arc<Pulse>, u64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = all.iter().filter_map(Weak::upgrade);
        alive
            .map(|pulse| {
                let since = pulse.since.load(Ordering::Acquire);
                (pulse, since)
            })
            .filter(|(_, since)| *since != 0)
            .collect()
    }
}

/// The task, as its pool sees it.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    asleep: Arc<AtomicBool>,
    called: Arc<Notify>,
    task: Mutex<Option<AbortHandle>>,
}

impl Watchdog {
    /// A session goes out: there may be something to watch.
    pub(super) fn wake(&self) {
        if self.asleep.load(Ordering::SeqCst) {
            self.called.notify_one();
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

/// Begins to watch. The task ends with the pool.
pub(super) fn start<DB: Driver>(pool: &Arc<Inner<DB>>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let weak = Arc::downgrade(pool);
    let asleep = Arc::clone(&pool.watchdog.asleep);
    let called = Arc::clone(&pool.watchdog.called);
    let task = runtime.spawn(async move {
        let mut asked = 0;
        loop {
            let Some(tick) = idle_or_tick(&weak, &asleep, &called).await else {
                return;
            };
            sleep(tick).await;
            let Some(pool) = weak.upgrade() else { return };
            look(&pool, &mut asked).await;
        }
    });
    let mut slot = pool
        .watchdog
        .task
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *slot = Some(task.abort_handle());
}

/// Waits as long as no session is out. Then how long to wait before looking; `None` when the pool is gone.
async fn idle_or_tick<DB: Driver>(
    weak: &Weak<Inner<DB>>,
    asleep: &AtomicBool,
    called: &Notify,
) -> Option<Duration> {
    loop {
        let pool = weak.upgrade()?;
        let silent = pool.shared.silent.load(Ordering::Relaxed);
        asleep.store(true, Ordering::SeqCst);
        // Asked after the store: who takes a session now sees that the task sleeps.
        if silent || pool.leased.load(Ordering::SeqCst) > 0 {
            asleep.store(false, Ordering::SeqCst);
            return Some(match silent {
                true => ASK_SILENT_AGAIN,
                false => patience(&pool) / 6,
            });
        }
        drop(pool);
        called.notified().await;
        asleep.store(false, Ordering::SeqCst);
    }
}

/// How long a statement may wait until the server is asked, and how long the server may take to answer: together well below the
/// time that a request waits for a connection.
fn patience<DB: Driver>(pool: &Inner<DB>) -> Duration {
    let terms = pool.sessions.manager().terms.load();
    (terms.policy.acquire_timeout * 3 / 10)
        .clamp(Duration::from_millis(60), Duration::from_millis(1500))
}

async fn look<DB: Driver>(pool: &Arc<Inner<DB>>, asked: &mut u64) {
    let shared = &pool.shared;
    let patience = patience(pool);
    let now = shared.now();
    let waiting = shared.pulses.waiting();
    let waited = |since: u64| Duration::from_nanos(now.saturating_sub(since));

    let limit = shared.statement_timeout.load(Ordering::Relaxed);
    if limit != 0 {
        let limit = Duration::from_nanos(limit) + GRACE;
        for (pulse, since) in waiting.iter().filter(|(_, since)| waited(*since) > limit) {
            pulse.give_up(*since);
        }
    }

    let silent = shared.silent.load(Ordering::Relaxed);
    let overdue: Vec<_> = waiting
        .into_iter()
        .filter(|(_, since)| silent || waited(*since) > patience)
        .collect();
    let due = *asked == 0 || now.saturating_sub(*asked) > nanos(ASK_AGAIN);
    let first_is_new = overdue.iter().any(|(_, since)| *since > *asked);
    if !silent && (overdue.is_empty() || !(due || first_is_new)) {
        return;
    }
    *asked = now;
    let answers = server_answers(pool, patience).await;
    if !answers {
        for (pulse, since) in &overdue {
            pulse.give_up(*since);
        }
    }
    said(shared, silent, answers);
}

/// Whether the server says anything to a new connection, if only that it has no room.
async fn server_answers<DB: Driver>(pool: &Inner<DB>, limit: Duration) -> bool {
    let terms = pool.sessions.manager().terms.load_full();
    match timeout(limit, DB::open(&terms.options, None)).await {
        Ok(Ok((connection, _control))) => {
            drop(connection);
            true
        }
        // Refused or reset: somebody is there, and a statement that waits will hear of it in the same way.
        Ok(Err(Error::Io(error))) => !matches!(
            error.kind(),
            io::ErrorKind::TimedOut
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
        ),
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

fn said(shared: &Shared, silent: bool, answers: bool) {
    shared.silent.store(!answers, Ordering::Relaxed);
    if !answers {
        shared.disowned.store(shared.now(), Ordering::Relaxed);
    }
    match (silent, answers) {
        (false, false) => tracing::warn!(
            target: "rustboot::sql",
            pool = shared.name,
            "the database server does not answer; statements are refused until it does"
        ),
        (true, true) => tracing::info!(
            target: "rustboot::sql",
            pool = shared.name,
            "the database server answers again"
        ),
        _ => {}
    }
}
