//! The parameters of a matched path, and how they become values.

use std::fmt;

use rustboot_core::{Error, Result};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

/// Names and raw values, in the order of the template. Decoded only when somebody reads them.
#[derive(Debug, Clone)]
pub(crate) struct PathParameters(Vec<(&'static str, Box<str>)>);

impl PathParameters {
    pub(crate) fn new<'a>(parameters: impl Iterator<Item = (&'static str, &'a str)>) -> Self {
        Self(
            parameters
                .map(|(name, value)| (name, value.into()))
                .collect(),
        )
    }

    pub(crate) fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        let mut decoded = Vec::with_capacity(self.0.len());
        for (name, raw) in &self.0 {
            match percent_encoding::percent_decode_str(raw).decode_utf8() {
                Ok(value) => decoded.push((*name, value.into_owned())),
                Err(_) => {
                    return Err(ParameterError::of(name, "is not valid UTF-8").refused());
                }
            }
        }
        T::deserialize(Parameters(&decoded)).map_err(ParameterError::refused)
    }

    /// The names, in the order of the template.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

/// What is wrong with the parameters, for the client.
#[derive(Debug)]
struct ParameterError {
    /// Which one, when it is one.
    name: Option<&'static str>,
    /// What is wrong with it; without a name a whole sentence.
    message: String,
}

impl ParameterError {
    fn of(name: &'static str, message: impl Into<String>) -> Self {
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
    fn refused(self) -> Error {
        let error = Error::bad_request(self.to_string());
        match self.name {
            Some(name) => error.with_parameter(name, self.message),
            None => error,
        }
    }
}

/// All parameters: a struct or map by name, a tuple by place, anything else when there is just one.
struct Parameters<'a>(&'a [(&'static str, String)]);

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    fn parameters(pairs: &[(&'static str, &str)]) -> PathParameters {
        PathParameters::new(pairs.iter().copied())
    }

    #[test]
    fn one_value_a_tuple_or_a_struct() {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Item {
            shop: String,
            id: u32,
        }
        #[derive(Deserialize, PartialEq, Debug)]
        #[serde(rename_all = "lowercase")]
        enum Kind {
            Book,
        }
        #[derive(Deserialize, PartialEq, Debug)]
        struct Id(i64);

        let one = parameters(&[("id", "42")]);
        assert_eq!(one.deserialize::<i64>().unwrap(), 42);
        assert_eq!(one.deserialize::<String>().unwrap(), "42");
        assert_eq!(one.deserialize::<Id>().unwrap(), Id(42));
        assert_eq!(one.deserialize::<(u8,)>().unwrap(), (42,));
        assert_eq!(
            parameters(&[("k", "book")]).deserialize::<Kind>().unwrap(),
            Kind::Book
        );

        let two = parameters(&[("shop", "a%20b"), ("id", "7")]);
        let item = Item {
            shop: "a b".into(),
            id: 7,
        };
        assert_eq!(
            two.deserialize::<(String, u32)>().unwrap(),
            ("a b".into(), 7)
        );
        assert_eq!(two.deserialize::<Item>().unwrap(), item);
    }

    #[test]
    fn mistakes_name_the_parameter() {
        for (error, text) in [
            (
                parameters(&[("id", "x")]).deserialize::<i64>().unwrap_err(),
                "the path parameter `id` is not a whole number in range",
            ),
            (
                parameters(&[("id", "%ff")])
                    .deserialize::<String>()
                    .unwrap_err(),
                "the path parameter `id` is not valid UTF-8",
            ),
            (
                parameters(&[("a", "1"), ("b", "2")])
                    .deserialize::<u8>()
                    .unwrap_err(),
                "the path has 2 parameters, and the handler takes one value",
            ),
            (
                parameters(&[("ip", "x")])
                    .deserialize::<std::net::IpAddr>()
                    .unwrap_err(),
                "the path parameter `ip` is not valid: invalid IP address syntax",
            ),
        ] {
            assert_eq!(error.detail(), text);
            assert_eq!(error.kind().status(), 400);
        }
    }
}
