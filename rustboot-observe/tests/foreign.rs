//! A process whose user installed a subscriber, a recorder and a panic hook before Rustboot came.

#![allow(
    clippy::unwrap_used,
    reason = "a test binary: its helpers are test code too, which clippy only sees in #[test] functions"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use rustboot_observe::logs::{LogConfig, LogFormat, LogWriter, Logs};
use rustboot_observe::metrics::{Metrics, names};
use tempfile::NamedTempFile;

#[test]
fn nothing_of_the_users_is_replaced() {
    static HOOKED: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|_| {
        HOOKED.fetch_add(1, Ordering::SeqCst);
    }));
    let recorder = PrometheusBuilder::new().build_recorder();
    let users = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();

    let metrics = Metrics::install();
    let file = NamedTempFile::new().unwrap();
    let writer = LogWriter::to(file.reopen().unwrap());
    let logs = Logs::install(&LogConfig::default(), LogFormat::Json, writer).unwrap();
    assert!(!logs.installed() && !metrics.installed());
    assert!(logs.access().enabled());

    assert!(std::thread::spawn(|| panic!("on purpose")).join().is_err());
    assert_eq!(
        HOOKED.load(Ordering::SeqCst),
        1,
        "the user's hook logs it, not we"
    );
    assert!(logs.flush(Duration::from_secs(20)));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "");

    metrics.ready(true);
    metrics.upkeep();
    let text = metrics.render();
    assert!(
        text.starts_with("# metrics go to another recorder"),
        "{text}"
    );
    assert!(!text.contains(names::APP_READY));
    let theirs = users.render();
    assert!(
        theirs.contains("panics_total 1") && theirs.contains("app_ready 1"),
        "{theirs}"
    );
}
