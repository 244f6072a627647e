//! Text and numbers to the type that a field wants. Values from the environment, arguments and secrets are text; the field
//! decides what they are.

use std::collections::BTreeMap;
use std::time::Duration;

use figment::value::{Dict, Num, Value};

use super::error::BindError;

/// A value for an error message.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, c) => format!("{:?}", c.to_string()),
        Value::Bool(_, value) => value.to_string(),
        Value::Num(_, number) => match (integer_of(*number), number.to_f64()) {
            (Some(integer), _) => integer.to_string(),
            (None, Some(float)) => float.to_string(),
            (None, None) => "a number".to_owned(),
        },
        Value::Empty(..) => "nothing".to_owned(),
        Value::Dict(..) => "a section".to_owned(),
        Value::Array(..) => "a list".to_owned(),
    }
}

fn integer_of(number: Num) -> Option<i128> {
    match number {
        Num::F32(_) | Num::F64(_) => None,
        number => number
            .to_i128()
            .or_else(|| number.to_u128().and_then(|n| i128::try_from(n).ok())),
    }
}

/// A whole number within the limits of a type.
pub(super) fn integer(value: &Value, min: i128, max: i128) -> Result<i128, BindError> {
    let number = match value {
        Value::Num(_, number) => integer_of(*number),
        Value::String(_, text) => text.trim().replace('_', "").parse().ok(),
        _ => None,
    };
    number.filter(|n| (min..=max).contains(n)).ok_or_else(|| {
        let expected = if max <= i128::from(u32::MAX) {
            format!("a number from {min} to {max}")
        } else if min == 0 {
            "a whole number that is not negative".to_owned()
        } else {
            "a whole number".to_owned()
        };
        BindError::expected(&expected, &found(value))
    })
}

/// A number with or without a fraction.
pub(super) fn float(value: &Value) -> Result<f64, BindError> {
    let number = match value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a float was asked for; that is its precision"
        )]
        Value::Num(_, number) => number
            .to_f64()
            .or_else(|| integer_of(*number).map(|n| n as f64)),
        Value::String(_, text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| BindError::expected(&"a number", &found(value)))
}

/// `true` or `false`; in text also the words that other systems use.
pub(super) fn boolean(value: &Value) -> Result<bool, BindError> {
    match value {
        Value::Bool(_, value) => return Ok(*value),
        Value::String(_, text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => return Ok(true),
            "false" | "no" | "off" | "0" => return Ok(false),
            _ => {}
        },
        _ => {}
    }
    Err(BindError::expected(&"true or false", &found(value)))
}

/// `250ms`, `30s`, `1h30m`. A number without a unit is an error: nobody agrees on what it means.
pub(super) fn duration(value: &Value) -> Result<Duration, BindError> {
    let parsed = match value {
        Value::String(_, text) => parse_duration(text),
        _ => None,
    };
    parsed.ok_or_else(|| {
        BindError::expected(
            &"a duration with its unit, such as 250ms, 30s, 5m or 1h30m",
            &found(value),
        )
    })
}

/// Reads a duration as configuration writes it: `250ms`, `30s`, `1h30m`, `2d`; `0` needs no unit. `None` for anything else.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    // jiff also reads ISO 8601 and `1:30:00`; the contract is numbers with units.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(':') {
        return (text == "0").then_some(Duration::ZERO);
    }
    if text == "0" {
        return Some(Duration::ZERO);
    }
    // Days are exact here: configuration has no calendar.
    if let Some((days, rest)) = text.split_once('d')
        && let Ok(days) = days.parse::<u64>()
    {
        let rest = if rest.trim().is_empty() {
            Duration::ZERO
        } else {
            parse_duration(rest)?
        };
        return Duration::from_secs(days.checked_mul(86_400)?).checked_add(rest);
    }
    let signed: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(signed).ok()
}

/// A text from the environment as a list: items separated by commas, spaces around them cut.
pub(crate) fn items(text: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    text.split(',').map(|item| item.trim().to_owned()).collect()
}

/// A section whose keys are 0, 1, 2, … as the list that it stands for.
pub(super) fn numbered(dict: &Dict) -> Option<Vec<Value>> {
    let items: BTreeMap<usize, &Value> = dict
        .iter()
        .map(|(key, value)| Some((key.parse().ok()?, value)))
        .collect::<Option<_>>()?;
    let complete = !items.is_empty() && items.keys().copied().eq(0..items.len());
    complete.then(|| items.into_values().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        for (text, expected) in [
            ("250ms", Duration::from_millis(250)),
            ("30s", Duration::from_secs(30)),
            ("1h30m", Duration::from_secs(5400)),
            ("2d", Duration::from_secs(172_800)),
            ("1d12h", Duration::from_secs(129_600)),
            ("0", Duration::ZERO),
            ("0s", Duration::ZERO),
            ("1.5s", Duration::from_millis(1500)),
            ("10us", Duration::from_micros(10)),
        ] {
            assert_eq!(parse_duration(text), Some(expected), "{text}");
        }
        for wrong in [
            "",
            "30",
            "-5s",
            "soon",
            "PT30S",
            "1:30:00",
            "s",
            "30 parsecs",
            "5dx",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
