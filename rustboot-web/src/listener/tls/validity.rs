//! From when until when a certificate is valid (RFC 5280, section 4.1.2.5).
//!
//! rustls verifies the certificates of others and has no use for the dates of our own. Reading two dates from a fixed place
//! takes less than a parser of X.509 would bring with it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The time during which clients accept a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// Of a certificate in DER. `None` when it is not one.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let mut signed = Elements(Elements(certificate).expect(SEQUENCE)?);
        let mut body = Elements(signed.expect(SEQUENCE)?);
        // The version is absent in certificates of version 1.
        if body.0.first() == Some(&VERSION) {
            body.expect(VERSION)?;
        }
        body.expect(INTEGER)?;
        let _algorithm = body.expect(SEQUENCE)?;
        let _issuer = body.expect(SEQUENCE)?;
        let mut validity = Elements(body.expect(SEQUENCE)?);
        Some(Self {
            begins: time(validity.next()?)?,
            ends: time(validity.next()?)?,
        })
    }
}

/// Elements of DER, one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The tag and the content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let bytes;
            (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            length = bytes.iter().try_fold(0_usize, |length, &byte| {
                length.checked_mul(256)?.checked_add(usize::from(byte))
            })?;
        }
        let content;
        (content, self.0) = rest.split_at_checked(length)?;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .and_then(|(found, content)| (found == tag).then_some(content))
    }
}

/// `YYMMDDHHMMSSZ`, or the same with four digits of the year.
fn time((tag, text): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| -> Option<i8> { rest.get(at..at + 2)?.parse().ok() };
    let time = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}
