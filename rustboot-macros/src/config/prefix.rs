//! The key that the fields of a section stand under.

use syn::{Error, LitStr, Result};

/// Whether the prefix can be written in a file and in the environment alike.
pub(crate) fn check(prefix: &LitStr) -> Result<()> {
    let text = prefix.value();
    if text.split('.').all(is_segment) {
        return Ok(());
    }
    let corrected = corrected(&text);
    let message = if corrected.split('.').all(is_segment) {
        format!(
            "a prefix is lower case words with dots between them, did you mean \"{corrected}\"?"
        )
    } else {
        "a prefix is lower case words with dots between them, such as \"shop\" or \"shop.delivery\""
            .to_owned()
    };
    Err(Error::new(prefix.span(), message))
}

fn is_segment(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_lowercase())
        && segment
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

fn corrected(text: &str) -> String {
    let words = text.split(['.', ':', '/']).filter(|word| !word.is_empty());
    let words: Vec<String> = words
        .map(|word| word.trim().to_lowercase().replace(' ', "_"))
        .collect();
    words.join(".")
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn checked(text: &str) -> std::result::Result<(), String> {
        check(&LitStr::new(text, Span::call_site())).map_err(|error| error.to_string())
    }

    #[test]
    fn dotted_lower_case_words() {
        for prefix in ["shop", "shop.delivery", "a1.b_2.c-3"] {
            assert_eq!(checked(prefix), Ok(()));
        }
    }

    #[test]
    fn other_texts_are_corrected_where_that_is_possible() {
        for (prefix, meant) in [
            ("Shop", "\"shop\"?"),
            ("shop.", "\"shop\"?"),
            ("shop::delivery", "\"shop.delivery\"?"),
        ] {
            let message = checked(prefix).unwrap_err();
            assert!(message.ends_with(meant), "{message}");
        }
        for prefix in ["", "1st", "-", "shop!"] {
            let message = checked(prefix).unwrap_err();
            assert!(message.contains("such as"), "{message}");
        }
    }
}
