//! Keys made of parts, so that different parts never make the same key.

use std::fmt::{self, Display, Write as _};

/// Makes a key: text as it is, and values in which what separates parts is escaped. `cache_key!("user:{id}")` is a call of this.
///
/// ```
/// use rustboot_data::CacheKey;
///
/// let key = |shop: &str, item: &str| CacheKey::new().text("item:").value(shop).text(":").value(item).finish();
/// assert_eq!(key("acme", "7"), "item:acme:7");
/// // Without that, these two would be one.
/// assert_eq!(key("a:b", "c"), "item:a%3Ab:c");
/// assert_eq!(key("a", "b:c"), "item:a:b%3Ac");
/// ```
///
/// A value is written as [`Display`] does it, with `%` and two hexadecimal digits for each of `: / | , ; #` and `%` in it.
#[derive(Debug, Clone, Default)]
pub struct CacheKey(String);

impl CacheKey {
    /// An empty one.
    pub fn new() -> Self {
        Self(String::with_capacity(48))
    }

    /// Goes on with a text, as it is.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Goes on with a value. One of the separators has to come before the next value: `cache_key!` checks that, this does not.
    #[must_use]
    pub fn value<V: Display + ?Sized>(mut self, value: &V) -> Self {
        // Writing to a string does not fail; a `Display` that does leaves what it has written.
        let _written = write!(Escaping(&mut self.0), "{value}");
        self
    }

    /// The key.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Writes into a key, and escapes what separates its parts.
struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find([':', '/', '|', ',', ';', '#', '%']) {
            let (plain, escaped) = rest.split_at(at);
            self.0.push_str(plain);
            // Each of them is one byte.
            let (escaped, after) = escaped.split_at(1);
            write!(self.0, "%{:02X}", escaped.as_bytes()[0])?;
            rest = after;
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn different_parts_never_make_the_same_key() {
        let parts = [
            "", "a", "b", "a:b", ":", "::", "%", "%3A", "a:", ":a", "ä/ö", "#,;|", "3A",
        ];
        let mut seen = HashMap::new();
        for a in parts {
            for b in parts {
                let key = CacheKey::new()
                    .text("k:")
                    .value(a)
                    .text("x:y")
                    .value(b)
                    .finish();
                let before = seen.insert(key.clone(), (a, b));
                assert_eq!(before, None, "{key} of {:?}", (a, b));
            }
        }
    }

    #[test]
    fn what_needs_no_escape_is_as_it_is() {
        let key = CacheKey::new()
            .text("user:")
            .value(&-7)
            .text("/")
            .value("é-x.y_z~@b");
        assert_eq!(key.finish(), "user:-7/é-x.y_z~@b");
    }
}
