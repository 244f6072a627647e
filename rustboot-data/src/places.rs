//! How many may have a connection of a pool at once: a number that a reload makes larger or smaller, exactly.
//!
//! deadpool has places of its own, and takes them away only as far as connections are open: of ten places with three connections, a
//! resize to five leaves ten. So these stand in front of its own, which are at least as many.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

/// The places of one pool.
#[derive(Debug)]
pub(crate) struct Places {
    free: Semaphore,
    /// Places that were taken away while somebody had them: so many of those that are given back go.
    owed: AtomicUsize,
    max: Mutex<usize>,
    waiting: AtomicUsize,
}

/// One that is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a Places);

impl Places {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            free: Semaphore::new(max),
            owed: AtomicUsize::new(0),
            max: Mutex::new(max),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for one, in the order of those who come. None when they are closed.
    pub(crate) async fn take(&self) -> Option<Place<'_>> {
        // A free one is none that somebody waits for: those are handed over.
        if let Ok(free) = self.free.try_acquire() {
            free.forget();
            return Some(Place(self));
        }
        let _waiting = Waiting::begin(&self.waiting);
        self.free.acquire().await.ok()?.forget();
        Some(Place(self))
    }

    /// How many wait for one.
    #[cfg(feature = "redis")]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// For one that was kept.
    pub(crate) fn give_back(&self) {
        // A resize in this very moment finds one too many, until the next one is given back.
        if self.owed.load(Ordering::Relaxed) == 0 {
            self.free.add_permits(1);
            return;
        }
        let _alone = self.max.lock().unwrap_or_else(PoisonError::into_inner);
        match self.owed.load(Ordering::Relaxed) {
            0 => self.free.add_permits(1),
            owed => self.owed.store(owed - 1, Ordering::Relaxed),
        }
    }

    /// Makes them so many. Nobody loses the one they have; with fewer, nobody gets one until enough were given back.
    pub(crate) fn resize(&self, max: usize) {
        let mut now = self.max.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = self.owed.load(Ordering::Relaxed);
        if max < *now {
            let fewer = *now - max;
            let left = fewer - self.free.forget_permits(fewer);
            self.owed.store(owed + left, Ordering::Relaxed);
        } else {
            let more = max - *now;
            let forgiven = more.min(owed);
            self.owed.store(owed - forgiven, Ordering::Relaxed);
            self.free.add_permits(more - forgiven);
        }
        *now = max;
    }

    /// Nobody gets one any more.
    pub(crate) fn close(&self) {
        self.free.close();
    }
}

impl Place<'_> {
    /// Leaves it to the caller to give it back.
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Counts one who waits, for as long as it lives.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    pub(crate) fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// How many more can be had now.
    fn left(places: &Places) -> usize {
        let mut got = Vec::new();
        while let Some(Some(place)) = places.take().now_or_never() {
            got.push(place);
        }
        got.len()
    }

    #[test]
    fn they_are_as_many_as_was_said_last() {
        let places = Places::new(10);
        let three = [(); 3].map(|()| places.take().now_or_never().flatten().unwrap());
        places.resize(5);
        assert_eq!(left(&places), 2);
        places.resize(2);
        assert_eq!(left(&places), 0);
        let [first, second, third] = three;
        drop(first);
        assert_eq!(left(&places), 0, "one more was out than there may be");
        drop(second);
        assert_eq!(left(&places), 1);
        // What is owed is not asked for any more.
        places.resize(0);
        places.resize(4);
        assert_eq!(left(&places), 3);
        third.keep();
        assert_eq!(left(&places), 3);
        places.give_back();
        assert_eq!(left(&places), 4);
        let waits = places.take();
        places.close();
        assert!(waits.now_or_never().unwrap().is_none());
    }
}
