//! When an application is built.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970: what `SOURCE_DATE_EPOCH` says (a build that others can repeat sets it), else now.
pub(crate) fn built_at(source_date_epoch: Option<&str>, now: SystemTime) -> Result<i64, String> {
    match source_date_epoch.map(str::trim) {
        Some(text) if !text.is_empty() => text.parse().map_err(|_| {
            format!("SOURCE_DATE_EPOCH is {text:?}, and has to be a number of seconds since 1970")
        }),
        _ => {
            let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_variable_wins() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(built_at(Some("315532800"), now), Ok(315_532_800));
        assert_eq!(built_at(Some(""), now), Ok(1_700_000_000));
        assert_eq!(built_at(None, now), Ok(1_700_000_000));
        assert!(built_at(Some("today"), now).is_err());
    }
}
