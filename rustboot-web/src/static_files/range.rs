//! `Range` and `If-Range` (RFC 9110 14.2, 13.1.5).
//!
//! What is malformed, of another unit, or several ranges at once is as if it were not there, which the RFC allows, or demands: the
//! answer is the whole file. Several ranges would be `multipart/byteranges`, which next to no client asks for and which can make many
//! times a file of one.

use http::{HeaderMap, header};

/// A range of bytes as the client writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// From a byte on, up to another one or to the end.
    From(u64, Option<u64>),
    /// So many from the end.
    Last(u64),
}

impl ByteRange {
    /// What a request wants, if it is one range that we know how to serve.
    pub(super) fn asked(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::RANGE).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        let (unit, range) = value.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        match (first, last) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// Its first and last byte in a file of that size, or nothing when there are none.
    pub(super) fn within(self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        match self {
            Self::From(first, last) => {
                (first <= end).then(|| (first, last.map_or(end, |last| last.min(end))))
            }
            // More than there is means all of it.
            Self::Last(count) => (count > 0).then(|| (size.saturating_sub(count), end)),
        }
    }
}

/// Digits only. What no `u64` holds is beyond every file.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Whether the file is still the one that the client has a part of. Without `If-Range` it does not care.
///
/// The comparison is to the letter: a weak tag says nothing about bytes, and a date counts only as we have written it.
pub(super) fn is_still(asked: &HeaderMap, current: &HeaderMap) -> bool {
    let mut values = asked.get_all(header::IF_RANGE).iter();
    let Some(value) = values.next() else {
        return true;
    };
    let is = |name| current.get(name) == Some(value);
    values.next().is_none()
        && !value.as_bytes().starts_with(b"W/")
        && (is(header::ETAG) || is(header::LAST_MODIFIED))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(values: &[&'static str]) -> Option<ByteRange> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::RANGE, HeaderValue::from_static(value));
        }
        ByteRange::asked(&headers)
    }

    #[test]
    fn one_range_of_bytes_is_understood_and_nothing_else() {
        use ByteRange::{From, Last};
        for (value, expected) in [
            ("bytes=0-0", From(0, Some(0))),
            ("bytes=00-015", From(0, Some(15))),
            ("Bytes = 5-", From(5, None)),
            ("bytes=-7", Last(7)),
            ("bytes=-0", Last(0)),
            ("bytes=99999999999999999999-", From(u64::MAX, None)),
        ] {
            assert_eq!(asked(&[value]), Some(expected), "{value}");
        }
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=2-1",
            "bytes=0-1,3-4",
            "items=0-5",
            "bytes=1 -2",
            "0-5",
        ] {
            assert_eq!(asked(&[value]), None, "{value}");
        }
        assert_eq!(asked(&["bytes=0-0", "bytes=1-1"]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn a_range_is_cut_to_the_file() {
        use ByteRange::{From, Last};
        for (range, size, expected) in [
            (From(0, Some(0)), 1, Some((0, 0))),
            (From(2, Some(5)), 10, Some((2, 5))),
            (From(2, Some(50)), 10, Some((2, 9))),
            (From(9, None), 10, Some((9, 9))),
            (From(10, None), 10, None),
            (From(u64::MAX, None), 10, None),
            (From(0, None), 0, None),
            (Last(3), 10, Some((7, 9))),
            (Last(50), 10, Some((0, 9))),
            (Last(0), 10, None),
        ] {
            assert_eq!(range.within(size), expected, "{range:?} of {size}");
        }
    }

    #[test]
    fn a_part_is_continued_only_of_the_same_file() {
        const DATE: &str = "Fri, 27 Nov 2026 14:00:00 GMT";
        let current = HeaderMap::from_iter([
            (header::ETAG, HeaderValue::from_static("\"a\"")),
            (header::LAST_MODIFIED, HeaderValue::from_static(DATE)),
        ]);
        let is = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_RANGE, HeaderValue::from_static(value));
            }
            is_still(&headers, &current)
        };
        assert!(is(&[]) && is(&["\"a\""]) && is(&[DATE]));
        for stale in [
            "\"b\"",
            "W/\"a\"",
            "a",
            "",
            "*",
            "\"a\", \"b\"",
            "Fri, 27 Nov 2026 14:00:01 GMT",
            "Fri, 27 Nov 2026 13:59:59 GMT",
        ] {
            assert!(!is(&[stale]), "{stale}");
        }
        assert!(!is(&["\"a\"", "\"a\""]));
    }
}
