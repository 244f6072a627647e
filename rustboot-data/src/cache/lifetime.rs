//! For how long a value is kept: what the caller says, and where it says nothing, what the configuration does.

use std::time::Duration;

use tokio::time::Instant;

use super::config::CacheConfig;

/// For how long a value is kept. What it does not say, the section of the cache says.
///
/// ```
/// use std::time::Duration;
/// use rustboot_data::Ttl;
///
/// let minute = Ttl::from(Duration::from_secs(60));
/// // Fresh for a minute; then for another ten seconds given out while a new one is loaded in the background.
/// let with_stale = minute.stale(Duration::from_secs(10));
/// // As `cache.ttl` says.
/// let as_configured = Ttl::default();
/// # let _ = (with_stale, as_configured);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ttl {
    fresh: Option<Duration>,
    stale: Option<Duration>,
}

impl Ttl {
    /// Fresh for that long; 0 is not kept at all.
    pub const fn of(fresh: Duration) -> Self {
        Self {
            fresh: Some(fresh),
            stale: None,
        }
    }

    /// Given out for that much longer, while one load in the background gets a new one (stale-while-revalidate, RFC 5861).
    #[must_use]
    pub const fn stale(mut self, stale: Duration) -> Self {
        self.stale = Some(stale);
        self
    }

    /// The moments of a value that is there now; `None` when it is not to be kept.
    pub(crate) fn starting_now(self, config: &CacheConfig, is_absent: bool) -> Option<Lifetime> {
        let mut fresh = self.fresh.unwrap_or(config.ttl);
        let mut stale = self.stale.unwrap_or(config.stale);
        if is_absent {
            // Somebody may be making it right now.
            fresh = fresh.min(config.negative_ttl);
            stale = Duration::ZERO;
        }
        if fresh.is_zero() {
            return None;
        }
        let shorter = fresh.mul_f64(config.jitter.clamp(0.0, 1.0) * fastrand::f64());
        let fresh = fresh.saturating_sub(shorter);
        let now = Instant::now();
        let fresh_until = later(now, fresh);
        Some(Lifetime {
            fresh_until,
            dead_at: later(fresh_until, stale),
        })
    }
}

impl From<Duration> for Ttl {
    fn from(fresh: Duration) -> Self {
        Self::of(fresh)
    }
}

impl From<Option<Duration>> for Ttl {
    fn from(fresh: Option<Duration>) -> Self {
        Self { fresh, stale: None }
    }
}

/// Until when a value is what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// Given out as it is until then.
    pub(crate) fresh_until: Instant,
    /// Given out while it is loaded anew until then.
    pub(crate) dead_at: Instant,
}

impl Lifetime {
    /// The same, over after that time at the latest.
    pub(crate) fn within(self, limit: Duration) -> Self {
        let end = later(Instant::now(), limit);
        Self {
            fresh_until: self.fresh_until.min(end),
            dead_at: self.dead_at.min(end),
        }
    }
}

/// A moment after another. One that the clock does not reach is a hundred years away.
pub(crate) fn later(from: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);
    from + by.min(FAR)
}
