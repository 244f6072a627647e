//! What a type accepts, asked from the type itself.
//!
//! A `Deserialize` impl says in its first call what it expects. [`Shape::of`] lets it speak to a deserializer that only
//! listens: numbers with their limits, the variants of an enum, the items of a list. No derive of our own, and types of other
//! crates answer too.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};

use super::ByteSize;

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number within limits.
    Integer {
        /// The smallest.
        min: i128,
        /// The largest.
        max: i128,
    },
    /// A number.
    Number,
    /// A time with its unit.
    Duration,
    /// An amount of bytes with its unit.
    Size,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Any number of values of one shape.
    List(Box<Shape>),
    /// Names with values of one shape.
    Map(Box<Shape>),
    /// Anything: the type does not say.
    Any,
}

impl Shape {
    /// The shape of `T`.
    pub fn of<T: DeserializeOwned>() -> Self {
        let heard = RefCell::new(None);
        // It always ends in an error, and what it said before is the answer.
        let _ended = T::deserialize(Listener(&heard)).is_err();
        heard.into_inner().unwrap_or(Self::Any)
    }
}

/// Ends the conversation.
#[derive(Debug)]
struct Heard;

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("heard")
    }
}

impl std::error::Error for Heard {}

impl de::Error for Heard {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Listener<'a>(&'a RefCell<Option<Shape>>);

impl Listener<'_> {
    fn heard<T>(self, shape: Shape) -> Result<T, Heard> {
        self.0.replace(Some(shape));
        Err(Heard)
    }
}

macro_rules! integers {
    ($($method:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Heard> {
            self.heard(Shape::Integer { min: <$type>::MIN as i128, max: <$type>::MAX as i128 })
        })*
    };
}

macro_rules! heard {
    ($($method:ident $shape:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Heard> {
            self.heard(Shape::$shape)
        })*
    };
}

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = Heard;

    integers! {
        deserialize_i8 i8,
        deserialize_i16 i16,
        deserialize_i32 i32,
        deserialize_i64 i64,
        deserialize_u8 u8,
        deserialize_u16 u16,
        deserialize_u32 u32,
        deserialize_u64 u64,
        deserialize_i128 i64,
        deserialize_u128 u64,
    }

    heard! {
        deserialize_any Any,
        deserialize_bool Boolean,
        deserialize_f32 Number,
        deserialize_f64 Number,
        deserialize_char Text,
        deserialize_str Text,
        deserialize_string Text,
        deserialize_bytes Text,
        deserialize_byte_buf Text,
        deserialize_unit Any,
        deserialize_identifier Text,
        deserialize_ignored_any Any,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Heard> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Heard> {
        self.heard(Shape::Any)
    }

    /// Wrappers are transparent, secrets among them.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Heard> {
        if name == ByteSize::NAME {
            return self.heard(Shape::Size);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Heard> {
        let item = RefCell::new(None);
        let _ended = visitor.visit_seq(Inside(&item)).is_err();
        self.heard(Shape::List(Box::new(
            item.into_inner().unwrap_or(Shape::Any),
        )))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Heard> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Heard> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Heard> {
        let value = RefCell::new(None);
        let _ended = visitor.visit_map(Inside(&value)).is_err();
        self.heard(Shape::Map(Box::new(
            value.into_inner().unwrap_or(Shape::Any),
        )))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Heard> {
        if name == "Duration" && fields == ["secs", "nanos"] {
            return self.heard(Shape::Duration);
        }
        self.heard(Shape::Map(Box::new(Shape::Any)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Heard> {
        self.heard(Shape::OneOf(variants))
    }
}

/// The inside of a list or a map.
struct Inside<'a>(&'a RefCell<Option<Shape>>);

impl<'de> SeqAccess<'de> for Inside<'_> {
    type Error = Heard;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Heard> {
        seed.deserialize(Listener(self.0)).map(Some)
    }
}

impl<'de> MapAccess<'de> for Inside<'_> {
    type Error = Heard;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Heard> {
        // Keys of configuration are texts; any will do to get to the value.
        seed.deserialize(de::value::StrDeserializer::<Heard>::new("0"))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Heard> {
        seed.deserialize(Listener(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;
    use crate::config::ByteSize;
    use crate::secret::Secret;

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Open,
        Shut,
    }

    #[test]
    fn types_say_what_they_accept() {
        let port = Shape::Integer { min: 0, max: 65535 };
        assert_eq!(Shape::of::<u16>(), port);
        assert_eq!(Shape::of::<Option<u16>>(), port);
        assert_eq!(Shape::of::<Secret<u16>>(), port);
        assert_eq!(Shape::of::<Vec<u16>>(), Shape::List(Box::new(port.clone())));
        assert_eq!(
            Shape::of::<BTreeMap<String, u16>>(),
            Shape::Map(Box::new(port))
        );
        assert_eq!(Shape::of::<Duration>(), Shape::Duration);
        assert_eq!(Shape::of::<Option<Mode>>(), Shape::OneOf(&["open", "shut"]));
        assert_eq!(Shape::of::<IpAddr>(), Shape::Text);
        assert_eq!(Shape::of::<Option<ByteSize>>(), Shape::Size);
        assert_eq!(Shape::of::<Secret<String>>(), Shape::Text);
        assert_eq!(Shape::of::<bool>(), Shape::Boolean);
        assert_eq!(Shape::of::<f32>(), Shape::Number);
        assert_eq!(Shape::of::<serde_json::Value>(), Shape::Any);
        let _both = (Mode::Open, Mode::Shut);
    }
}
