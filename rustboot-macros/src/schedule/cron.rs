//! Cron expressions, as far as they can be checked without knowing a calendar: the number of fields, and what stands in them.
//! The rest is checked when the application is assembled.

const FIELDS: [&str; 6] = [
    "second",
    "minute",
    "hour",
    "day of the month",
    "month",
    "day of the week",
];

const NICKNAMES: [&str; 6] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@hourly",
];

/// Says what is wrong with an expression.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let text = text.trim();
    if text.starts_with('@') {
        if NICKNAMES.contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(());
        }
        return Err(format!(
            "unknown name `{text}`: there are {}",
            NICKNAMES.join(", ")
        ));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let names = match fields.len() {
        5 => &FIELDS[1..],
        6 => &FIELDS[..],
        found => {
            return Err(format!(
                "a cron expression has 5 fields (minute, hour, day of the month, month, day of the week), or 6 with seconds first; this one has {found}"
            ));
        }
    };
    for (field, name) in fields.iter().zip(names) {
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || "*,-/".contains(c) || special(name).contains(c);
        if let Some(wrong) = field.chars().find(|c| !allowed(*c)) {
            return Err(format!("`{wrong}` means nothing in the {name} (`{field}`)"));
        }
        let limit = limit(name);
        let numbers = field.split(|c: char| !c.is_ascii_digit());
        for number in numbers.filter(|number| !number.is_empty()) {
            if number.parse::<u32>().map_or(true, |number| number > limit) {
                return Err(format!(
                    "{number} is too much for the {name}: the highest is {limit}"
                ));
            }
        }
    }
    Ok(())
}

/// Says what is wrong with the name of a time zone. Which ones there are, the application knows.
pub(crate) fn check_zone(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if text.is_empty() || !text.chars().all(allowed) || text.starts_with(['+', '-', '/']) {
        return Err(format!(
            "`{text}` is not the name of a time zone: write one such as `Europe/Berlin` or `UTC`"
        ));
    }
    Ok(())
}

/// The characters that only this field knows.
fn special(field: &str) -> &'static str {
    match field {
        "day of the month" => "?",
        "day of the week" => "?#+",
        _ => "",
    }
}

fn limit(field: &str) -> u32 {
    match field {
        "hour" => 23,
        "day of the month" => 31,
        "month" => 12,
        "day of the week" => 7,
        _ => 59,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_the_wild_passes() {
        for text in [
            "0 3 * * *",
            "*/5 * * * *",
            "*/10 0 3 * * MON-FRI",
            "0 0 1,15 JAN-jun ?",
            "0 0 L * *",
            "0 0 15W * *",
            "0 0 * * 5#2",
            "0 0 * * FRI#L",
            "0 0 1 * +MON",
            "@daily",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn mistakes_name_the_field() {
        let mistake = |text| check(text).unwrap_err();
        assert!(
            mistake("0 3 * *").ends_with("this one has 4"),
            "{}",
            mistake("0 3 * *")
        );
        assert!(mistake("0 0 3 * * * 2030").ends_with("this one has 7"));
        assert_eq!(
            mistake("0 24 * * *"),
            "24 is too much for the hour: the highest is 23"
        );
        assert_eq!(
            mistake("61 * * * *"),
            "61 is too much for the minute: the highest is 59"
        );
        assert_eq!(
            mistake("0 3; * * *"),
            "`;` means nothing in the hour (`3;`)"
        );
        assert_eq!(
            mistake("? 3 * * *"),
            "`?` means nothing in the minute (`?`)"
        );
        assert!(mistake("@midnight").starts_with("unknown name `@midnight`: there are @yearly"));
    }

    #[test]
    fn zones_are_names() {
        assert_eq!(check_zone("Europe/Berlin"), Ok(()));
        assert_eq!(check_zone("Etc/GMT+3"), Ok(()));
        assert_eq!(check_zone("UTC"), Ok(()));
        for wrong in ["", "+02:00", "Europe / Berlin"] {
            assert!(check_zone(wrong).is_err(), "{wrong}");
        }
    }
}
