//! A bound section that can be replaced while the application runs.
//!
//! Readers hold plain references, so an old value must stay where it is for as long as somebody may look at it. The cell is
//! a chain: a new value is appended, and a reader walks from where it stands to the end, which is one step in almost every
//! process. Values that no reader holds any more are freed with the part of the chain before them.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

struct Version<T> {
    value: T,
    next: OnceLock<Arc<Version<T>>>,
}

impl<T> Version<T> {
    fn new(value: T) -> Arc<Self> {
        Arc::new(Self {
            value,
            next: OnceLock::new(),
        })
    }

    fn latest(&self) -> &Self {
        let mut version = self;
        while let Some(next) = version.next.get() {
            version = next;
        }
        version
    }
}

impl<T> Drop for Version<T> {
    // A long chain would otherwise be dropped by recursion, one stack frame a reload.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(version) = next {
            next = Arc::into_inner(version).and_then(|mut v| v.next.take());
        }
    }
}

/// Where the application keeps a section.
pub(crate) struct ConfigCell<T> {
    latest: ArcSwap<Version<T>>,
}

impl<T> ConfigCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            latest: ArcSwap::new(Version::new(value)),
        }
    }

    pub(crate) fn reader(&self) -> Config<T> {
        Config {
            version: self.latest.load_full(),
        }
    }

    /// Makes `value` the one that every reader sees from now on. Only one caller at a time (the reload task) may do so.
    pub(crate) fn replace(&self, value: T) {
        let next = Version::new(value);
        let last = self.latest.load_full();
        if last.next.set(Arc::clone(&next)).is_ok() {
            self.latest.store(next);
        }
    }
}

/// A section of the configuration, as a component parameter or an extractor: `Config<Shop>` derefs to `Shop`.
///
/// It always shows the present values: after a live reload, the same handle reads the new ones. Two reads may therefore
/// differ; take a copy of what has to stay the same across several.
pub struct Config<T> {
    version: Arc<Version<T>>,
}

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self {
            version: Arc::clone(&self.version),
        }
    }
}

impl<T> Deref for Config<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.version.latest().value
    }
}

impl<T: fmt::Debug> fmt::Debug for Config<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_reader_sees_the_new_value() {
        let cell = ConfigCell::new(1);
        let early = cell.reader();
        let old = &*early;
        for n in 2..=5 {
            cell.replace(n);
        }
        assert_eq!((*old, *early, *cell.reader()), (1, 5, 5));
    }

    #[test]
    fn a_hundred_thousand_reloads_do_not_overflow_the_stack_and_free_what_is_unseen() {
        let canary = Arc::new(());
        let cell = ConfigCell::new(Arc::clone(&canary));
        let early = cell.reader();
        for _ in 0..100_000 {
            cell.replace(Arc::clone(&canary));
        }
        drop(early);
        assert_eq!(Arc::strong_count(&canary), 2, "only the last one is kept");
    }
}
