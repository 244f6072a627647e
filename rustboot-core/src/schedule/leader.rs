//! Which replica runs a task: the one that has its lease. It keeps it from run to run, so that a period is a period whoever
//! counts it, and the others try to get it.
//!
//! Whoever loses the lease drops the run that is under way before the lease ends, and so before anybody else can begin. When the
//! application stops, runs may end, and then the lease is given back.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Task;
use super::config::ScheduleConfig;
use super::lease::{Attempt, HeldLease, Leases};
use super::state::Singleton;
use crate::app::AppContext;
use crate::error::{Error, ErrorKind, Result};

/// How long the store may take to answer an attempt.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

/// How long after the last run the store may take to hear that the lease is given back.
const RELEASE_LIMIT: Duration = Duration::from_secs(2);

/// How often a lease that another replica has is looked at, at the longest: so quickly is one taken that was given back.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

tokio::task_local! {
    static TOKEN: u64;
}

/// In a run of a task that is a `singleton`: a number that is larger than that of every replica that ran it before; `None`
/// anywhere else, also in tasks that the run spawns.
///
/// Send it along with what the run writes (`UPDATE … WHERE fence <= $token`), and what a replica writes that does not know yet that
/// it has lost its lease is refused. It is a time in microseconds since 1970, or grows from one.
pub fn fencing_token() -> Option<u64> {
    TOKEN.try_with(|token| *token).ok()
}

/// The time in which this replica may run a task.
#[derive(Debug)]
pub(super) struct Lead {
    token: u64,
    lost: CancellationToken,
    runs: TaskTracker,
}

impl Lead {
    fn new(token: u64) -> Arc<Self> {
        Arc::new(Self {
            token,
            lost: CancellationToken::new(),
            runs: TaskTracker::new(),
        })
    }
}

/// The right to one run.
#[derive(Debug)]
pub(super) struct Permit {
    lead: Arc<Lead>,
    _run: TaskTrackerToken,
}

impl Permit {
    /// Runs something for as long as this replica leads.
    pub(super) async fn run(&self, run: impl Future<Output = Result<()>>) -> Result<()> {
        tokio::select! {
            biased;
            () = self.lead.lost.cancelled() => Err(Error::new(
                ErrorKind::Unavailable,
                "it was cut off: the lease is lost, and another replica may run it now",
            )),
            ended = TOKEN.scope(self.lead.token, run) => ended,
        }
    }
}

/// How this replica stands.
#[derive(Debug, Clone)]
enum Standing {
    /// It has not asked yet.
    Unknown,
    Follows,
    Leads(Arc<Lead>),
}

/// Whether this replica may run one task.
#[derive(Debug)]
pub(super) struct Leadership(watch::Receiver<Standing>);

impl Leadership {
    /// Begins to ask for the lease of a task. None when the task may run everywhere.
    pub(super) fn of(app: &AppContext, task: &Task) -> Option<Self> {
        if !task.singleton {
            return None;
        }
        let leases = app.component::<Leases>();
        let standing = match &leases {
            Some(_) => Standing::Unknown,
            // There is no other replica, as far as anybody here knows.
            None => Standing::Leads(Lead::new(now_in_micros())),
        };
        metrics::counter!("scheduled_task_lease_lost_total", "task" => task.name).increment(0);
        match &leases {
            Some(leases) => note(app, task.name, leases.store().name(), false, None),
            None => note(app, task.name, "memory", true, Some(app.replica())),
        }
        let (sender, receiver) = watch::channel(standing);
        if let Some(leases) = leases {
            let campaign = Campaign {
                app: app.clone(),
                name: task.name,
                lease: format!("scheduled:{}", task.name),
                holder: app.replica(),
                length: app
                    .config::<ScheduleConfig>()
                    .map_or(super::config::LEASE, |config| config.lease),
                leases: Leases::clone(&leases),
                standing: sender,
            };
            app.tasks()
                .clone()
                .spawn_until_aborted(async move { campaign.run().await });
        }
        Some(Self(receiver))
    }

    /// Waits until it is known who leads, for as long as one attempt may take: a run that is due at once is not to be missed for
    /// that.
    pub(super) async fn is_known(&mut self) {
        let known = self
            .0
            .wait_for(|standing| !matches!(standing, Standing::Unknown));
        let _in_time = timeout(ATTEMPT_LIMIT, known).await;
    }

