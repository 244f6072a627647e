//! The in-flight limit of a route: a bulkhead, so that one slow route does not take all the room there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::Counter;

/// Lets so many in at a time.
pub(crate) struct Gate {
    limit: usize,
    inside: AtomicUsize,
    shed: Counter,
}

impl Gate {
    /// `scope` says in the metrics where requests were refused: `GET /reports`.
    pub(crate) fn new(limit: usize, scope: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            inside: AtomicUsize::new(0),
            shed: metrics::counter!("http_route_requests_shed_total", "scope" => scope.into()),
        })
    }

    /// A place, while there is one. Dropping it gives it back.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Permit> {
        let mut inside = self.inside.load(Ordering::Relaxed);
        loop {
            if inside >= self.limit {
                self.shed.increment(1);
                return None;
            }
            // Counting first and giving back on refusal would let a burst of refused requests refuse one that has room.
            match self.inside.compare_exchange_weak(
                inside,
                inside + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(Permit(Arc::clone(self))),
                Err(now) => inside = now,
            }
        }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("limit", &self.limit)
            .field("inside", &self.inside)
            .finish_non_exhaustive()
    }
}

/// A place behind a [`Gate`].
#[derive(Debug)]
pub(crate) struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_given_back_is_taken_again() {
        let gate = Gate::new(2, "test");
        let first = gate.enter().unwrap();
        let second = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        assert!(
            gate.enter().is_none(),
            "who was refused must not take a place"
        );
        drop(first);
        let third = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        drop((second, third));
        assert_eq!(gate.inside.load(Ordering::Relaxed), 0);
    }
}
