//! Tasks compile without a warning, and their definitions say when they run and where they are.

#![deny(warnings)]

use std::time::Duration;

use rustboot::__private::{Overlap, Period, TaskDef, TaskOptions, Trigger, inventory};
use rustboot::prelude::*;

struct Catalog;

const EXPIRE_LINE: u32 = line!() + 2;
#[scheduled(every = "1h30m")]
async fn expire(catalog: Inject<Catalog>) -> Result<()> {
    let _ = &*catalog;
    Ok(())
}

#[scheduled(delay = "250ms", initial_delay = "0s", crate = rustboot)]
async fn poll() {}

#[scheduled(every = "1m", singleton)]
async fn settle() {}

#[scheduled(
    every = "${report.every:-15m}",
    name = "nightly-report",
    jitter = "5s",
    timeout = "${report.timeout}",
    overlap = "allow",
    max_concurrent = 3,
    enabled = "${report.enabled:-true}"
)]
async fn report() {}

#[test]
fn a_definition_says_when_it_runs() {
    let task = |name: &str| {
        inventory::iter::<TaskDef>()
            .find(|def| def.location.file == file!() && def.name == name)
            .unwrap()
    };
    let expire = task("expire");
    assert_eq!(
        expire.trigger,
        Trigger::Every(Period::Fixed(Duration::from_secs(5400)))
    );
    assert_eq!(expire.options, TaskOptions::new());
    assert_eq!(expire.location.line, EXPIRE_LINE);
    assert_eq!((expire.dependencies)().len(), 1);
    let poll = task("poll");
    assert_eq!(
        poll.trigger,
        Trigger::Delay(Period::Fixed(Duration::from_millis(250)))
    );
    let at_once = TaskOptions::new().initial_delay(Period::Fixed(Duration::ZERO));
    assert_eq!(poll.options, at_once);
    assert_eq!(task("settle").options, TaskOptions::new().singleton());
    let report = task("nightly-report");
    assert_eq!(
        report.trigger,
        Trigger::Every(Period::Configured("${report.every:-15m}"))
    );
    assert_eq!(
        report.options,
        TaskOptions::new()
            .jitter(Period::Fixed(Duration::from_secs(5)))
            .timeout(Period::Configured("${report.timeout}"))
            .overlap(Overlap::Allow { max_concurrent: 3 })
            .enabled("${report.enabled:-true}")
    );
}
