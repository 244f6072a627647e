//! Whether Redis is asked: after a failure not, but for one attempt a second, so that not every read waits for a server that
//! does not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long nobody asks after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// How often is logged what Redis refuses.
const COMPLAINT: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Breaker {
    /// When somebody may try again; none while all is well.
    again: Mutex<Option<Instant>>,
    complained: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Whether to ask. While it is open, one a second may.
    pub(super) fn lets_through(&self) -> bool {
        let mut again = self.again();
        match *again {
            None => true,
            Some(at) if Instant::now() < at => false,
            Some(_) => {
                *again = Some(Instant::now() + PAUSE);
                true
            }
        }
    }

    /// It answered. True when it did not before.
    pub(super) fn worked(&self) -> bool {
        self.again().take().is_some()
    }

    /// It did not. True when it did before.
    pub(super) fn failed(&self) -> bool {
        self.again().replace(Instant::now() + PAUSE).is_none()
    }

    /// Whether it is time to log once more what Redis refuses.
    pub(super) fn may_complain(&self) -> bool {
        // Nothing in here can panic half-way.
        let mut last = self
            .complained
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= COMPLAINT);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    fn again(&self) -> MutexGuard<'_, Option<Instant>> {
        // Nothing in here can panic half-way.
        self.again.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_a_second_tries_while_it_is_open() {
        let breaker = Breaker::default();
        assert!(breaker.lets_through() && breaker.lets_through());
        assert!(!breaker.worked());
        assert!(breaker.failed() && !breaker.failed());
        for _ in 0..3 {
            assert!(!breaker.lets_through());
            tokio::time::advance(PAUSE).await;
            assert!(breaker.lets_through());
            assert!(!breaker.lets_through());
        }
        assert!(breaker.worked() && !breaker.worked());
        assert!(breaker.lets_through() && breaker.lets_through());
    }

    #[tokio::test(start_paused = true)]
    async fn a_complaint_a_minute_is_enough() {
        let breaker = Breaker::default();
        assert!(breaker.may_complain() && !breaker.may_complain());
        tokio::time::advance(COMPLAINT).await;
        assert!(breaker.may_complain() && !breaker.may_complain());
    }
}
