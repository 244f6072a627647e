//! The buffer in which a thread makes its log lines, so that a line costs no allocation.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// A buffer that one huge line has grown beyond this (bytes) is given back.
const KEPT: usize = 64 * 1024;

/// Text under construction. UTF-8 because only text is put in, like a `String`; but digits, which are bytes, go in
/// without being proved to be UTF-8 again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.0.reserve(bytes);
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Appends what the caller knows to be ASCII.
    pub(crate) fn push_ascii(&mut self, ascii: &[u8]) {
        debug_assert!(ascii.is_ascii());
        self.0.extend_from_slice(ascii);
    }

    pub(crate) fn push_text(&mut self, text: &Self) {
        self.0.extend_from_slice(&text.0);
    }

    #[inline]
    pub(crate) fn push(&mut self, character: char) {
        if character.is_ascii() {
            self.0.push(character as u8);
        } else {
            self.push_str(character.encode_utf8(&mut [0; 4]));
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes away the last byte, which must be an ASCII character.
    pub(crate) fn pop_ascii(&mut self) {
        debug_assert!(self.0.last().is_some_and(u8::is_ascii));
        self.0.pop();
    }

    /// Takes away the byte at `at`, which must be an ASCII character.
    pub(crate) fn remove_ascii(&mut self, at: usize) {
        debug_assert!(self.0[at].is_ascii());
        self.0.remove(at);
    }

    /// Puts `text` in at `at`, between two characters.
    pub(crate) fn insert_str(&mut self, at: usize, text: &str) {
        self.0.splice(at..at, text.bytes());
    }

    /// Puts `text` in the place of `range`, which must begin and end between two characters.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: &Self) {
        self.0.splice(range, text.0.iter().copied());
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

thread_local! {
    static BUFFER: RefCell<Text> = const { RefCell::new(Text::new()) };
}

/// Lends the thread's buffer, empty.
///
/// A line that is made while another one is (a `Debug` that logs), or during thread teardown, gets a buffer of its own.
pub(crate) fn with_buffer<R>(make: impl FnOnce(&mut Text) -> R) -> R {
    // Asked first, since `try_with` would take `make` away with it when it fails.
    if BUFFER.try_with(|_| ()).is_err() {
        return make(&mut Text::new());
    }
    BUFFER.with(|buffer| match buffer.try_borrow_mut() {
        Ok(mut buffer) => {
            // Before use, not after: a panic while formatting leaves half a line behind.
            buffer.0.clear();
            let made = make(&mut buffer);
            if buffer.0.capacity() > KEPT {
                *buffer = Text::new();
            }
            made
        }
        Err(_) => make(&mut Text::new()),
    })
}
