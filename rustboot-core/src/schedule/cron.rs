//! Cron expressions, on the clocks of a time zone.
//!
//! When the clocks change, two kinds of expressions behave as in Vixie cron. One with a fixed hour and minute
//! (`30 2 * * *`) runs once a day: at the first moment after a gap that its time fell into, and the first time of two. One
//! with a wildcard or a step in its hours or minutes (`*/15 * * * *`) follows the clock: what falls into a gap does not
//! happen, and what is there twice runs twice.

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A checked expression.
#[derive(Debug, Clone)]
pub(super) struct CronTimes {
    cron: Box<Cron>,
    zone: TimeZone,
}

impl CronTimes {
    pub(super) fn new(cron: Cron, zone: TimeZone) -> Self {
        Self {
            cron: Box::new(cron),
            zone,
        }
    }

    /// The first time that is later; `None` when there is none.
    pub(super) fn after(&self, time: Timestamp) -> Option<Timestamp> {
        let time = time.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&time, false).ok()?;
        Some(next.timestamp())
    }
}

/// Reads an expression, or says what is wrong with it.
pub(super) fn expression(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().year(Year::Disallowed).build();
    let fields = text.split_whitespace().count();
    if !text.trim_start().starts_with('@') && !(5..=6).contains(&fields) {
        return Err(format!(
            "expected 5 fields (minute, hour, day of the month, month, day of the week), or 6 with seconds first, found {fields} in {text:?}"
        ));
    }
    parser.parse(text).map_err(|error| {
        let why = match error {
            CronError::InvalidPattern(why)
            | CronError::IllegalCharacters(why)
            | CronError::ComponentError(why) => why,
            other => other.to_string(),
        };
        format!(
            "{text:?} is not a cron expression: {}",
            why.trim_end_matches('.')
        )
    })
}

/// Finds a time zone: in the system's database, else in the one that is compiled in.
pub(super) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        format!("there is no time zone {name:?}: write an IANA name, such as Europe/Berlin or UTC")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str, after: &str, n: usize) -> Vec<String> {
        let times = CronTimes::new(expression(text).unwrap(), zone("Europe/Berlin").unwrap());
        let mut at: Timestamp = after.parse().unwrap();
        (0..n)
            .map(|_| {
                at = times.after(at).unwrap();
                at.to_zoned(times.zone.clone())
                    .strftime("%m-%d %H:%M:%S %Z")
                    .to_string()
            })
            .collect()
    }

    // In Berlin the clocks go from 02:00 to 03:00 on 2025-03-30, and from 03:00 to 02:00 on 2025-10-26.

    #[test]
    fn a_fixed_time_in_a_gap_runs_right_after_it() {
        assert_eq!(
            times("30 2 * * *", "2025-03-28T12:00:00Z", 3),
            [
                "03-29 02:30:00 CET",
                "03-30 03:00:00 CEST",
                "03-31 02:30:00 CEST"
            ]
        );
    }

    #[test]
    fn a_fixed_time_that_is_there_twice_runs_the_first_time() {
        assert_eq!(
            times("30 2 * * *", "2025-10-25T12:00:00Z", 2),
            ["10-26 02:30:00 CEST", "10-27 02:30:00 CET"]
        );
    }

    #[test]
    fn a_wildcard_follows_the_clock() {
        assert_eq!(
            times("*/30 * * * *", "2025-03-30T00:29:00Z", 3),
            [
                "03-30 01:30:00 CET",
                "03-30 03:00:00 CEST",
                "03-30 03:30:00 CEST"
            ]
        );
        assert_eq!(
            times("*/30 * * * *", "2025-10-25T23:59:00Z", 5),
            [
                "10-26 02:00:00 CEST",
                "10-26 02:30:00 CEST",
                "10-26 02:00:00 CET",
                "10-26 02:30:00 CET",
                "10-26 03:00:00 CET"
            ]
        );
    }

    #[test]
    fn six_fields_begin_with_seconds() {
        assert_eq!(
            times("*/20 0 3 * * MON-FRI", "2025-06-07T12:00:00Z", 2),
            ["06-09 03:00:00 CEST", "06-09 03:00:20 CEST"]
        );
    }

    #[test]
    fn wrong_ones_say_what_is_wrong() {
        let mistake = |text| expression(text).unwrap_err();
        assert!(
            mistake("* * *").contains("expected 5 fields"),
            "{}",
            mistake("* * *")
        );
        assert!(mistake("* * * * * * 2030").contains("found 7"));
        for wrong in [
            "99 3 * * *",
            "0 3 * * FOO",
            "0 3 32 * *",
            "@never",
            "0 5-3-1 * * *",
        ] {
            let mistake = mistake(wrong);
            assert!(
                mistake.starts_with(&format!("{wrong:?} is not a cron expression: ")),
                "{mistake}"
            );
        }
        assert!(
            zone("Europe/Bonn")
                .unwrap_err()
                .contains("there is no time zone")
        );
    }
}
