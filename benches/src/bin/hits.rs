//! What a hit of the cache costs: instructions and allocations, counted by callgrind, and nanoseconds. The README says more.
//!
//! `hits` is the whole of it. `hits CASE [URL]` is what it runs for each case, inside callgrind: some hits to warm up, the end of a
//! phase, the hits that count, the end of a phase. Everything happens on one thread, which nobody else gets in the meantime: what
//! the cache does now and then in the background of an application is not in the figures, what a hit does itself is.

use std::ffi::OsString;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use rustboot::{App, Cache, Sources};
use rustboot_benches::callgrind::Totals;
use rustboot_benches::server::PHASE_FUNCTION;
use rustboot_servers::Redis;

/// Hits of a phase.
const HITS: u32 = 10_000;
/// Hits whose time is taken, and how often: the best counts.
const TIMED: u32 = 200_000;
const ROUNDS: u32 = 10;

const KEY: &str = "rate:EUR";

type Failure = Box<dyn std::error::Error>;

/// How a value is asked for.
#[derive(Debug, Clone, Copy)]
enum Case {
    /// By a key that is there.
    GetOrLoad,
    /// By a function, which makes the key.
    Cached,
}

impl Case {
    const ALL: [Self; 2] = [Self::GetOrLoad, Self::Cached];

    const fn name(self) -> &'static str {
        match self {
            Self::GetOrLoad => "get_or_load",
            Self::Cached => "#[cached]",
        }
    }

    async fn hit(self, cache: &Cache) -> rustboot::Result<u64> {
        match self {
            Self::GetOrLoad => {
                cache
                    .get_or_load(black_box(KEY), None, || async { Ok(7) })
                    .await
            }
            Self::Cached => rate(cache, black_box("EUR")).await,
        }
    }
}

#[rustboot::cached(key = "rate:{currency}")]
async fn rate(cache: &Cache, currency: &str) -> rustboot::Result<u64> {
    Ok(currency.len() as u64)
}

/// What has the cache.
struct Rates(Cache);

#[rustboot::component]
fn rates(cache: Cache) -> Rates {
    Rates(cache)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [] => all(),
        [case] => one(case, None),
        [case, url] => one(case, Some(url)),
        _ => Err("usage: hits [CASE [URL]]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody to tell it to.
            writeln!(io::stderr(), "hits: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Prints the table.
fn all() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let redis = Redis::start()?;
    let mut out = io::stdout().lock();
    writeln!(out, "| hit by | tiers | instructions | allocations | ns |")?;
    writeln!(out, "|---|---|---:|---:|---:|")?;
    for case in Case::ALL {
        for (tiers, url) in [("memory", None), ("memory and Redis", Some(redis.url()))] {
            let totals = counted(case, url.as_deref(), folder.path())?;
            let took = on_one_thread(url.as_deref(), async |cache| timed(case, cache).await)?;
            let per_hit = |count: u64| count as f64 / f64::from(HITS);
            writeln!(
                out,
                "| {} | {tiers} | {:.0} | {:.2} | {:.0} |",
                case.name(),
                per_hit(totals.instructions),
                per_hit(totals.allocations + totals.reallocations),
                took.as_secs_f64() * 1e9 / f64::from(TIMED),
            )?;
        }
    }
    Ok(())
}

fn counted(case: Case, url: Option<&str>, folder: &Path) -> Result<Totals, Failure> {
    let dumps = folder.join("hits");
    let mut to = OsString::from("--callgrind-out-file=");
    to.push(&dumps);
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--dump-before=*{PHASE_FUNCTION}*"))
        .arg(to)
        .arg(std::env::current_exe()?)
        .arg(case.name())
        .args(url)
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned().into());
    }
    let dump = std::fs::read_to_string(dumps.with_extension("2"))?;
    Totals::parse(&dump).ok_or_else(|| "callgrind wrote no totals".into())
}

/// Inside of callgrind.
fn one(case: &str, url: Option<&str>) -> Result<(), Failure> {
    let case = Case::ALL.into_iter().find(|known| known.name() == case);
    let case = case.ok_or("there is no such case")?;
    on_one_thread(url, async |cache| {
        for _ in 0..2 {
            for _ in 0..HITS {
                black_box(case.hit(cache).await)?;
            }
            phase_ends();
        }
        Ok(())
    })
}

async fn timed(case: Case, cache: &Cache) -> rustboot::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..TIMED {
            black_box(case.hit(cache).await)?;
        }
        best = best.min(began.elapsed());
    }
    Ok(best)
}

/// Asks the cache of an application that runs, with its metrics.
fn on_one_thread<T>(
    url: Option<&str>,
    ask: impl AsyncFnOnce(&Cache) -> rustboot::Result<T>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let nothing = tempfile::tempdir()?;
        let mut app = App::builder();
        app.info(rustboot::app_info!())
            .sources(Sources::empty(nothing.path()))
            .override_value("server.host", "127.0.0.1")
            .override_value("server.port", "0")
            .override_value("log.level", "off")
            .override_value("cache.ttl", "1h")
            .override_value("lifecycle.drain_delay", "0s");
        if let Some(url) = url {
            app.override_value("redis.url", url);
        }
        let said = |error: &dyn std::fmt::Display| Failure::from(error.to_string());
        let assembly = app.assemble().await.map_err(|error| said(&error))?;
        let running = assembly.start().await.map_err(|error| said(&error))?;
        let rates = running
            .context()
            .component::<Rates>()
            .ok_or("there is no cache")?;
        let outcome = ask(&rates.0).await.map_err(|error| said(&error));
        running.stop().await;
        outcome
    })
}

/// Does nothing: callgrind knows it by its name, and writes down what it has counted since the last time.
#[inline(never)]
fn phase_ends() {
    black_box(());
}
