//! W3C trace and span ids as plain values.
//!
//! They are here so that log lines can carry them; making, sampling and sending spans is not this module's business.

use std::fmt;

/// A W3C trace id: 16 bytes, not all zero. Shown as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// A W3C span id (`parent-id` in `traceparent`): 8 bytes, not all zero. Shown as 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

impl TraceId {
    /// `None` when all bytes are zero, which the specification declares invalid.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// Reads exactly 32 lower-case hex digits, not all zero.
    pub fn parse(digits: &str) -> Option<Self> {
        unhex(digits.as_bytes()).and_then(Self::from_bytes)
    }

    /// The bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) fn digits(self) -> [u8; 32] {
        hex(self.0)
    }
}

impl SpanId {
    /// `None` when all bytes are zero, which the specification declares invalid.
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        (bytes != [0; 8]).then_some(Self(bytes))
    }

    /// Reads exactly 16 lower-case hex digits, not all zero.
    pub fn parse(digits: &str) -> Option<Self> {
        unhex(digits.as_bytes()).and_then(Self::from_bytes)
    }

    /// The bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&hex::<8, 16>(self.0)).unwrap_or_default())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// Lower-case hex digits of `bytes`, whose number is a multiple of four; `D` is twice `B`.
#[inline]
pub(super) fn hex<const B: usize, const D: usize>(bytes: [u8; B]) -> [u8; D] {
    let mut digits = [b'0'; D];
    let (places, _) = digits.as_chunks_mut();
    let (fours, _) = bytes.as_chunks();
    for (place, four) in places.iter_mut().zip(fours) {
        *place = eight_digits(u32::from_be_bytes(*four));
    }
    digits
}

/// The digits of all bytes at once: each request has an id of 32, and digit by digit that is a hundred instructions more.
#[inline]
fn eight_digits(number: u32) -> [u8; 8] {
    // Moves the digits apart, so that each has a byte of its own: by halves, by bytes, by digits.
    let halves = u64::from(number);
    let halves = (halves << 16 | halves) & 0x0000_FFFF_0000_FFFF;
    let bytes = (halves << 8 | halves) & 0x00FF_00FF_00FF_00FF;
    let digits = (bytes << 4 | bytes) & 0x0F0F_0F0F_0F0F_0F0F;
    // A one in each byte of 10 and more: six more than that no longer fits into four bits.
    let letters = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    const TO_LETTER: u64 = (b'a' - b'0' - 10) as u64;
    (digits + 0x3030_3030_3030_3030 + letters * TO_LETTER).to_be_bytes()
}

fn unhex<const B: usize>(digits: &[u8]) -> Option<[u8; B]> {
    // Upper case is not allowed by the specification, hence not `char::to_digit`.
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * B {
        return None;
    }
    let mut bytes = [0; B];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}
