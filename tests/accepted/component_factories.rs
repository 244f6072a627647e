//! Factories of all kinds compile without a warning, and their definitions say what they make, from what, and where.

#![deny(warnings)]

use rustboot::__private::{ComponentDef, inventory};
use rustboot::prelude::*;

struct Clock;
struct Catalog;
struct Prices;

const CLOCK_LINE: u32 = line!() + 2;
#[component(name = "utc")]
fn clock() -> Clock {
    Clock
}

type AppResult<T> = std::result::Result<T, std::io::Error>;

const CATALOG_LINE: u32 = line!() + 5;
/// The line of a component is the one of its name, not of an attribute or a keyword.
#[rustfmt::skip]
#[component]
async fn
catalog(clock: Inject<Clock>, prices: Option<Inject<Prices>>) -> AppResult<Catalog> {
    let _ = (&*clock, prices.is_some());
    Ok(Catalog)
}

#[component(crate = rustboot)]
async fn prices() -> Result<Prices> {
    Ok(Prices)
}

#[test]
fn a_definition_says_what_it_makes_and_where() {
    let lines = |name: &str| -> Vec<(u32, usize)> {
        inventory::iter::<ComponentDef>()
            .filter(|def| def.location.file == file!() && (def.key)().to_string() == name)
            .map(|def| (def.location.line, (def.dependencies)().len()))
            .collect()
    };
    assert_eq!(lines("Clock named \"utc\""), [(CLOCK_LINE, 0)]);
    assert_eq!(lines("Catalog"), [(CATALOG_LINE, 2)]);
    assert_eq!(lines("Prices").len(), 1);
}
