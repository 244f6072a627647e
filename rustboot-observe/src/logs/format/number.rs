//! Decimal digits without `core::fmt`, whose machinery is many times the work for a number of three digits.

use std::time::Duration;

use crate::logs::buffer::Text;

/// The longest number: `u64::MAX`.
const LONGEST: usize = 20;

/// Appends `number` in decimal.
pub(in crate::logs) fn push_u64(out: &mut Text, mut number: u64) {
    if number < 1_000 {
        // A status, a part of an address, most durations.
        let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10].map(digit);
        if number >= 100 {
            out.push(hundreds.into());
        }
        if number >= 10 {
            out.push(tens.into());
        }
        return out.push(ones.into());
    }
    let mut digits = [b'0'; LONGEST];
    let mut first = LONGEST - 1;
    loop {
        digits[first] = digit(number % 10);
        number /= 10;
        if number == 0 {
            break;
        }
        first -= 1;
    }
    out.push_ascii(&digits[first..]);
}

/// Appends `number` in decimal.
pub(super) fn push_i64(out: &mut Text, number: i64) {
    if number < 0 {
        out.push('-');
    }
    push_u64(out, number.unsigned_abs());
}

/// Appends a duration as milliseconds with three decimals, rounded: `1.234`.
pub(in crate::logs) fn push_millis(out: &mut Text, duration: Duration) {
    let micros = (u64::from(duration.subsec_nanos()) + 500) / 1_000;
    let whole = duration
        .as_secs()
        .saturating_mul(1_000)
        .saturating_add(micros / 1_000);
    push_u64(out, whole);
    let mut decimals = *b".000";
    put(&mut decimals[1..], (micros % 1_000) as u32);
    out.push_ascii(&decimals);
}

/// Writes `number` into `place`, with zeros in front. Digits that do not fit are cut off at the front.
pub(super) fn put(place: &mut [u8], mut number: u32) {
    for byte in place.iter_mut().rev() {
        *byte = digit(u64::from(number % 10));
        number /= 10;
    }
}

fn digit(below_ten: u64) -> u8 {
    b'0' + below_ten as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Text)) -> String {
        let mut out = Text::new();
        push(&mut out);
        String::from_utf8(out.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn agrees_with_fmt() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(text(|out| push_u64(out, number)), number.to_string());
        }
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(text(|out| push_i64(out, number)), number.to_string());
        }
    }

    #[test]
    fn milliseconds_have_three_decimals() {
        for (nanos, expected) in [
            (0, "0.000"),
            (499, "0.000"),
            (500, "0.001"),
            (1_234_567, "1.235"),
            (999_999_999, "1000.000"),
            (61_000_000_000, "61000.000"),
        ] {
            assert_eq!(
                text(|out| push_millis(out, Duration::from_nanos(nanos))),
                expected
            );
        }
        assert!(text(|out| push_millis(out, Duration::MAX)).ends_with(".000"));
    }
}
