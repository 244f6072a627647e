//! The text buffer in which a thread makes its log lines, so that a line costs no allocation.

use std::cell::RefCell;

/// A buffer that one huge line has grown beyond this (bytes) is given back.
const KEPT: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lends the thread's buffer, empty.
///
/// A line that is made while another one is (a `Debug` that logs), or during thread teardown, gets a buffer of its own.
pub(crate) fn with_buffer<R>(make: impl FnOnce(&mut String) -> R) -> R {
    // Asked first, since `try_with` would take `make` away with it when it fails.
    if BUFFER.try_with(|_| ()).is_err() {
        return make(&mut String::new());
    }
    BUFFER.with(|buffer| match buffer.try_borrow_mut() {
        Ok(mut buffer) => {
            // Before use, not after: a panic while formatting leaves half a line behind.
            buffer.clear();
            let made = make(&mut buffer);
            if buffer.capacity() > KEPT {
                *buffer = String::new();
            }
            made
        }
        Err(_) => make(&mut String::new()),
    })
}
