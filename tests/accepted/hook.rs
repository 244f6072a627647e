//! Hooks compile without a warning, and their definitions say when they run and where they are.

#![deny(warnings)]

use rustboot::__private::{HookDef, HookPhase, inventory};
use rustboot::prelude::*;

struct Catalog;

const WARM_LINE: u32 = line!() + 2;
#[on_start]
async fn warm(catalog: Inject<Catalog>) -> Result<()> {
    let _ = &*catalog;
    Ok(())
}

#[on_stop(crate = rustboot)]
async fn flush(_catalog: Option<Inject<Catalog>>) -> std::io::Result<()> {
    Ok(())
}

#[test]
fn a_definition_says_when_it_runs() {
    let hook = |name: &str| {
        inventory::iter::<HookDef>()
            .find(|def| def.location.file == file!() && def.name == name)
            .unwrap()
    };
    assert_eq!(hook("warm").phase, HookPhase::Start);
    assert_eq!(hook("warm").location.line, WARM_LINE);
    assert_eq!((hook("warm").dependencies)().len(), 1);
    assert_eq!(hook("flush").phase, HookPhase::Stop);
}
