//! Time that stands still.

use std::time::{Duration, Instant};

use super::*;

#[rustboot::test(start_paused = true)]
async fn a_task_runs_when_its_time_has_come(app: TestApp) {
    let sweeps = app.component::<Sweeps>();
    let ran = || sweeps.0.load(Ordering::Relaxed);
    // Real time passes, and nothing is due.
    app.get("/about").await.assert_success();
    assert_eq!(ran(), 0);
    app.advance(Duration::from_secs(3599)).await;
    assert_eq!(ran(), 0);
    app.advance(Duration::from_secs(2)).await;
    assert_eq!(ran(), 1);
    app.advance(Duration::from_secs(10 * 3600)).await;
    assert_eq!(ran(), 11);
}

#[rustboot::test(start_paused = true)]
async fn a_sleep_ends_when_the_test_says_so(app: TestApp) {
    let began = Instant::now();
    let sleep = rustboot::tokio::time::sleep(Duration::from_secs(3600));
    let passing = async {
        app.wait_until("some real time", async || {
            began.elapsed() > Duration::from_millis(50)
        })
        .await;
        let before = rustboot::tokio::time::Instant::now();
        app.advance(Duration::from_secs(3601)).await;
        before.elapsed()
    };
    let ((), passed) = rustboot::tokio::join!(sleep, passing);
    assert_eq!(passed, Duration::from_secs(3601));
    assert!(began.elapsed() < Duration::from_secs(30));
}
