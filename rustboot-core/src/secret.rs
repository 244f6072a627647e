//! Values that are never printed.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// The name under which a [`Secret`] announces itself to the configuration binder, which then keeps the value out of its
/// error messages. Other formats ignore it.
pub(crate) const MARKER: &str = "$rustboot::Secret";

/// A value that must not be printed: a password, a token, a URL with credentials.
///
/// `Debug`, `Display` and `Serialize` give `***`. The value is wiped from memory on drop. [`Secret::expose_secret`] is the
/// only way to read it, so that every use can be found by searching for that name.
///
/// ```
/// use rustboot_core::Secret;
///
/// let key = Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{key} {key:?}"), "*** ***");
/// assert_eq!(key.expose_secret(), "hunter2");
/// ```
pub struct Secret<T: Zeroize>(SecretBox<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value into custody.
    pub fn new(value: T) -> Self {
        Self(SecretBox::new(Box::new(value)))
    }

    /// The value. Hand it to what needs it, and to nothing else.
    pub fn expose_secret(&self) -> &T {
        self.0.expose_secret()
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self::new(self.expose_secret().clone())
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<T, D::Error> {
                T::deserialize(d)
            }
        }
        deserializer
            .deserialize_newtype_struct(MARKER, Visitor(std::marker::PhantomData))
            .map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Format it every way there is and look for the plain text.
    #[test]
    fn no_way_of_printing_shows_the_value() {
        let secret = Secret::new("canary-7f3a".to_owned());
        let all = format!(
            "{secret} {secret:?} {secret:#?} {:?} {}",
            Some(secret.clone()),
            serde_json::to_string(&secret).unwrap()
        );
        assert!(!all.contains("canary"), "{all}");
    }

    #[test]
    fn a_secret_is_read_from_plain_text() {
        let secret: Secret<String> = serde_json::from_str("\"s3cret\"").unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
    }
}
