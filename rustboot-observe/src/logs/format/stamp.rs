//! The time of a line. Formats the second once per thread and second; what is left per line are the digits behind it.
//!
//! Always UTC: the time zone database is not linked, and lines of several machines sort by text.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use jiff::{Timestamp, tz::Offset};

use super::number::push_padded;

/// `2026-01-31T12:34:56`
const LENGTH: usize = 19;

thread_local! {
    // No destructor, so it can be used to the very end of the thread.
    static SECOND: Cell<(u64, [u8; LENGTH])> = const { Cell::new((u64::MAX, [0; LENGTH])) };
}

/// Appends the present time as RFC 3339 with microseconds: `2026-01-31T12:34:56.123456Z`.
pub(super) fn push_rfc3339(out: &mut String) {
    let now = now();
    out.push_str(text(&second(now.as_secs())));
    out.push('.');
    push_padded(out, u64::from(now.subsec_micros()), 6);
    out.push('Z');
}

/// Appends the present time of day: `12:34:56.123`.
pub(super) fn push_clock(out: &mut String) {
    let now = now();
    out.push_str(text(&second(now.as_secs())[11..]));
    out.push('.');
    push_padded(out, u64::from(now.subsec_millis()), 3);
}

/// A clock before 1970 counts as 1970.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

fn text(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap_or_default()
}

/// Date and time up to the second.
fn second(seconds: u64) -> [u8; LENGTH] {
    let (cached, text) = SECOND.get();
    if cached == seconds {
        return text;
    }
    let text = format_second(seconds);
    SECOND.set((seconds, text));
    text
}

fn format_second(seconds: u64) -> [u8; LENGTH] {
    // Beyond the year 9999 the clock is wrong anyway.
    let timestamp = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or_default();
    let civil = Offset::UTC.to_datetime(timestamp);
    let mut text = *b"0000-00-00T00:00:00";
    let mut put = |at: usize, number: i16, width: usize| {
        let mut rest = number.unsigned_abs();
        for digit in text[at..at + width].iter_mut().rev() {
            // Below ten, so nothing is cut.
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    };
    put(0, civil.year(), 4);
    put(5, civil.month().into(), 2);
    put(8, civil.day().into(), 2);
    put(11, civil.hour().into(), 2);
    put(14, civil.minute().into(), 2);
    put(17, civil.second().into(), 2);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_jiff() {
        for seconds in [
            0,
            951_782_399,
            951_782_400,
            1_709_164_800,
            1_767_225_599,
            253_402_207_199,
        ] {
            let expected = Timestamp::from_second(seconds as i64).unwrap().to_string();
            assert_eq!(format!("{}Z", text(&format_second(seconds))), expected);
        }
    }

    #[test]
    fn the_present_is_the_present() {
        for _ in 0..3 {
            let mut line = String::new();
            push_rfc3339(&mut line);
            assert_eq!(line.len(), "2026-01-31T12:34:56.123456Z".len());
            let parsed: Timestamp = line.parse().unwrap();
            let distance = Timestamp::now().as_microsecond() - parsed.as_microsecond();
            assert!((0..1_000_000).contains(&distance), "{distance} us off");
        }
    }
}
