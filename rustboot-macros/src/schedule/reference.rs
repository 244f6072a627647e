//! `${key}` and `${key:-default}`: an argument that the configuration decides.

/// The default of a reference, or nothing; `None` when the text is no reference at all.
pub(crate) fn read(text: &str) -> Option<Result<Option<&str>, String>> {
    if !text.contains("${") {
        return None;
    }
    let inner = text
        .trim()
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let (key, default) = match inner.map(|inner| (inner, inner.split_once(":-"))) {
        Some((_, Some((key, default)))) => (key, Some(default)),
        Some((key, None)) => (key, None),
        None => ("", None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if key.is_empty() || !key.chars().all(fits) {
        return Some(Err(format!(
            "`{text}` is not a reference: write `${{key}}` or `${{key:-default}}`, and nothing around it"
        )));
    }
    Some(Ok(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_whole_texts() {
        assert_eq!(read("1m"), None);
        assert_eq!(read("${cleanup.every}"), Some(Ok(None)));
        assert_eq!(read("${a:-0 3 * * *}"), Some(Ok(Some("0 3 * * *"))));
        for wrong in ["${}", "${a b}", "${a", "0 ${hour} * * *"] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
    }
}
