//! Cron expressions compile without a warning.

#![deny(warnings)]

use rustboot::__private::{TaskDef, Trigger, inventory};
use rustboot::prelude::*;

#[scheduled(cron = "0 3 * * *", zone = "Europe/Berlin")]
async fn nightly() {}

#[scheduled(cron = "${cleanup.cron:-@daily}", crate = rustboot)]
async fn configured() {}

#[test]
fn a_definition_says_when_it_runs() {
    let trigger = |name: &str| {
        inventory::iter::<TaskDef>()
            .find(|def| def.location.file == file!() && def.name == name)
            .unwrap()
            .trigger
    };
    assert_eq!(
        trigger("nightly"),
        Trigger::Cron {
            expression: "0 3 * * *",
            zone: "Europe/Berlin"
        }
    );
    assert_eq!(
        trigger("configured"),
        Trigger::Cron {
            expression: "${cleanup.cron:-@daily}",
            zone: "UTC"
        }
    );
}
