//! A session while somebody has it, and its way back.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use deadpool::managed::Object;
use tokio::sync::OwnedSemaphorePermit;

use super::manager::Manager;
use super::session::Fate;
use super::{Driver, Inner, Session};
use crate::places::Place;

/// A session out of the pool. Dropping it gives it back.
///
/// Whatever was left open on it is rolled back, and a statement that still runs is stopped, before anybody else gets it;
/// nothing is waited for on drop.
pub struct Acquired<DB: Driver> {
    // `None` only inside of `drop`.
    session: Option<Object<Manager<DB>>>,
    pool: Arc<Inner<DB>>,
    // Last: the next writer comes when the session is back.
    _turn: Option<OwnedSemaphorePermit>,
}

impl<DB: Driver> Acquired<DB> {
    pub(super) fn new(
        session: Object<Manager<DB>>,
        place: Place<'_>,
        pool: &Arc<Inner<DB>>,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Self {
        // Given back in `one_is_back`.
        place.keep();
        pool.leased.fetch_add(1, Ordering::SeqCst);
        if DB::REMOTE {
            pool.watchdog.wake();
        }
        pool.shared.metrics.used.increment(1);
        Self {
            session: Some(session),
            pool: Arc::clone(pool),
            _turn: turn,
        }
    }
}

impl<DB: Driver> Deref for Acquired<DB> {
    type Target = Session<DB>;

    fn deref(&self) -> &Session<DB> {
        match &self.session {
            Some(session) => session,
            None => unreachable!("a session is there until it is given back"),
        }
    }
}

impl<DB: Driver> DerefMut for Acquired<DB> {
    fn deref_mut(&mut self) -> &mut Session<DB> {
        match &mut self.session {
            Some(session) => session,
            None => unreachable!("a session is there until it is given back"),
        }
    }
}

impl<DB: Driver> fmt::Debug for Acquired<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Acquired").field(&**self).finish()
    }
}

impl<DB: Driver> Drop for Acquired<DB> {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else {
            return;
        };
        let generation = self.pool.shared.generation.load(Ordering::Acquire);
        match session.release(generation) {
            Fate::Free => {
                let _back = Back(&*self.pool);
                session.rest();
                drop(session);
            }
            Fate::Lost => {
                let _back = Back(&*self.pool);
                drop(Object::take(session));
            }
            // Its place in the pool stays taken for so long.
            Fate::Dirty => {
                let back = Back(Arc::clone(&self.pool));
                match tokio::runtime::Handle::try_current() {
                    Ok(runtime) => {
                        runtime.spawn(async move {
                            match session.clean().await {
                                Ok(()) => {
                                    session.rest();
                                    drop(session);
                                }
                                Err(_) => drop(Object::take(session)),
                            }
                            drop(back);
                        });
                    }
                    Err(_) => drop(Object::take(session)),
                }
            }
        }
    }
}

/// One session that is out, counted down when the session is back. Whoever closes the pool waits for it.
struct Back<P: Deref<Target: Lender>>(P);

impl<P: Deref<Target: Lender>> Drop for Back<P> {
    fn drop(&mut self) {
        self.0.one_is_back();
    }
}

/// What gives sessions out.
trait Lender {
    fn one_is_back(&self);
}

impl<DB: Driver> Lender for Inner<DB> {
    fn one_is_back(&self) {
        self.shared.metrics.used.decrement(1);
        self.places.give_back();
        self.leased.fetch_sub(1, Ordering::Release);
        if self.sessions.is_closed() {
            self.returned.notify_one();
        }
    }
}
