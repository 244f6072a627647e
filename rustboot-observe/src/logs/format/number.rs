//! Decimal digits without `core::fmt`, which costs more than the rest of an access line together.

/// Appends `number` in decimal.
pub(super) fn push_u64(out: &mut String, number: u64) {
    push_padded(out, number, 1);
}

/// Appends `number` in decimal, with zeros in front up to `width` digits (at most 20).
pub(super) fn push_padded(out: &mut String, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        // Below ten, so nothing is cut.
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let from = at.min(digits.len().saturating_sub(width));
    out.push_str(std::str::from_utf8(&digits[from..]).unwrap_or_default());
}

/// Appends `number` in decimal.
pub(super) fn push_i64(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    push_u64(out, number.unsigned_abs());
}

/// Appends a duration as milliseconds with three decimals, rounded: `1.234`.
pub(super) fn push_millis(out: &mut String, duration: std::time::Duration) {
    let micros = duration.as_nanos().saturating_add(500) / 1_000;
    let micros = u64::try_from(micros).unwrap_or(u64::MAX);
    push_u64(out, micros / 1_000);
    out.push('.');
    push_padded(out, micros % 1_000, 3);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(push: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn agrees_with_fmt() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(text(|out| push_u64(out, number)), number.to_string());
            assert_eq!(
                text(|out| push_padded(out, number, 6)),
                format!("{number:06}")
            );
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
            (61_000_000_000, "61000.000"),
        ] {
            assert_eq!(
                text(|out| push_millis(out, Duration::from_nanos(nanos))),
                expected
            );
        }
        assert!(text(|out| push_millis(out, Duration::MAX)).ends_with(".615"));
    }
}
