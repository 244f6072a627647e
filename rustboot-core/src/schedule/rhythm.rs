//! When the next run of a task is due.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::clock;
use super::resolve::{Task, Times};

/// The longest sleep towards a time of day. The wall clock may be set, and the machine may have been asleep; whoever looks at
/// it once a minute is not late by more than that.
#[cfg(feature = "cron")]
const LOOK: Duration = Duration::from_secs(60);

/// How far a clock may be set back before the times that were already run through come again.
#[cfg(feature = "cron")]
const SET_BACK: SignedDuration = SignedDuration::from_hours(3);

/// When a run is due, without its jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Not before the one under way ended.
    Unknown,
    /// On tokio's clock.
    At(Instant),
    /// On the wall clock.
    #[cfg(feature = "cron")]
    On(Timestamp),
}

/// The times of one task.
#[derive(Debug)]
pub(super) struct Rhythm {
    times: Times,
    longest_jitter: Duration,
    due: Due,
    jitter: Duration,
}

impl Rhythm {
    pub(super) fn new(task: &Task) -> Self {
        let now = Instant::now();
        let due = match &task.times {
            Times::Every(period) | Times::Delay(period) => {
                Due::At(now + task.initial_delay.unwrap_or(*period))
            }
            #[cfg(feature = "cron")]
            Times::Cron(cron) => cron.after(clock::now()).map_or(Due::Unknown, Due::On),
        };
        let mut rhythm = Self {
            times: task.times.clone(),
            longest_jitter: task.jitter,
            due,
            jitter: Duration::ZERO,
        };
        rhythm.roll();
        rhythm
    }

    /// Waits until a run is due. Dropping the future loses nothing.
    pub(super) async fn wait(&self) {
        match self.due {
            Due::Unknown => std::future::pending().await,
            Due::At(due) => tokio::time::sleep_until(due + self.jitter).await,
            #[cfg(feature = "cron")]
            Due::On(due) => loop {
                let left = SignedDuration::try_from(self.jitter)
                    .unwrap_or(SignedDuration::MAX)
                    .saturating_add(due.duration_since(clock::now()));
                match Duration::try_from(left) {
                    Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(LOOK)).await,
                    _ => return,
                }
            },
        }
    }

    /// The run that was due has been dealt with. Says how many more were due meanwhile, and will not happen.
    pub(super) fn advance(&mut self) -> u64 {
        let missed = match (&self.times, self.due) {
            (Times::Every(period), Due::At(due)) => {
                let behind = Instant::now().saturating_duration_since(due);
                let missed = behind.as_nanos() / period.as_nanos().max(1);
                // The rhythm is kept: the next one is a whole number of periods later.
                let periods = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
                self.due = Due::At(due + period.saturating_mul(periods));
                u64::try_from(missed).unwrap_or(u64::MAX)
            }
            #[cfg(feature = "cron")]
            (Times::Cron(cron), Due::On(due)) => {
                let now = clock::now();
                let mut missed = 0;
                let mut next = cron.after(due);
                // Long asleep: nobody needs the exact number.
                while let Some(time) = next.filter(|time| *time <= now && missed < 1000) {
                    missed += 1;
                    next = cron.after(time);
                }
                let was_set_back = due.duration_since(now) > SET_BACK;
                if was_set_back || next.is_some_and(|time| time <= now) {
                    next = cron.after(now);
                }
                self.due = next.map_or(Due::Unknown, Due::On);
                missed
            }
            _ => {
                self.due = Due::Unknown;
                0
            }
        };
        self.roll();
        missed
    }

    /// A run ended.
    pub(super) fn ended(&mut self) {
        if let Times::Delay(pause) = self.times {
            self.due = Due::At(Instant::now() + pause);
            self.roll();
        }
    }

    /// When the next run begins, for people.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let jitter = SignedDuration::try_from(self.jitter).ok()?;
        let due = match self.due {
            Due::Unknown => return None,
            Due::At(due) => clock::now()
                .checked_add(due.saturating_duration_since(Instant::now()))
                .ok()?,
            #[cfg(feature = "cron")]
            Due::On(due) => due,
        };
        due.checked_add(jitter).ok()
    }

    fn roll(&mut self) {
        self.jitter = self.longest_jitter.mul_f64(fastrand::f64());
    }
}
