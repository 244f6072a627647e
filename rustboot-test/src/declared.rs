//! What a test is about: the application of its package.

use rustboot_core::app::{AppDef, Configure};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, AppInfo};
use rustboot_observe::Capture;

/// Makes a builder with all modules in it, as the facade does for production, but with telemetry that is captured. `None` for
/// an application whose `main` adds nothing.
pub type MakeApp = fn(AppInfo, Option<Configure>, Capture) -> AppBuilder;

/// The facade, which knows all modules.
#[derive(Debug, Clone, Copy)]
pub struct Facade {
    /// Its modules.
    pub make: MakeApp,
    /// Whether anything at all was collected by macros, routes included.
    pub has_items: bool,
}

/// What `#[rustboot::test]` knows of where it stands.
#[derive(Debug, Clone, Copy)]
pub struct TestDef {
    /// The path of the test function.
    pub name: &'static str,
    /// Where it is.
    pub location: Location,
    /// The package, as `#[rustboot::app]` in it would fill it in. For tests of a library whose application is in a binary.
    pub info: AppInfo,
    /// The folder of the package, with `config/` and `migrations/`.
    pub folder: &'static str,
}

/// The application to test: the one that `#[rustboot::app]` declares, when it is linked into the test.
///
/// # Panics
/// When there are several and none is that of the package.
pub(crate) fn application(def: &TestDef) -> (AppInfo, Option<Configure>) {
    let all: Vec<&AppDef> = AppDef::all().collect();
    let ours: Vec<&&AppDef> = all
        .iter()
        .filter(|app| app.info.name == def.info.name)
        .collect();
    match (ours.as_slice(), all.as_slice()) {
        ([app], _) => (*app.info, Some(app.configure)),
        ([], [app]) => (*app.info, Some(app.configure)),
        ([], []) => (def.info, None),
        _ => {
            let places = all.iter().filter_map(|app| app.info.location);
            let places: Vec<String> = places.map(|place| place.to_string()).collect();
            panic!(
                "there are several `#[rustboot::app]` in this test: {}; a test is about one of them",
                places.join(", ")
            )
        }
    }
}

/// What to say of a test to which no application is linked.
///
/// # Panics
/// That is what it is for.
pub(crate) fn nothing_is_linked(def: &TestDef) -> ! {
    let krate = def.info.name.replace('-', "_");
    panic!(
        "there is nothing to test: no handler, component, task or hook is linked into this test\n\
         help: a library that a test does not name is not linked; write `use {krate} as _;` in the file of the test\n\
         help: a binary cannot be linked into a file of tests/; move its modules to src/lib.rs, or its tests beside them"
    )
}
