//! Makes the connection that all share, looks after it, and replaces it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::{ErrorKind as Kind, RedisError, RedisResult};
use rustboot_core::{Error, Result};
use tokio::time::{sleep, timeout};

use super::error::{from_redis, not_connected, timed_out};
use super::link::{Link, Live, State};

/// How often a connection that nobody uses is asked whether somebody is there.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Pauses between attempts to come back: short, since a connection that is refused costs nothing, and everybody waits for it.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Between attempts when the server is there and does not let us in: a new password does not come within milliseconds.
const UNWELCOME_PAUSE: Duration = Duration::from_secs(1);

/// Pauses of the start, which says something each time.
const FIRST_START_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_START_PAUSE: Duration = Duration::from_secs(2);

/// What ended the watch over a connection.
enum Turn {
    Lost(RedisError),
    Renew,
}

/// So long before the end is the last attempt to start.
const LAST_ATTEMPT: Duration = Duration::from_millis(100);

/// Connects for the first time.
///
/// # Errors
/// `Unavailable` when there is no connection after `patience`, with why.
pub(super) async fn start(link: &Arc<Link>, patience: Duration) -> Result<()> {
    let began = Instant::now();
    let mut pause = FIRST_START_PAUSE;
    loop {
        let error = match connect(link).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let place = link.connector.load().target.to_string();
        let left = patience.saturating_sub(began.elapsed());
        pause = pause.min(left.saturating_sub(LAST_ATTEMPT));
        if pause.is_zero() {
            let tried = began.elapsed().as_secs_f64();
            let what = format!("Redis at {place} could not be reached (tried for {tried:.1} s)");
            let kind = rustboot_core::ErrorKind::Unavailable;
            return Err(Error::new(kind, what).with_source(error));
        }
        tracing::warn!(
            target: "rustboot",
            place,
            error = %error,
            retry_in_ms = pause.as_millis() as u64,
            "Redis cannot be reached yet"
        );
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_START_PAUSE);
    }
}

/// Looks after the connection until it is dropped.
pub(super) async fn supervise(link: Arc<Link>) {
    tokio::join!(look_after(&link), measure(&link));
}

async fn look_after(link: &Arc<Link>) {
    loop {
        match watch(link).await {
            Turn::Lost(reason) => come_back(link, &reason).await,
            Turn::Renew => renew(link).await,
        }
    }
}

/// Beside it, since an outage is when somebody looks at this.
async fn measure(link: &Link) {
    loop {
        let in_flight = link.in_flight.load(Ordering::Relaxed);
        link.metrics.in_flight(in_flight);
        sleep(HEARTBEAT).await;
    }
}

async fn watch(link: &Link) -> Turn {
    let live = match &**link.state.load() {
        State::Up(live) => Arc::clone(live),
        State::Down(_, reason) => return Turn::Lost(reason.clone()),
    };
    let mut losses = link.losses.subscribe();
    let epoch = live.epoch;
    let lost = async {
        match losses.wait_for(|loss| loss.epoch >= epoch).await {
            Ok(loss) => loss.reason.clone(),
            // The sender is in `link`.
            Err(_) => not_connected("the connection is closed"),
        }
    };
    tokio::select! {
        reason = lost => Turn::Lost(reason),
        () = link.renewal.notified() => Turn::Renew,
        reason = fails(link, &live) => {
            link.give_up(epoch, &reason);
            Turn::Lost(reason)
        }
    }
}

/// Ends when nobody answers any more.
async fn fails(link: &Link, live: &Live) -> RedisError {
    loop {
        let looked = Instant::now();
        let doubted = tokio::select! {
            () = sleep(HEARTBEAT) => false,
            () = link.doubt.notified() => true,
        };
        if !doubted && !live.silent_since(looked) {
            continue;
        }
        let limit = link.terms.load().command_timeout;
        match timeout(limit, live.conn.clone().probe()).await {
            Ok(Ok(())) => live.answered_at(Instant::now()),
            Ok(Err(error)) => return error,
            // Something else may have been answered in the meantime.
            Err(_) if live.silent_since(looked) => {
                return timed_out(format_args!(
                    "Redis at {} has not answered for {limit:?}",
                    live.at
                ));
            }
            Err(_) => {}
        }
        if doubted {
            // Whoever doubts does so for every command: once in a while is enough.
            sleep(FIRST_PAUSE).await;
        }
    }
}

