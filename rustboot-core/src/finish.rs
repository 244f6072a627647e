//! What has to end with the answer of a request: a transaction that is committed when the answer is a success.
//!
//! Whoever begins such a thing while a request is worked on hands it over here ([`defer`]); whoever works on the request
//! ([`collecting`]) takes it, and ends it ([`Finish::finish`]) once the answer is known and before it goes out. What is dropped
//! instead of finished is taken back: the answer is an error, the handler panicked, the time was up, the client is gone.
//!
//! The two meet in a slot of the thread, for the length of one poll. An entry in the request's extensions would cost every
//! request an allocation; this costs it two stores. It does not order several of them, and it knows no HTTP: what counts as a
//! success is decided by whoever works on the request.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::component::BoxFuture;
use crate::error::{Error, ErrorKind, Result};

/// Something that ends with the answer of a request. Dropping it takes back what it stands for.
pub trait Finish: Send {
    /// The answer is a success: makes it permanent.
    ///
    /// # Errors
    /// When that fails. The error becomes the answer.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// What was deferred in the course of one request, in that order.
#[derive(Default)]
pub struct Deferred(Vec<Box<dyn Finish>>);

impl Deferred {
    /// Whether there is nothing to finish.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a later poll brought.
    pub fn append(&mut self, mut later: Self) {
        self.0.append(&mut later.0);
    }

    /// Finishes all of it, in the order in which it was deferred. At the first failure the rest is taken back.
    ///
    /// # Errors
    /// That failure.
    pub async fn finish(self) -> Result<()> {
        for deferred in self.0 {
            deferred.finish().await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deferred({})", self.0.len())
    }
}

thread_local! {
    /// What every poll asks, and no more than that: it has no destructor, so reaching it takes no look at whether it is alive.
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
    /// What the poll that is under way has deferred so far. Empty whenever the thread polls none.
    static SLOT: RefCell<Vec<Box<dyn Finish>>> = const { RefCell::new(Vec::new()) };
}

/// What the thread is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It polls no request.
    Idle,
    Polling,
    /// It polls one that has deferred something in this very poll.
    Filled,
}

/// Hands over what has to end with the request that this thread is polling right now.
///
/// # Errors
/// When it is polling none: the handler was moved to a task of its own, by `tokio::spawn` or a layer with a buffer. Nobody would
/// finish it there.
pub fn defer(finish: impl Finish + 'static) -> Result<()> {
    if STATE.get() == State::Idle {
        return Err(Error::new(
            ErrorKind::Configuration,
            "nothing can be deferred to the end of the request here: this code does not run in the task of a request, but in a spawned one, or behind a layer with a buffer",
        ));
    }
    SLOT.with(|slot| slot.borrow_mut().push(Box::new(finish)));
    STATE.set(State::Filled);
    Ok(())
}

/// Polls a request, and gives back what was deferred in the course of it, if anything. When the poll panics, that is dropped;
/// whoever catches the panic inside of `poll` gets it. A request may be polled inside of another one.
#[inline]
pub fn collecting<R>(poll: impl FnOnce() -> R) -> (R, Option<Deferred>) {
    let outer = STATE.replace(State::Polling);
    if outer == State::Filled {
        return collecting_inside(poll);
    }
    let back = Back(outer);
    let outcome = poll();
    std::mem::forget(back);
    let deferred = match STATE.replace(outer) {
        State::Filled => Some(Deferred(SLOT.take())),
        _ => None,
    };
    (outcome, deferred)
}

/// The same inside of a request that has deferred something in this very poll: that is put aside meanwhile.
#[cold]
fn collecting_inside<R>(poll: impl FnOnce() -> R) -> (R, Option<Deferred>) {
    /// Puts it back, also when the poll panics.
    struct Aside(Vec<Box<dyn Finish>>);

    impl Drop for Aside {
        fn drop(&mut self) {
            SLOT.set(std::mem::take(&mut self.0));
            STATE.set(State::Filled);
        }
    }

    let _aside = Aside(SLOT.take());
    STATE.set(State::Idle);
    collecting(poll)
}

/// Puts the thread back to what it was doing before a poll that panicked, and drops what that had deferred.
struct Back(State);

impl Drop for Back {
    fn drop(&mut self) {
        if STATE.replace(self.0) == State::Filled {
            drop(SLOT.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what was finished; the upper half counts what was dropped.
    struct Count(Arc<AtomicUsize>, bool);

    impl Finish for Count {
        fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
            self.1 = true;
            Box::pin(async move {
                self.0.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        }
    }

    impl Drop for Count {
        fn drop(&mut self) {
            if !self.1 {
                self.0.fetch_add(1000, Ordering::Relaxed);
            }
        }
    }

    fn count(of: &Arc<AtomicUsize>) -> Count {
        Count(Arc::clone(of), false)
    }

    #[tokio::test]
    async fn what_a_poll_defers_comes_out_of_it_and_nothing_else() {
        let counter = Arc::new(AtomicUsize::new(0));
        defer(count(&counter)).unwrap_err();
        assert_eq!(counter.load(Ordering::Relaxed), 1000);
        let ((), first) = collecting(|| defer(count(&counter)).unwrap());
        let ((), second) = collecting(|| ());
        assert!(second.is_none());
        first.unwrap().finish().await.unwrap();
        assert_eq!(counter.load(Ordering::Relaxed), 1001);
    }

    #[test]
    fn polls_nest_and_a_panic_takes_back() {
        let counter = Arc::new(AtomicUsize::new(0));
        let (inner, outer) = collecting(|| {
            defer(count(&counter)).unwrap();
            let ((), inner) = collecting(|| {
                defer(count(&counter)).unwrap();
                defer(count(&counter)).unwrap();
            });
            let inner = inner.unwrap();
            let caught = std::panic::catch_unwind(|| {
                let counter = Arc::new(AtomicUsize::new(0));
                collecting(|| {
                    defer(count(&counter)).unwrap();
                    panic!("in the middle of a poll");
                })
            });
            assert!(caught.is_err());
            inner
        });
        let outer = outer.unwrap();
        assert_eq!((inner.0.len(), outer.0.len()), (2, 1));
        drop(inner);
        assert_eq!(counter.load(Ordering::Relaxed), 2000);
        defer(count(&counter)).unwrap_err();
    }
}
