//! Checks of all kinds compile without a warning, and their definitions say what they look at, and where they are.

#![deny(warnings)]

use std::time::Duration;

use rustboot::__private::{HealthDef, inventory};
use rustboot::prelude::*;

struct Gate;

const PAYMENTS_LINE: u32 = line!() + 2;
#[health("payments", critical = false, timeout = "500ms")]
async fn payments(#[named("eu")] gate: Inject<Gate>, all: Vec<Inject<Gate>>) -> Health {
    let _ = (&*gate, all);
    Health::up()
}

#[health("queue", crate = rustboot)]
async fn queue() -> std::io::Result<()> {
    Ok(())
}

#[health("stock.eu")]
async fn stock(_app: AppContext) -> Result<Health> {
    Ok(Health::degraded("low"))
}

#[test]
fn a_definition_says_what_it_looks_at() {
    let check = |name: &str| {
        inventory::iter::<HealthDef>()
            .find(|def| def.location.file == file!() && def.name == name)
            .unwrap()
    };
    let payments = check("payments");
    assert_eq!(
        (payments.critical, payments.timeout),
        (false, Some(Duration::from_millis(500)))
    );
    assert_eq!(payments.location.line, PAYMENTS_LINE);
    assert_eq!((payments.dependencies)().len(), 2);
    assert_eq!(
        (check("queue").critical, check("queue").timeout),
        (true, None)
    );
    assert!((check("stock.eu").dependencies)().is_empty());
}