/// One attempt to make a connection, which is everybody's at once when it works.
async fn connect(link: &Arc<Link>) -> RedisResult<()> {
    let epoch = link.epochs.fetch_add(1, Ordering::Relaxed) + 1;
    let weak = Arc::downgrade(link);
    let ended = move || {
        if let Some(link) = weak.upgrade() {
            link.give_up(epoch, &not_connected("Redis closed the connection"));
        }
    };
    let connector = link.connector.load_full();
    let (conn, at) = connector.shared(ended).await?;
    link.state
        .store(Arc::new(State::Up(Arc::new(Live::new(conn, epoch, at)))));
    link.metrics.connected(true);
    Ok(())
}

async fn come_back(link: &Arc<Link>, reason: &RedisError) {
    let began = Instant::now();
    let place = link.connector.load().target.to_string();
    tell(link, began, &place, reason);
    tracing::warn!(target: "rustboot::redis", place, error = %reason, "the connection to Redis is lost");
    let mut pause = FIRST_PAUSE;
    let mut told = String::new();
    loop {
        let error = match connect(link).await {
            Ok(()) => break,
            Err(error) => error,
        };
        let text = error.to_string();
        if text != told {
            let place = link.connector.load().target.to_string();
            tell(link, began, &place, &error);
            tracing::debug!(target: "rustboot::redis", place, error = text, "Redis cannot be reached");
            told = text;
        }
        let wait = match is_unwelcome(&error) {
            true => UNWELCOME_PAUSE,
            false => pause,
        };
        tokio::select! {
            () = sleep(wait) => pause = (pause * 2).min(LONGEST_PAUSE),
            // Another address or another password.
            () = link.renewal.notified() => pause = FIRST_PAUSE,
        }
    }
    link.metrics.reconnected();
    tracing::info!(
        target: "rustboot::redis",
        away_ms = began.elapsed().as_millis() as u64,
        "the connection to Redis is back"
    );
}

/// From now on callers are refused at once, with these words.
fn tell(link: &Link, since: Instant, place: &str, reason: &RedisError) {
    let told = not_connected(format_args!("Redis at {place} is down: {reason}"));
    link.state.store(Arc::new(State::Down(since, told)));
    link.metrics.connected(false);
}

/// Replaces a connection that works. While that fails, the old one stays: what it was made with may have been right.
async fn renew(link: &Arc<Link>) {
    let mut losses = link.losses.subscribe();
    let epoch = match &**link.state.load() {
        State::Up(live) => live.epoch,
        State::Down(..) => return,
    };
    loop {
        match connect(link).await {
            Ok(()) => {
                tracing::info!(target: "rustboot::redis", "the connection to Redis has been replaced");
                return;
            }
            Err(error) => {
                tracing::warn!(
                    target: "rustboot::redis",
                    error = %error,
                    "there is no new connection to Redis yet, and the old one stays"
                );
            }
        }
        tokio::select! {
            () = sleep(UNWELCOME_PAUSE) => {}
            () = link.renewal.notified() => {}
            // It is gone. Then the watch goes on with that.
            _ = losses.wait_for(|loss| loss.epoch >= epoch) => return,
        }
    }
}

/// Whether the server is there and does not want us.
fn is_unwelcome(error: &RedisError) -> bool {
    error.kind() == Kind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
}

/// For the one who asked by hand.
pub(super) async fn ping(link: &Link) -> Result<Duration> {
    let began = Instant::now();
    link.command(&redis::cmd("PING"))
        .await
        .and_then(redis::Value::extract_error)
        .map(|_| began.elapsed())
        .map_err(|error| from_redis(error, "Redis does not answer a ping"))
}
