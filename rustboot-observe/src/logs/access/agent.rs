//! The user agent of a request, as lines want it.
//!
//! The same few come again and again, and each is longer than the rest of what a client says. So a thread remembers some:
//! one that is known is not copied, not proved to be text, and not looked through for what has to be escaped.

use std::cell::RefCell;
use std::sync::Arc;

use crate::logs::buffer::Text;
use crate::logs::format::{Value, json};

/// How much is kept, in bytes: clients choose its length.
const LONGEST: usize = 256;

/// How many a thread remembers, a power of two. A client that invents new ones costs itself the copying.
const REMEMBERED: usize = 32;

/// What the header `user-agent` said, cut at 256 bytes. Clones are cheap and share it.
#[derive(Debug, Clone)]
pub struct UserAgent(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// As it came, but for the length.
    header: Box<[u8]>,
    /// As the inside of a JSON string; what is not UTF-8 is replaced.
    json: Text,
}

thread_local! {
    static KNOWN: RefCell<[Option<UserAgent>; REMEMBERED]> = const { RefCell::new([const { None }; REMEMBERED]) };
}

impl UserAgent {
    /// What the header says. Allocates only when the thread has not had it lately.
    pub fn of(header: &[u8]) -> Self {
        let header = cut(header, LONGEST);
        KNOWN
            .try_with(|known| {
                let Ok(mut known) = known.try_borrow_mut() else {
                    return Self::new(header);
                };
                let place = &mut known[place(header)];
                match place {
                    Some(agent) if *agent.0.header == *header => agent.clone(),
                    _ => place.insert(Self::new(header)).clone(),
                }
            })
            .unwrap_or_else(|_| Self::new(header))
    }

    fn new(header: &[u8]) -> Self {
        let mut json = Text::new();
        json::message(&mut json, Value::Bytes(header));
        Self(Arc::new(Inner {
            header: header.into(),
            json,
        }))
    }

    /// The header as it came, cut.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.header
    }

    /// It as the inside of a JSON string.
    pub(super) fn json(&self) -> &Text {
        &self.0.json
    }
}

/// Where a header is remembered. They differ in their lengths, and in the versions at their ends.
fn place(header: &[u8]) -> usize {
    let end = match header.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => 0,
    };
    let mixed = (end ^ header.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % REMEMBERED
}

/// At most `longest` bytes, without half a character at the end that was whole before.
pub(super) fn cut(text: &[u8], longest: usize) -> &[u8] {
    if text.len() <= longest {
        return text;
    }
    let mut end = longest;
    // A character has at most three bytes behind its first.
    while end > longest - 3 && text[end] & 0b1100_0000 == 0b1000_0000 {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_known_is_not_copied_again() {
        let first = UserAgent::of(b"curl/8.5.0");
        assert!(Arc::ptr_eq(&first.0, &UserAgent::of(b"curl/8.5.0").0));
        // More than are remembered: each is itself all the same.
        for round in 0..3 {
            for number in 0..10 * REMEMBERED {
                let header = format!("agent/{number}.{}", "x".repeat(number % 9));
                let agent = UserAgent::of(header.as_bytes());
                assert_eq!(agent.as_bytes(), header.as_bytes(), "round {round}");
                assert_eq!(agent.json().as_bytes(), header.as_bytes());
            }
        }
        assert_eq!(first.as_bytes(), b"curl/8.5.0");
        assert_eq!(UserAgent::of(b"").as_bytes(), b"");
    }
}
