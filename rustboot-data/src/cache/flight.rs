//! The loads under way, by key: whoever asks for a key that is being loaded waits for that load.
//!
//! A flight is in here until its load has ended or somebody removed its key. One that is not in here any more may still be
//! waited for, and what it brings is not kept: so nobody who asks after a `remove` gets what was read before it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

/// What a load brought; nothing yet while it is under way.
pub(crate) type Outcome<V, E> = Option<Result<V, E>>;

/// The loads of one cache.
#[derive(Default)]
pub(crate) struct Flights {
    by_key: HashMap<Arc<str>, Vec<Flight>>,
    last: u64,
}

struct Flight {
    id: u64,
    /// What it brings. Two functions may use one key for different types; they do not wait for each other.
    brings: TypeId,
    /// A `watch::Receiver<Outcome<V, E>>`.
    outcome: Box<dyn Any + Send>,
}

/// A flight that has begun.
pub(crate) struct Begun<V, E> {
    pub(crate) id: u64,
    pub(crate) key: Arc<str>,
    pub(crate) sender: watch::Sender<Outcome<V, E>>,
    pub(crate) outcome: watch::Receiver<Outcome<V, E>>,
}

impl Flights {
    /// The load of that key, when there is one that brings this type.
    pub(crate) fn find<V, E>(&self, key: &str) -> Option<watch::Receiver<Outcome<V, E>>>
    where
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let same = self.by_key.get(key)?.iter();
        same.filter(|flight| flight.brings == TypeId::of::<(V, E)>())
            .find_map(|flight| {
                flight
                    .outcome
                    .downcast_ref::<watch::Receiver<Outcome<V, E>>>()
                    .cloned()
            })
    }

    /// Begins one.
    pub(crate) fn begin<V, E>(&mut self, key: &str) -> Begun<V, E>
    where
        V: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let (sender, outcome) = watch::channel(None);
        let key: Arc<str> = key.into();
        self.last += 1;
        self.by_key
            .entry(Arc::clone(&key))
            .or_default()
            .push(Flight {
                id: self.last,
                brings: TypeId::of::<(V, E)>(),
                outcome: Box::new(outcome.clone()),
            });
        Begun {
            id: self.last,
            key,
            sender,
            outcome,
        }
    }

    /// Takes one out. False when it was forgotten before.
    pub(crate) fn end(&mut self, key: &str, id: u64) -> bool {
        let Some(flights) = self.by_key.get_mut(key) else {
            return false;
        };
        let before = flights.len();
        flights.retain(|flight| flight.id != id);
        let was_there = flights.len() < before;
        if flights.is_empty() {
            self.by_key.remove(key);
        }
        was_there
    }

    /// What is being loaded for a key is not kept.
    pub(crate) fn forget(&mut self, key: &str) {
        self.by_key.remove(key);
    }

    /// Nothing that is being loaded is kept.
    pub(crate) fn forget_all(&mut self) {
        self.by_key.clear();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.values().map(Vec::len).sum()
    }
}
