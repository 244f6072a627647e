//! Names of the configuration as names of components, which live as long as the process.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A name that lives as long as the process. The names of a configuration are few, and the same in every application of a
/// process; each is kept once.
pub(crate) fn kept(name: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    match all.get(name) {
        Some(name) => name,
        None => {
            let name: &'static str = Box::leak(name.into());
            all.insert(name);
            name
        }
    }
}
