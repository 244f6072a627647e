//! The request path against bare axum: a group for each endpoint, in it a line for each application. The ratio of the
//! medians of two lines of one group is the figure; the times by themselves say more about the machine.
//!
//! Each server is a process of its own with one worker, so that neither criterion nor the client is in its allocator or
//! its runtime; it is reached over one keep-alive connection on loopback.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rustboot_benches::client::Client;
use rustboot_benches::endpoint::Endpoint;
use rustboot_benches::server::Server;
use rustboot_benches::variant::Variant;

fn request_path(criterion: &mut Criterion) {
    let serve = Path::new(env!("CARGO_BIN_EXE_serve"));
    let servers = Variant::ALL.map(|variant| {
        let server = Server::start(serve, variant, &[]).expect("the server starts");
        (variant, server)
    });
    for endpoint in Endpoint::ALL {
        let mut group = criterion.benchmark_group(endpoint.name());
        for (variant, server) in &servers {
            let mut client =
                Client::connect(server.address(), endpoint).expect("the endpoint answers");
            group.bench_function(variant.name(), |bencher| {
                bencher.iter(|| client.exchange().expect("the endpoint answers").len());
            });
        }
        group.finish();
    }
    for (_, server) in servers {
        server.stop().expect("the server stops in order");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = request_path
}
criterion_main!(benches);
