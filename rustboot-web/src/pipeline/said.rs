//! What the pipeline said last to whoever polls it: that there is something to send, or that there is nothing yet.
//!
//! HTTP/2's streams need it. hyper does not tell whether a stream waits for us or for its client, and the listener has to give
//! up those that wait for a client for too long.

use std::cell::Cell;
use std::task::Poll;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was not asked.
    Nothing,
    /// It has nothing to send yet.
    Wait,
    /// It gave the head of an answer, a piece of its body, or its end.
    Gave,
}

thread_local! {
    static LAST: Cell<Said> = const { Cell::new(Said::Nothing) };
}

/// Notes what it says.
#[inline]
pub(super) fn note<T>(said: &Poll<T>) {
    set(match said {
        Poll::Pending => Said::Wait,
        Poll::Ready(_) => Said::Gave,
    });
}

/// Runs a poll, and looks what was said in it.
#[inline]
pub(crate) fn during<T>(poll: impl FnOnce() -> T) -> (T, Said) {
    set(Said::Nothing);
    let polled = poll();
    let said = LAST.try_with(Cell::get).unwrap_or(Said::Nothing);
    (polled, said)
}

#[inline]
fn set(said: Said) {
    // While a thread ends nobody asks any more.
    let _gone = LAST.try_with(|last| last.set(said));
}
