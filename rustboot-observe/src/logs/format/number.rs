//! Decimal digits without `core::fmt`, whose machinery is many times the work for a number of three digits.

use std::time::Duration;

use crate::logs::buffer::Text;

/// The longest number: `u64::MAX`.
const LONGEST: usize = 20;

/// Appends `number` in decimal.
#[inline]
pub(in crate::logs) fn push_u64(out: &mut Text, number: u64) {
    // A status, a part of a duration, most sizes. Each with a length that the compiler knows.
    match number {
        0..10 => out.push_ascii(&[digit(number)]),
        10..100 => out.push_ascii(&pair(number)),
        100..1_000 => out.push_ascii(&three(number)),
        1_000..10_000 => {
            let ([a, b], [c, d]) = (pair(number / 100), pair(number % 100));
            out.push_ascii(&[a, b, c, d]);
        }
        _ => push_long(out, number),
    }
}

fn push_long(out: &mut Text, mut number: u64) {
    let mut digits = [b'0'; LONGEST];
    let mut first = LONGEST;
    while number >= 100 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&pair(number % 100));
        number /= 100;
    }
    if number >= 10 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&pair(number));
    } else {
        first -= 1;
        digits[first] = digit(number);
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
    let [a, b, c] = three(micros % 1_000);
    out.push_ascii(&[b'.', a, b, c]);
}

/// The last six digits of `number`.
pub(super) fn six(number: u32) -> [u8; 6] {
    let number = u64::from(number);
    let ([a, b, c], [d, e, f]) = (three(number / 1_000), three(number));
    [a, b, c, d, e, f]
}

/// The last three digits of `number`.
pub(in crate::logs) fn three(number: u64) -> [u8; 3] {
    let [b, c] = pair(number % 100);
    [digit(number / 100 % 10), b, c]
}

/// The two digits of a number below 100.
pub(in crate::logs) fn pair(number: u64) -> [u8; 2] {
    PAIRS[number as usize]
}

fn digit(below_ten: u64) -> u8 {
    b'0' + below_ten as u8
}

/// The numbers below 100.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

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
        for number in [
            0,
            1,
            9,
            10,
            99,
            100,
            999,
            1_000,
            9_999,
            10_000,
            12_345,
            999_999,
            u64::MAX,
        ] {
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
