//! `${key}` and `${key:-default}` as the whole of an argument: a value that the configuration has.

/// A key, and what stands in for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub(super) key: &'a str,
    pub(super) default: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// `None` when the text is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
        let (key, default) = match inner.split_once(":-") {
            Some((key, default)) => (key, Some(default)),
            None => (inner, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        (!key.is_empty() && key.chars().all(fits)).then_some(Self { key, default })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_whole_text() {
        let read = |text| Reference::read(text).map(|found| (found.key, found.default));
        assert_eq!(read("${cleanup.every}"), Some(("cleanup.every", None)));
        assert_eq!(
            read("${a-b.c_d:-0 3 * * *}"),
            Some(("a-b.c_d", Some("0 3 * * *")))
        );
        assert_eq!(read("${a:-}"), Some(("a", Some(""))));
        for other in ["1m", "${}", "${a b}", "${a", "0 ${hour} * * *"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
