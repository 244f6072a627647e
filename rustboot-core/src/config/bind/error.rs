//! The error of one value, in the words of the report.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::config::mask;

/// What serde says went wrong, with the key it went wrong at.
#[derive(Debug)]
pub(super) struct BindError {
    /// The key; set by the first deserializer that the error passes.
    pub(super) key: Option<String>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Whether nothing sets the key.
    pub(super) missing: bool,
    /// Whether the message is that of a type of somebody else, which may not say what it found.
    pub(super) foreign: bool,
    /// The message without the value that was found, for keys whose value must not be shown.
    discreet: Option<String>,
}

impl BindError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            key: None,
            message: message.into(),
            help: None,
            missing: false,
            foreign: false,
            discreet: None,
        }
    }

    /// `expected …, found …`.
    pub(super) fn expected(expected: &dyn fmt::Display, found: &str) -> Self {
        let mut error = Self::new(format!("expected {expected}, found {found}"));
        error.discreet = Some(format!(
            "expected {expected}, found a value that is not shown here"
        ));
        error
    }

    /// Fixes the key, unless a deeper one is known; hides the value when it must not be shown.
    pub(super) fn at(mut self, key: &str, secret: bool) -> Self {
        if self.key.is_none() {
            // Whatever is quoted may hold a URL, and a URL credentials.
            self.message = mask::without_credentials(&self.message);
            self.key = Some(if self.missing {
                super::join(key, &std::mem::take(&mut self.message))
            } else {
                key.to_owned()
            });
            if self.missing {
                self.message = "required, and not set".to_owned();
            } else if secret {
                self.foreign = false;
                // A message that we did not write may repeat the value.
                self.message = self
                    .discreet
                    .take()
                    .unwrap_or_else(|| "not a valid value (it is not shown here)".to_owned());
            }
        }
        self
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindError {}

fn describe(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(value) => format!("{value:?}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "a section".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// serde's names for what Rust types expect, in the words of people who write configuration.
fn in_plain_words(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a string" | "a borrowed string" | "a character" | "path string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a section".to_owned(),
        _ => match text.strip_prefix("struct ") {
            Some(name) => format!("a section ({name})"),
            None => text,
        },
    }
}

impl Error for BindError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            foreign: true,
            ..Self::new(message.to_string())
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&in_plain_words(expected), &describe(&unexpected))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&in_plain_words(expected), &describe(&unexpected))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::expected(&in_plain_words(expected), &format!("{length} of them"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut error = Self::expected(
            &format!("one of {}", expected.join(", ")),
            &format!("{variant:?}"),
        );
        error.help = super::nearest(variant, expected.iter().copied())
            .map(|near| format!("did you mean `{near}`?"));
        error
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let hint = super::nearest(field, expected.iter().copied())
            .map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        Self::new(format!("unknown key `{field}`{hint}"))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(field);
        error.missing = true;
        error
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is set twice, under two spellings"))
    }
}
