//! Background tasks compile without a warning, and know whether they take a `Shutdown`, whatever it is called there.

#![deny(warnings)]

use rustboot::__private::{BackgroundDef, inventory};
use rustboot::Restart;
use rustboot::prelude::*;

struct Queue;
type Stop = Shutdown;

const CONSUMER_LINE: u32 = line!() + 2;
#[task(restart = "on-failure")]
async fn consumer(queue: Inject<Queue>, stop: Stop) -> Result<()> {
    let _ = &*queue;
    stop.requested().await;
    Ok(())
}

#[task(restart = "fail-app", name = "orders", crate = rustboot)]
async fn needed(_queue: Inject<Queue>) {}

#[task]
async fn plain() {}

#[test]
fn a_definition_says_whether_it_ends_itself() {
    let task = |name: &str| {
        inventory::iter::<BackgroundDef>()
            .find(|def| def.location.file == file!() && def.name == name)
            .unwrap()
    };
    let consumer = task("consumer");
    assert_eq!(consumer.restart, Restart::OnFailure);
    assert!((consumer.ends_itself)());
    assert_eq!((consumer.dependencies)().len(), 1);
    assert_eq!(consumer.location.line, CONSUMER_LINE);
    let needed = task("orders");
    assert_eq!(needed.restart, Restart::FailApp);
    assert!(!(needed.ends_itself)());
    assert!(!(task("plain").ends_itself)());
}
