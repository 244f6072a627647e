//! The first connection: the start waits for a database that is not there yet.

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::PoolError;
use rustboot_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Driver, Policy, Pool};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// So long before the end is the last attempt.
const LAST_ATTEMPT: Duration = Duration::from_millis(100);

impl<DB: Driver> Pool<DB> {
    /// Makes a pool, and its first connection, with a pause that doubles between the attempts.
    ///
    /// # Errors
    /// `Unavailable`: at once when the database says that trying again is of no use, else after `connect_timeout`.
    pub(crate) async fn connect(options: DB::Options, policy: Policy) -> Result<Self> {
        let place = DB::place(&options);
        let pool = Self::new(options, policy);
        let inner = Arc::clone(&pool.0);
        let Policy {
            name,
            connect_timeout,
            ..
        } = &pool.policy();
        let began = Instant::now();
        let deadline = began + *connect_timeout;
        let mut pause = FIRST_PAUSE;
        let mut last = None;
        loop {
            let first = async {
                let place = inner.places.take().await.ok_or(PoolError::Closed)?;
                Ok((inner.sessions.get().await?, place))
            };
            match timeout_at(deadline, first).await {
                // Back into the pool, by way of the door.
                Ok(Ok((session, place))) => {
                    drop(super::Acquired::new(session, place, &inner, None));
                    return Ok(pool);
                }
                Ok(Err(PoolError::Backend(error))) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    pause = pause.min(left.saturating_sub(LAST_ATTEMPT));
                    if !DB::is_transient(&error) || pause.is_zero() {
                        return Err(
                            unreachable_after(name, &place, began.elapsed()).with_source(error)
                        );
                    }
                    tracing::warn!(
                        target: "rustboot",
                        database = name,
                        place,
                        error = %error,
                        retry_in_ms = pause.as_millis() as u64,
                        "the database cannot be reached yet"
                    );
                    last = Some(error);
                }
                Ok(Err(_)) | Err(_) => {
                    let error = unreachable_after(name, &place, began.elapsed());
                    return Err(match last {
                        Some(last) => error.with_source(last),
                        None => error,
                    });
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn unreachable_after(name: &str, place: &str, waited: Duration) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "the database `{name}` at {place} could not be reached (tried for {:.1} s)",
            waited.as_secs_f64()
        ),
    )
}
