//! The request id: 32 hex digits that we made, or what the client sent.
//!
//! Ids up to 38 characters lie inline, which covers ours, UUIDs and nginx's `$request_id`. It does not know headers.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::trace::hex;

/// What fits beside the length and the tag in 40 bytes.
const INLINE: usize = 38;
/// The longest id that is accepted from outside, in characters.
const LONGEST: usize = 128;

/// The id of one request: 1 to 128 characters of `[A-Za-z0-9._-]`.
///
/// Cheap to clone: no allocation, ever.
#[derive(Clone)]
pub struct RequestId(Kind);

#[derive(Clone)]
enum Kind {
    Inline { length: u8, text: [u8; INLINE] },
    Shared(Arc<str>),
}

impl RequestId {
    /// A new id of 32 lower-case hex digits, 128 random bits. Unique, not secret: the generator is not cryptographic.
    pub fn generate() -> Self {
        let digits = hex::<16, 32>(fastrand::u128(..).to_be_bytes());
        let mut text = [0; INLINE];
        text[..32].copy_from_slice(&digits);
        Self(Kind::Inline { length: 32, text })
    }

    /// Takes over an id from outside. `None` unless it is 1 to 128 characters of `[A-Za-z0-9._-]`, so that no id can
    /// forge a log line or a header. Allocates only above 38 characters.
    pub fn accept(id: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if id.is_empty() || id.len() > LONGEST || !id.bytes().all(allowed) {
            return None;
        }
        if id.len() > INLINE {
            return Some(Self(Kind::Shared(Arc::from(id))));
        }
        let mut text = [0; INLINE];
        text[..id.len()].copy_from_slice(id.as_bytes());
        let length = u8::try_from(id.len()).ok()?;
        Some(Self(Kind::Inline { length, text }))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever put in, so the default is out of reach.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id as bytes, all of them ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kind::Inline { length, text } => &text[..usize::from(*length)],
            Kind::Shared(text) => text.as_bytes(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RequestId {}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