    /// The right to a run, now.
    pub(super) fn permit(&self) -> Option<Permit> {
        match &*self.0.borrow() {
            Standing::Leads(lead) if !lead.lost.is_cancelled() => Some(Permit {
                _run: lead.runs.token(),
                lead: Arc::clone(lead),
            }),
            _ => None,
        }
    }
}

/// Asks for one lease until the application stops.
struct Campaign {
    app: AppContext,
    name: &'static str,
    lease: String,
    holder: String,
    length: Duration,
    leases: Leases,
    standing: watch::Sender<Standing>,
}

impl Campaign {
    async fn run(&self) {
        let cancelled = self.app.tasks().cancelled();
        let store = self.leases.store();
        let look = (self.length / 5).min(LONGEST_LOOK);
        let mut fails = false;
        loop {
            let attempt = store.try_hold(&self.lease, &self.holder, self.length);
            let attempt = tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                attempt = timeout(ATTEMPT_LIMIT, attempt) => attempt.unwrap_or_else(|_| Err(Error::new(
                    ErrorKind::Timeout,
                    format!("{} did not answer within {ATTEMPT_LIMIT:?}", store.name()),
                ))),
            };
            let mut pause = look;
            match attempt {
                Ok(Attempt::Held(held)) => {
                    fails = false;
                    if !self.lead(held, &cancelled).await {
                        return;
                    }
                }
                Ok(Attempt::Taken { by, ends_in }) => {
                    fails = false;
                    self.follow(by);
                    // When its holder is gone, it is not taken late.
                    pause =
                        ends_in.map_or(look, |left| left.clamp(Duration::from_millis(20), look));
                }
                Err(error) => {
                    self.follow(None);
                    if !std::mem::replace(&mut fails, true) {
                        tracing::warn!(
                            target: "rustboot", task = self.name, store = store.name(), error = %error,
                            "nobody knows who runs this task: it does not run here until that is known"
                        );
                    }
                }
            }
            // They do not all look at the same moment.
            let pause = pause.mul_f64(0.8 + fastrand::f64() * 0.4);
            tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    fn follow(&self, leader: Option<String>) {
        self.standing.send_replace(Standing::Follows);
        self.note(false, leader);
    }

    /// Leads for as long as it can. False when the application stops.
    async fn lead(&self, held: Box<dyn HeldLease>, cancelled: &CancellationToken) -> bool {
        let lead = Lead::new(held.token());
        self.note(true, Some(self.holder.clone()));
        self.standing
            .send_replace(Standing::Leads(Arc::clone(&lead)));
        tracing::info!(target: "rustboot", task = self.name, store = self.leases.store().name(), "this replica runs this task");
        let stops = tokio::select! {
            biased;
            () = held.lost() => false,
            () = cancelled.cancelled() => true,
        };
        if stops {
            // No run begins any more, and the one under way may end.
            self.standing.send_replace(Standing::Follows);
            lead.runs.close();
            tokio::select! {
                biased;
                () = held.lost() => lead.lost.cancel(),
                () = lead.runs.wait() => {}
            }
            self.follow(None);
            match timeout(RELEASE_LIMIT, held.release()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(target: "rustboot", task = self.name, error = %error, "the lease of this task ends by itself");
                }
                Err(_) => {
                    tracing::debug!(target: "rustboot", task = self.name, "the lease of this task ends by itself");
                }
            }
            return false;
        }
        lead.lost.cancel();
        metrics::counter!("scheduled_task_lease_lost_total", "task" => self.name).increment(1);
        tracing::warn!(target: "rustboot", task = self.name, "the lease of this task is lost: another replica may run it now");
        self.follow(None);
        true
    }

    fn note(&self, leads: bool, leader: Option<String>) {
        let store = self.leases.store().name();
        note(&self.app, self.name, store, leads, leader);
    }
}

/// For `/tasks` and metrics.
fn note(
    app: &AppContext,
    name: &'static str,
    store: &'static str,
    leads: bool,
    leader: Option<String>,
) {
    metrics::gauge!("scheduled_task_leader", "task" => name).set(f64::from(u8::from(leads)));
    app.task_states().update(name, |state| {
        state.singleton = Some(Singleton {
            store,
            leads,
            leader,
        });
    });
}

fn now_in_micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}
