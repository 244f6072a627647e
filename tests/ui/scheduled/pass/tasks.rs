//! Tasks compile without a warning, and their definitions say when they run and where they are.

#![deny(warnings)]

use std::time::Duration;

use rustboot::__private::{TaskDef, Trigger, inventory};
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

fn main() {
    let task = |name: &str| inventory::iter::<TaskDef>().find(|def| def.name == name).unwrap();
    let expire = task("expire");
    assert_eq!(expire.trigger, Trigger::Every(Duration::from_secs(5400)));
    assert_eq!(expire.initial_delay, None);
    assert_eq!(expire.location.line, EXPIRE_LINE);
    assert_eq!((expire.dependencies)().len(), 1);
    let poll = task("poll");
    assert_eq!(poll.trigger, Trigger::Delay(Duration::from_millis(250)));
    assert_eq!(poll.initial_delay, Some(Duration::ZERO));
}
