//! Decoded parameters of a path as what serde reads values from, with errors that name the parameter.

use std::borrow::Cow;
use std::fmt;

use rustboot_core::Error;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};

/// What is wrong with the parameters, for the client.
#[derive(Debug)]
pub(super) struct ParameterError {
    /// Which one, when it is one.
    name: Option<&'static str>,
    /// What is wrong with it; without a name a whole sentence.
    message: String,
}

impl ParameterError {
    pub(super) fn of(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name: Some(name),
            message: message.into(),
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "the path parameter `{name}` {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ParameterError {}

impl de::Error for ParameterError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            name: None,
            message: message.to_string(),
        }
    }
}

/// `From` would be the one of all errors.
impl ParameterError {
    pub(super) fn refused(self) -> Error {
        let error = Error::bad_request(self.to_string());
        match self.name {
            Some(name) => error.with_parameter(name, self.message),
            None => error,
        }
    }
}

/// All parameters: a struct or map by name, a tuple by place, anything else when there is just one.
pub(super) struct Parameters<'a>(pub(super) &'a [(&'static str, Cow<'a, str>)]);

impl<'a> Parameters<'a> {
    fn only(&self) -> Result<Parameter<'a>, ParameterError> {
        match self.0 {
            [(name, value)] => Ok(Parameter { name, value }),
            several => Err(de::Error::custom(format!(
                "the path has {} parameters, and the handler takes one value",
                several.len()
            ))),
        }
    }

    fn values(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.0.iter().map(|(name, value)| Parameter { name, value })
    }
}

macro_rules! only {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = ParameterError;

    only! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_seq(SeqDeserializer::new(self.values()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        if length != self.0.len() {
            return Err(de::Error::custom(format!(
                "the path has {} parameters, and the handler takes {length}",
                self.0.len()
            )));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_map(MapDeserializer::new(self.values().map(|p| (p.name, p))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }
}

/// One parameter.
#[derive(Clone, Copy)]
struct Parameter<'a> {
    name: &'static str,
    value: &'a str,
}

impl<'a> IntoDeserializer<'_, ParameterError> for Parameter<'a> {
    type Deserializer = Parameter<'a>;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl Parameter<'_> {
    fn wrong(&self, expected: &str) -> ParameterError {
        ParameterError::of(self.name, format!("is not {expected}"))
    }

    /// A type that reads a text (a UUID, a date) knows best what is wrong, but not with which parameter.
    fn named<T>(&self, result: Result<T, ParameterError>) -> Result<T, ParameterError> {
        result.map_err(|error| {
            ParameterError::of(self.name, format!("is not valid: {}", error.message))
        })
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            visitor.$visit(self.value.parse::<$type>().map_err(|_| self.wrong($expected))?)
        })*
    };
}

impl<'de> Deserializer<'de> for Parameter<'_> {
    type Error = ParameterError;

    parsed! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i8 visit_i8 i8, "a whole number in range";
        deserialize_i16 visit_i16 i16, "a whole number in range";
        deserialize_i32 visit_i32 i32, "a whole number in range";
        deserialize_i64 visit_i64 i64, "a whole number in range";
        deserialize_i128 visit_i128 i128, "a whole number in range";
        deserialize_u8 visit_u8 u8, "a whole number in range that is not negative";
        deserialize_u16 visit_u16 u16, "a whole number in range that is not negative";
        deserialize_u32 visit_u32 u32, "a whole number in range that is not negative";
        deserialize_u64 visit_u64 u64, "a whole number in range that is not negative";
        deserialize_u128 visit_u128 u128, "a whole number in range that is not negative";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
        deserialize_char visit_char char, "a single character";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.named(visitor.visit_str(self.value))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.named(visitor.visit_enum(self.value.into_deserializer()))
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
