//! What waits for one subscriber.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::message::Message;
use super::subscription::Missed;

/// Bounded: when it is full, the oldest message makes room for the newest.
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    limit: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Message>,
    missed: Missed,
    ended: bool,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            limit,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether another one was lost for it.
    pub(super) fn push(&self, message: Message) -> bool {
        let mut state = self.state();
        let full = state.waiting.len() >= self.limit;
        if full {
            state.waiting.pop_front();
            state.missed.overflowed += 1;
        }
        state.waiting.push_back(message);
        drop(state);
        self.arrived.notify_one();
        full
    }

    /// Nobody knows what was published in the meantime.
    #[cfg(feature = "redis")]
    pub(super) fn interrupted(&self) {
        self.state().missed.interruptions += 1;
        self.arrived.notify_one();
    }

    /// Nothing comes any more.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.arrived.notify_one();
    }

    pub(super) fn missed(&self) -> Missed {
        self.state().missed
    }

    /// The next message; `None` at the end.
    pub(super) async fn next(&self) -> Option<Message> {
        loop {
            {
                let mut state = self.state();
                if state.ended {
                    return None;
                }
                if let Some(message) = state.waiting.pop_front() {
                    return Some(message);
                }
            }
            // One who arrives in between leaves a permit.
            self.arrived.notified().await;
        }
    }

    /// The next message, if it is there already.
    pub(super) fn try_next(&self) -> Option<Message> {
        let mut state = self.state();
        match state.ended {
            true => None,
            false => state.waiting.pop_front(),
        }
    }
}
