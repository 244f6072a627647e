//! The wall clock, as far as tokio's clock agrees.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// What time it is.
///
/// A test may stop tokio's clock and move it; then this one moves with it, so that a task at three in the morning can be
/// tested like one after a minute. Otherwise both clocks of the process are the same, and the difference is nothing.
pub(super) fn now() -> Timestamp {
    let ours = tokio::time::Instant::now().into_std();
    let real = Instant::now();
    let ahead = match ours.checked_duration_since(real) {
        Some(ahead) => SignedDuration::try_from(ahead),
        None => {
            SignedDuration::try_from(real.saturating_duration_since(ours)).map(|behind| -behind)
        }
    };
    let now = Timestamp::now();
    ahead
        .ok()
        .and_then(|ahead| now.checked_add(ahead).ok())
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_moves_with_the_clock_of_a_test() {
        let before = now();
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        let passed = now().duration_since(before);
        assert!((passed.as_secs_f64() - 86_400.0).abs() < 1.0, "{passed:?}");
    }

    #[tokio::test]
    async fn it_is_the_wall_clock() {
        let off = Timestamp::now().duration_since(now());
        assert!(off.as_secs_f64().abs() < 0.1, "{off:?}");
    }
}
