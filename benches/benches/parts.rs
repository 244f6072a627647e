//! What the parts of a request cost by themselves, in nanoseconds: to see which of them a change has made slower. The whole is in
//! `request_path`, and what CI holds is counted, not timed (`benches/count`).
//!
//! The application is one that runs, so that what is looked up is looked up among the things that a real one has.

use std::hint::black_box;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rustboot::axum::body::Body;
use rustboot::axum::response::IntoResponse;
use rustboot::observe::correlation::{Correlation, RequestId};
use rustboot::observe::logs::{
    AccessRecord, AccessRoute, ClientAddress, LogConfig, LogFormat, LogWriter, Logs, UserAgent,
};
use rustboot::prelude::*;
use rustboot::{App, Sources};
use tokio::runtime::Runtime;

/// A section that a handler reads.
#[config(prefix = "bench")]
struct Limits {
    /// How many at once.
    #[config(default = 16)]
    items: u32,
}

/// Something that a handler is given.
struct Catalog {
    items: u32,
}

#[component]
fn catalog(limits: Config<Limits>) -> Catalog {
    Catalog {
        items: limits.items,
    }
}

fn ids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ids");
    group.bench_function("generate", |bencher| bencher.iter(RequestId::generate));
    let given = "b7ad6b71-6924-4d3a-9a0b-0c1d2e3f4a5b";
    group.bench_function("accept", |bencher| {
        bencher.iter(|| RequestId::accept(black_box(given)));
    });
    let mut correlation = Correlation::new(RequestId::generate());
    group.bench_function("enter", |bencher| {
        bencher.iter(|| drop(black_box(correlation.enter())));
    });
    group.finish();
}

fn access_log(criterion: &mut Criterion) {
    let route = AccessRoute::new("GET", "/users/{id}");
    let client = ClientAddress::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let agent = UserAgent::of(b"curl/7.88.1");
    let record = AccessRecord {
        route: &route,
        method: "GET",
        path: "/users/4711",
        status: 200,
        duration: Duration::from_micros(1_234),
        bytes: 9,
        client_ip: Some(&client),
        user_agent: Some(&agent),
        aborted: false,
    };
    let correlation = Correlation::new(RequestId::generate());
    let mut group = criterion.benchmark_group("access_log");
    for format in [LogFormat::Json, LogFormat::Logfmt] {
        let writer = LogWriter::to(io::sink());
        let logs = Logs::install(&LogConfig::default(), format, writer).expect("the filter is one");
        let log = logs.access();
        group.bench_function(format!("{format:?}"), |bencher| {
            bencher.iter(|| log.write(black_box(&record), &correlation));
        });
    }
    group.finish();
}

fn problems(criterion: &mut Criterion) {
    criterion.bench_function("error/to_response", |bencher| {
        bencher.iter(|| {
            let error = Error::not_found(format!("there is no item {}", black_box(4711)));
            error.into_response().map(|body: Body| drop(body))
        });
    });
}

fn application(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let nothing = tempfile::tempdir().expect("a folder");
    let running = runtime.block_on(async {
        let mut app = App::builder();
        app.info(rustboot::app_info!())
            .sources(Sources::empty(nothing.path()))
            .override_value("server.host", "127.0.0.1")
            .override_value("server.port", "0")
            .override_value("log.level", "off")
            .override_value("lifecycle.drain_delay", "0s");
        let assembly = app.assemble().await.expect("it can be assembled");
        assembly.start().await.expect("it starts")
    });
    let context = running.context();
    let limits = context.config::<Limits>().expect("the section is known");
    let mut group = criterion.benchmark_group("application");
    group.bench_function("read a configured value", |bencher| {
        bencher.iter(|| black_box(&limits).items);
    });
    group.bench_function("find a component", |bencher| {
        bencher.iter(|| context.component::<Catalog>().map(|catalog| catalog.items));
    });
    group.bench_function("record a duration", |bencher| {
        let histogram = rustboot::metrics::histogram!("bench_duration_seconds");
        bencher.iter(|| histogram.record(black_box(0.0123)));
    });
    group.finish();
    runtime.block_on(running.stop());
}

criterion_group! {
    name = parts;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = ids, access_log, problems, application
}
criterion_main!(parts);
