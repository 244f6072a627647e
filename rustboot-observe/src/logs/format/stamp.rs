//! The time of a line. Formats the second once per thread and second; what is left per line are the digits behind it.
//!
//! Always UTC: the time zone database is not linked, and lines of several machines sort by text.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use jiff::{Timestamp, tz::Offset};

use super::number::{pair, six, three};
use crate::logs::buffer::Text;

type Second = [u8; 19];

thread_local! {
    // No destructor, so it can be used to the very end of the thread.
    static SECOND: Cell<(u64, Second)> = const { Cell::new((u64::MAX, [0; 19])) };
}

/// The present time as RFC 3339 with microseconds: `2026-01-31T12:34:56.123456Z`.
#[inline]
pub(super) fn rfc3339() -> [u8; 27] {
    let now = now();
    let mut stamp = *b"2026-01-31T12:34:56.123456Z";
    stamp[..19].copy_from_slice(&second(now.as_secs()));
    stamp[20..26].copy_from_slice(&six(now.subsec_micros()));
    stamp
}

/// Appends it.
pub(super) fn push_rfc3339(out: &mut Text) {
    out.push_ascii(&rfc3339());
}

/// Appends the present time of day: `12:34:56.123`.
pub(super) fn push_clock(out: &mut Text) {
    let now = now();
    let mut clock = *b"12:34:56.123";
    clock[..8].copy_from_slice(&second(now.as_secs())[11..]);
    clock[9..].copy_from_slice(&three(now.subsec_millis().into()));
    out.push_ascii(&clock);
}

/// A clock before 1970 counts as 1970.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// Date and time up to the second.
#[inline]
fn second(seconds: u64) -> Second {
    match SECOND.get() {
        (cached, text) if cached == seconds => text,
        _ => another_second(seconds),
    }
}

#[cold]
fn another_second(seconds: u64) -> Second {
    let text = format_second(seconds);
    SECOND.set((seconds, text));
    text
}

fn format_second(seconds: u64) -> Second {
    // Beyond the year 9999 the clock is wrong anyway.
    let timestamp = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or_default();
    let civil = Offset::UTC.to_datetime(timestamp);
    let mut text = *b"2026-01-31T12:34:56";
    let year = u64::from(civil.year().unsigned_abs());
    text[..2].copy_from_slice(&pair(year / 100));
    text[2..4].copy_from_slice(&pair(year % 100));
    let numbers = [
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
    ];
    for (place, number) in text[5..].chunks_mut(3).zip(numbers) {
        place[..2].copy_from_slice(&pair(number.unsigned_abs().into()));
    }
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
            assert_eq!(
                format!("{}Z", std::str::from_utf8(&format_second(seconds)).unwrap()),
                expected
            );
        }
    }

    #[test]
    fn the_present_is_the_present() {
        for _ in 0..3 {
            let mut line = Text::new();
            push_rfc3339(&mut line);
            assert_eq!(line.len(), "2026-01-31T12:34:56.123456Z".len());
            let parsed: Timestamp = std::str::from_utf8(line.as_bytes())
                .unwrap()
                .parse()
                .unwrap();
            let distance = Timestamp::now().as_microsecond() - parsed.as_microsecond();
            assert!((0..1_000_000).contains(&distance), "{distance} us off");
        }
    }
}
