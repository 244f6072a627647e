//! Durations as they are written in an attribute: `250ms`, `30s`, `5m`, `1h30m`, `2d`.
//!
//! The configuration reads the same units, and more spellings of them. An attribute has one reader, the compiler of the
//! user, who can be told the right spelling at once; so there is one.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The duration, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing: write one such as `30s`".to_owned());
    }
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit());
        let (unit, after) = split(after, |c| c.is_alphabetic() || c == 'µ');
        if number.is_empty() {
            return Err(format!(
                "`{text}` is not a duration: write one such as `30s` or `1h30m`"
            ));
        }
        let too_long = || format!("`{text}` is too long");
        let amount: u64 = number.parse().map_err(|_| too_long())?;
        let millis = factor(number, unit, after)?;
        let part = amount.checked_mul(millis).ok_or_else(too_long)?;
        total = total.checked_add(part).ok_or_else(too_long)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(total))
}

fn factor(number: &str, unit: &str, after: &str) -> Result<u64, String> {
    if let Some((_, millis)) = UNITS.iter().find(|(known, _)| *known == unit) {
        return Ok(*millis);
    }
    Err(match unit {
        "" if after.starts_with('.') => {
            "a duration has no fractions: write `1s500ms` for one and a half seconds".to_owned()
        }
        "" => format!("`{number}` needs a unit: write `{number}s` for seconds (ms, s, m, h, d)"),
        "us" | "µs" | "ns" => format!("unknown unit `{unit}`: the smallest is `ms`"),
        "sec" | "secs" | "second" | "seconds" | "S" => meant(unit, "s"),
        "min" | "mins" | "minute" | "minutes" | "M" => meant(unit, "m"),
        "hr" | "hrs" | "hour" | "hours" | "H" => meant(unit, "h"),
        "day" | "days" | "D" => meant(unit, "d"),
        other => format!("unknown unit `{other}`: the units are ms, s, m, h and d"),
    })
}

fn meant(unit: &str, known: &str) -> String {
    format!("unknown unit `{unit}`, did you mean `{known}`?")
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        let millis = |text| parse(text).map(|duration| duration.as_millis());
        assert_eq!(millis("250ms"), Ok(250));
        assert_eq!(millis("30s"), Ok(30_000));
        assert_eq!(millis("5m"), Ok(300_000));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("1h 30m"), Ok(5_400_000));
        assert_eq!(millis("2d"), Ok(172_800_000));
        assert_eq!(millis("0s"), Ok(0));
        assert_eq!(millis("0"), Ok(0));
    }

    #[test]
    fn other_texts_say_what_to_write() {
        let mistake = |text| parse(text).unwrap_err();
        assert_eq!(
            mistake("90"),
            "`90` needs a unit: write `90s` for seconds (ms, s, m, h, d)"
        );
        assert_eq!(
            mistake("5 min"),
            "`5` needs a unit: write `5s` for seconds (ms, s, m, h, d)"
        );
        assert_eq!(mistake("5min"), "unknown unit `min`, did you mean `m`?");
        assert_eq!(mistake("10us"), "unknown unit `us`: the smallest is `ms`");
        assert_eq!(
            mistake("10w"),
            "unknown unit `w`: the units are ms, s, m, h and d"
        );
        assert_eq!(
            mistake("1.5s"),
            "a duration has no fractions: write `1s500ms` for one and a half seconds"
        );
        assert_eq!(
            mistake(""),
            "a duration is missing: write one such as `30s`"
        );
        assert_eq!(
            mistake("soon"),
            "`soon` is not a duration: write one such as `30s` or `1h30m`"
        );
        assert_eq!(
            mistake("99999999999999999999d"),
            "`99999999999999999999d` is too long"
        );
        assert_eq!(
            mistake("999999999999999d"),
            "`999999999999999d` is too long"
        );
    }
}
