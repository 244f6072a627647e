//! Amounts of bytes as they are written in an attribute: `512B`, `64KiB`, `10MB`.
//!
//! The configuration reads the same units. `KB`, `MB`, `GB` are powers of 1000 and `KiB`, `MiB`, `GiB` of 1024 (IEC 80000-13).

use crate::suggest::list;

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

/// The number of bytes, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let written = text.trim();
    let end = written
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(written.len());
    let (number, unit) = written.split_at(end);
    let (number, unit) = (number.replace('_', ""), unit.trim());
    if number.is_empty() {
        return Err(format!(
            "`{text}` is not a size: write one such as `64KiB` or `10MB`"
        ));
    }
    let Some((_, factor)) = UNITS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(unit))
    else {
        return Err(mistake(&number, unit));
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*factor))
        .ok_or_else(|| format!("`{text}` is too much"))
}

fn mistake(number: &str, unit: &str) -> String {
    if unit.is_empty() {
        return format!("`{number}` needs a unit: write `{number}B` for bytes, or `{number}KiB`");
    }
    if unit.starts_with('.') {
        return "a size has no fractions: write `1536KiB` for one and a half MiB".to_owned();
    }
    let of_a_letter = |letter: &str| {
        UNITS
            .iter()
            .find(|(known, _)| *known == format!("{letter}iB"))
    };
    match of_a_letter(&unit.to_uppercase()) {
        Some((known, _)) => format!("unknown unit `{unit}`, did you mean `{known}`?"),
        None => {
            let units: Vec<&str> = UNITS.iter().map(|(unit, _)| *unit).collect();
            format!("unknown unit `{unit}`: the units are {}", list(&units))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_units() {
        assert_eq!(parse("512B"), Ok(512));
        assert_eq!(parse("64KiB"), Ok(65_536));
        assert_eq!(parse("10MB"), Ok(10_000_000));
        assert_eq!(parse("2 mib"), Ok(2 << 20));
        assert_eq!(parse("1_000KB"), Ok(1_000_000));
        assert_eq!(parse("0B"), Ok(0));
    }

    #[test]
    fn other_texts_say_what_to_write() {
        let mistake = |text| parse(text).unwrap_err();
        assert_eq!(
            mistake("1024"),
            "`1024` needs a unit: write `1024B` for bytes, or `1024KiB`"
        );
        assert_eq!(mistake("2M"), "unknown unit `M`, did you mean `MiB`?");
        assert_eq!(
            mistake("1.5MiB"),
            "a size has no fractions: write `1536KiB` for one and a half MiB"
        );
        assert_eq!(
            mistake("3 apples"),
            "unknown unit `apples`: the units are `B`, `KB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`, `TB` and `TiB`"
        );
        assert_eq!(
            mistake("large"),
            "`large` is not a size: write one such as `64KiB` or `10MB`"
        );
        assert_eq!(mistake("99999999999TiB"), "`99999999999TiB` is too much");
    }
}
