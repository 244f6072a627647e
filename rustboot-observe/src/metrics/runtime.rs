//! The figures of the tokio runtime that the scrape runs on: the stable ones, which need no `tokio_unstable`.

use tokio::runtime::Handle;

use super::exposition::Exposition;
use super::names;

/// Appends the `tokio_*` families; none outside of a runtime.
pub(super) fn render(out: &mut Exposition<'_>) {
    let Ok(handle) = Handle::try_current() else {
        return;
    };
    let metrics = handle.metrics();
    out.single(names::TOKIO_WORKERS, metrics.num_workers());
    out.single(names::TOKIO_ALIVE_TASKS, metrics.num_alive_tasks());
    out.single(
        names::TOKIO_GLOBAL_QUEUE_DEPTH,
        metrics.global_queue_depth(),
    );
    // tokio has them only where a counter of 64 bits is atomic.
    #[cfg(target_has_atomic = "64")]
    {
        let workers = 0..metrics.num_workers();
        let busy = |worker| {
            (
                worker,
                metrics.worker_total_busy_duration(worker).as_secs_f64(),
            )
        };
        out.labelled(
            names::TOKIO_WORKER_BUSY_SECONDS,
            "worker",
            workers.clone().map(busy),
        );
        let parks = |worker| (worker, metrics.worker_park_count(worker));
        out.labelled(names::TOKIO_WORKER_PARKS, "worker", workers.map(parks));
    }
}
