//! Clients that mean harm: slow, silent, endless, malformed, or all of HTTP/2's tricks. The service goes on serving others, its
//! memory is bounded, and nothing panics.
//!
//! What is measured is printed, for `--nocapture`.

mod bodies;
mod floods;
mod fuzz;
mod overload;
mod slow;
mod smuggling;
mod tiny;
mod windows;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::harness::{Process, Service, within};
use crate::http::{Connection, Request};

/// Somebody who means no harm, and wants an answer all the time. Each of its requests has to be answered, on a connection that it
/// keeps and on a new one.
pub(crate) struct Witness {
    over: Arc<AtomicBool>,
    task: JoinSet<(Vec<Duration>, u64)>,
    before: u64,
}

impl Witness {
    pub(crate) async fn of(service: &Service) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (address, until) = (service.address.clone(), Arc::clone(&over));
        // Everything that is needed once is there before the memory is looked at.
        for _ in 0..20 {
            assert_eq!(service.get("/text").await.status, 200);
        }
        let before = Process::memory(service.pid());
        let pid = service.pid();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut kept = Connection::open(&address).await.unwrap();
            let (mut took, mut most) = (Vec::new(), 0);
            while !until.load(Ordering::Relaxed) {
                let at = Instant::now();
                let answer = kept.send(&Request::get("/text")).await.unwrap();
                assert_eq!(answer.status, 200);
                let mut fresh = Connection::open(&address).await.unwrap();
                let answer = fresh.send(&Request::get("/text")).await.unwrap();
                assert_eq!(answer.status, 200);
                took.push(at.elapsed() / 2);
                most = most.max(Process::memory(pid));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            (took, most)
        });
        Self { over, task, before }
    }

    /// How much memory the service has taken since the beginning.
    pub(crate) fn growth(&self, service: &Service) -> u64 {
        Process::memory(service.pid()).saturating_sub(self.before)
    }

    /// The end of the attack: the service has gone on, has grown by `limit` MiB at most at any time, and nothing has panicked.
    pub(crate) async fn ends_well(mut self, what: &str, service: &Service, limit: u64) {
        self.over.store(true, Ordering::Relaxed);
        let (mut took, most) = within("the witness", self.task.join_next())
            .await
            .unwrap()
            .unwrap();
        let growth = most.saturating_sub(self.before);
        took.sort_unstable();
        assert!(!took.is_empty(), "{what}: nobody was served meanwhile");
        let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
        println!(
            "{what}: {} requests of others, p50 {median:?}, worst {worst:?}; memory +{:.1} MiB",
            2 * took.len(),
            growth as f64 / f64::from(1 << 20)
        );
        assert!(worst < Duration::from_secs(5), "{what}: {worst:?}");
        assert!(growth < limit << 20, "{what}: {growth} bytes more");
        let metrics = service.metrics().await;
        assert_eq!(metrics.value("panics_total", &[]), Some(0.0), "{what}");
    }
}
