//! What clients see when a service has more of them than it has room for: `overload`.
//!
//! A service with `server.max_in_flight = 64`, in a process of its own, as it comes in the profile `prod`; its handler takes 50 ms. First
//! 64 clients ask, and all are admitted; then 256, four times as many as there are places. Each has a connection that it keeps.
//!
//! Who is admitted asks again at once. Who is refused waits for 50 to 150 ms: clients that come back at once would keep the core of
//! this process busy and measure that; clients that wait for the second that `Retry-After` says would hardly be refused at all.
//!
//! Every answer is looked at: a 200 with its body, or a 503 that is a problem and says `Retry-After`. Anything else ends the bench
//! with exit code 1.

mod client;
mod serve;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::{Client, Seen};
use rustboot_benches::server::Server;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// `server.max_in_flight`.
const PLACES: usize = 64;

/// What the handler takes.
const WORK: Duration = Duration::from_millis(50);

const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        None => measure(),
        Some("serve") => serve::serve().map(|()| String::new()),
        Some(_) => Err("usage: overload".into()),
    };
    let (text, code) = match outcome {
        Ok(table) => (table, ExitCode::SUCCESS),
        Err(error) => (format!("overload: {error}\n"), ExitCode::FAILURE),
    };
    // Whoever started us may be gone.
    std::io::stdout().write_all(text.as_bytes()).ok();
    code
}

/// Runs both, and puts the figures together.
fn measure() -> Result<String, Failure> {
    let server = Server::start(&[std::env::current_exe()?.into(), "serve".into()])?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let calm = runtime.block_on(crowd(&server, PLACES))?;
    let busy = runtime.block_on(crowd(&server, 4 * PLACES))?;
    server.stop()?;
    let mut table = String::from(
        "| clients | answer | per second | p50 | p99 | p99.9 | worst |\n|---:|---|---:|---:|---:|---:|---:|\n",
    );
    for (clients, seen) in [(PLACES, calm), (4 * PLACES, busy)] {
        for (what, times) in [("200", seen.admitted), ("503", seen.refused)] {
            row(&mut table, clients, what, times)?;
        }
    }
    Ok(table)
}

/// So many clients, all at the same time.
async fn crowd(server: &Server, clients: usize) -> Result<Seen, Failure> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + MEASURED;
    let mut running = JoinSet::new();
    for number in 0..clients {
        let client = Client::connect(server.address(), number).await?;
        running.spawn(client.ask(begin, end));
    }
    let mut all = Seen::default();
    while let Some(seen) = running.join_next().await {
        all.add(seen??);
    }
    Ok(all)
}

fn row(
    table: &mut String,
    clients: usize,
    what: &str,
    mut times: Vec<Duration>,
) -> Result<(), Failure> {
    let Some(last) = times.len().checked_sub(1) else {
        return Ok(());
    };
    times.sort_unstable();
    let at = |part: f64| {
        // The smallest that so many are not above.
        let place = (part * times.len() as f64).ceil() as usize;
        times[place.saturating_sub(1).min(last)].as_secs_f64() * 1000.0
    };
    let rate = times.len() as f64 / MEASURED.as_secs_f64();
    writeln!(
        table,
        "| {clients} | {what} | {rate:.0} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms |",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    )?;
    Ok(())
}
