//! The request path against bare axum, as a ratio of times: `text/rustboot … [1.02 1.04 1.06]` is 1.04 times bare axum.
//!
//! Times by themselves say more about the machine than about us, and two that are measured one after the other say little
//! more. So requests to both applications alternate in short turns, and the quotient is what criterion samples. The group
//! `axum` has the yardstick in microseconds.
//!
//! Each server is a process of its own with one worker, so that neither criterion nor the client is in its allocator or
//! its runtime; it is reached over one keep-alive connection on loopback. All processes are on one core: only one of them
//! ever has something to do, and waking another core takes up to three times as long as answering (measured in a VM).

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput};
use rustboot_benches::client::Client;
use rustboot_benches::endpoint::Endpoint;
use rustboot_benches::server::Server;
use rustboot_benches::variant::Variant;

/// Requests to one application before it is the other's turn.
const TURN: u64 = 16;

/// A number without a dimension, which a benchmark gives itself.
#[derive(Debug)]
struct Ratio;

impl Measurement for Ratio {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {}

    fn end(&self, (): ()) -> f64 {
        0.0
    }

    fn add(&self, one: &f64, other: &f64) -> f64 {
        one + other
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for Ratio {
    fn scale_values(&self, _: f64, _: &mut [f64]) -> &'static str {
        "x axum"
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "x axum"
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "x axum"
    }
}

/// Puts this process on one core, and says how to put others there.
#[expect(clippy::print_stdout, reason = "the report of a bench goes to stdout")]
fn pin() -> Vec<OsString> {
    let pinned = Command::new("taskset")
        .args(["-cp", "0", &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status();
    if pinned.is_ok_and(|status| status.success()) {
        ["taskset", "-c", "0"].map(OsString::from).into()
    } else {
        // On stdout and in criterion's way, so that it is seen beside the figures.
        println!("taskset is not there or not allowed: the ratios will depend on the scheduler");
        Vec::new()
    }
}

/// The servers, the yardstick first.
fn start() -> [(Variant, Server); Variant::ALL.len()] {
    let pinned = pin();
    Variant::ALL.map(|variant| {
        let serve = [env!("CARGO_BIN_EXE_serve"), variant.name()].map(OsString::from);
        let command_line = [&pinned[..], &serve].concat();
        let server = Server::start(&command_line).expect("the server starts");
        (variant, server)
    })
}

fn connect(server: &Server, endpoint: Endpoint) -> Client {
    Client::connect(server.address(), endpoint).expect("the endpoint answers")
}

fn time(client: &mut Client, requests: u64) -> Duration {
    let start = Instant::now();
    client
        .exchange_times(requests)
        .expect("the endpoint answers");
    start.elapsed()
}

/// `requests` times the ratio, as criterion wants its values to grow with the number of iterations.
fn ratio(bare: &mut Client, candidate: &mut Client, requests: u64) -> f64 {
    let mut times = [Duration::ZERO; 2];
    let mut left = requests;
    while left > 0 {
        let turn = left.min(TURN);
        times[0] += time(bare, turn);
        times[1] += time(candidate, turn);
        left -= turn;
    }
    requests as f64 * times[1].as_secs_f64() / times[0].as_secs_f64()
}

fn configured() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
}

fn main() {
    let servers = start();
    let [(_, axum), candidates @ ..] = &servers;

    let mut yardstick = configured().configure_from_args();
    let mut group = yardstick.benchmark_group("axum");
    for endpoint in Endpoint::WITHOUT_DATABASE {
        let mut client = connect(axum, endpoint);
        group.bench_function(endpoint.name(), |bencher| {
            bencher.iter_custom(|requests| time(&mut client, requests));
        });
    }
    group.finish();

    let mut ratios = configured().with_measurement(Ratio).configure_from_args();
    for endpoint in Endpoint::WITHOUT_DATABASE {
        let mut group = ratios.benchmark_group(endpoint.name());
        let mut bare = connect(axum, endpoint);
        for (variant, server) in candidates {
            let mut candidate = connect(server, endpoint);
            group.bench_function(variant.name(), |bencher| {
                bencher.iter_custom(|requests| ratio(&mut bare, &mut candidate, requests));
            });
        }
        group.finish();
    }
    ratios.final_summary();

    for (_, server) in servers {
        server.stop().expect("the server stops in order");
    }
}
