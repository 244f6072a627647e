//! An entry in a list of media types.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A media type, or a range of media types, in the configuration, without parameters. Compared without regard to case.
///
/// | entry | stands for |
/// |---|---|
/// | `application/json` | this type, whatever its parameters |
/// | `text/*` | every type of text |
/// | `*/*+json`, `application/*+xml` | every type with this suffix |
/// | `*/*` | every type |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRange {
    /// In lower case, like the others. `None` for all.
    main: Option<String>,
    sub: Sub,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sub {
    Any,
    /// With its plus.
    Suffix(String),
    One(String),
}

impl MediaRange {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (main, sub) = text.trim().split_once('/')?;
        let main = match main {
            "*" => None,
            main => Some(token(main)?),
        };
        let sub = match (sub, sub.strip_prefix('*')) {
            (_, Some("")) => Sub::Any,
            (_, Some(suffix)) => {
                Sub::Suffix(token(suffix).filter(|s| s.len() > 1 && s.starts_with('+'))?)
            }
            // A subtype of any type: no such thing is registered.
            (_, None) if main.is_none() => return None,
            (sub, None) => Sub::One(token(sub)?),
        };
        Some(Self { main, sub })
    }

    /// The one type that it stands for, if it is no range.
    pub(crate) fn one(&self) -> Option<(&str, &str)> {
        match (&self.main, &self.sub) {
            (Some(main), Sub::One(sub)) => Some((main, sub)),
            _ => None,
        }
    }

    /// Whether it stands for this type, which has no parameters any more.
    #[cfg(feature = "compression")]
    pub(crate) fn has(&self, main: &str, sub: &str) -> bool {
        let is_main = match &self.main {
            None => true,
            Some(own) => main.eq_ignore_ascii_case(own),
        };
        is_main
            && match &self.sub {
                Sub::Any => true,
                Sub::One(own) => sub.eq_ignore_ascii_case(own),
                Sub::Suffix(own) => sub
                    .len()
                    .checked_sub(own.len())
                    .filter(|front| *front > 0)
                    .and_then(|front| sub.get(front..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(own)),
            }
    }
}

/// In lower case, when that may be the name of a type (RFC 9110, section 5.6.2).
fn token(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
    (!text.is_empty() && text.bytes().all(fits)).then(|| text.to_ascii_lowercase())
}

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let main = self.main.as_deref().unwrap_or("*");
        match &self.sub {
            Sub::Any => write!(f, "{main}/*"),
            Sub::Suffix(suffix) => write!(f, "{main}/*{suffix}"),
            Sub::One(sub) => write!(f, "{main}/{sub}"),
        }
    }
}

impl<'de> Deserialize<'de> for MediaRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = MediaRange;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a media type such as application/json, text/*, or */*+json")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MediaRange, E> {
                MediaRange::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_strictly() {
        for wrong in [
            "",
            "*",
            "text",
            "text/",
            "/json",
            "*/json",
            "text/html; charset=utf-8",
            "text/html, text/plain",
            "application/*json",
            "application/*+",
            "application/+json*",
            "te*t/html",
            "text//html",
        ] {
            assert_eq!(MediaRange::parse(wrong), None, "{wrong}");
        }
        for text in [
            "text/*",
            "application/json",
            "*/*+json",
            "application/*+xml",
            "*/*",
            "application/vnd.api+json",
        ] {
            assert_eq!(MediaRange::parse(text).unwrap().to_string(), text);
        }
        let entry = MediaRange::parse(" Image/SVG+XML ").unwrap();
        assert_eq!(entry.to_string(), "image/svg+xml");
    }

    #[cfg(feature = "compression")]
    #[test]
    fn types_are_compared_whole() {
        for (entry, main, sub, has) in [
            ("text/*", "TEXT", "Html", true),
            ("text/*", "texts", "html", false),
            ("application/json", "application", "JSON", true),
            ("application/json", "application", "json5", false),
            ("application/json", "text", "json", false),
            ("*/*+json", "application", "problem+json", true),
            ("*/*+json", "application", "PROBLEM+JSON", true),
            ("*/*+json", "application", "+json", false),
            ("*/*+json", "application", "json", false),
            ("*/*+json", "application", "problem+json5", false),
            ("application/*+xml", "image", "svg+xml", false),
            ("*/*", "font", "woff2", true),
        ] {
            let entry = MediaRange::parse(entry).unwrap();
            assert_eq!(entry.has(main, sub), has, "{entry} {main}/{sub}");
        }
    }
}
