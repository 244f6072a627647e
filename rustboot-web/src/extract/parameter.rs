//! Decoded parameters of a path as what serde reads values from, with errors that name the parameter.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

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
    /// Whether it is the handler that does not fit its path, and so no client's doing.
    is_mistake: bool,
}

impl ParameterError {
    pub(super) fn of(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name: Some(name),
            message: message.into(),
            is_mistake: false,
        }
    }

    fn mistake(message: String) -> Self {
        Self {
            name: None,
            message,
            is_mistake: true,
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
            is_mistake: false,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::mistake(format!(
            "the path has no parameter `{field}`, which the handler takes"
        ))
    }
}

/// `From` would be the one of all errors.
impl ParameterError {
    pub(super) fn refused(self) -> Error {
        if self.is_mistake {
            return Error::internal(self.message);
        }
        let error = Error::bad_request(self.to_string());
        match self.name {
            Some(name) => error.with_parameter(name, self.message),
            None => error,
        }
    }
}

/// A parameter of the path, decoded.
pub(super) type Named<'a> = (&'static str, Cow<'a, str>);

/// All parameters: a struct or map by name, a list or tuple by place, anything else when there is just one. Or one of them, inside of
/// such a value: only what is read from a single text.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    values: &'a [Named<'a>],
    level: Level,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    All,
    /// One of a list or tuple. As in axum, a pair there is name and value.
    Listed,
    One,
}

impl<'a> Parameters<'a> {
    pub(super) fn all(values: &'a [Named<'a>]) -> Self {
        Self {
            values,
            level: Level::All,
        }
    }

    fn one(value: &'a Named<'a>) -> Self {
        Self::at(Level::One, value)
    }

    fn at(level: Level, value: &'a Named<'a>) -> Self {
        Self {
            values: std::slice::from_ref(value),
            level,
        }
    }

    fn is_all(self) -> bool {
        self.level == Level::All
    }

    /// The only one.
    fn only(self) -> Result<&'a Named<'a>, ParameterError> {
        match self.values {
            [only] => Ok(only),
            several => Err(ParameterError::mistake(format!(
                "the path has {} parameters, and the handler takes one value",
                several.len()
            ))),
        }
    }

    fn parsed<T: FromStr>(self, expected: &str) -> Result<T, ParameterError> {
        let (name, value) = self.only()?;
        let wrong = |_| ParameterError::of(name, format!("is not {expected}"));
        value.parse().map_err(wrong)
    }

    /// What reads a text (a UUID, a date) knows best what is wrong, but not with which parameter.
    fn named<T>(
        self,
        read: impl FnOnce(&'a str) -> Result<T, ParameterError>,
    ) -> Result<T, ParameterError> {
        let (name, value) = self.only()?;
        read(value)
            .map_err(|error| ParameterError::of(name, format!("is not valid: {}", error.message)))
    }
}

impl<'a> IntoDeserializer<'_, ParameterError> for Parameters<'a> {
    type Deserializer = Parameters<'a>;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($expected:literal: $($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            visitor.$visit(self.parsed($expected)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = ParameterError;

    parsed! { "true or false": deserialize_bool visit_bool }
    parsed! { "a number": deserialize_f32 visit_f32 deserialize_f64 visit_f64 }
    parsed! { "a single character": deserialize_char visit_char }
    parsed! { "a whole number in range":
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32
        deserialize_i64 visit_i64 deserialize_i128 visit_i128
    }
    parsed! { "a whole number in range that is not negative":
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32
        deserialize_u64 visit_u64 deserialize_u128 visit_u128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        self.named(|text| visitor.visit_str(text))
    }

    serde::forward_to_deserialize_any! { str string bytes byte_buf identifier }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_some(Self::one(self.only()?))
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
        self.named(|text| visitor.visit_enum(text.into_deserializer()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self.is_all() {
            true => visitor.visit_unit(),
            false => self.deserialize_any(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        if !self.is_all() {
            return self.deserialize_any(visitor);
        }
        let each = self.values.iter();
        let each = each.map(|value| Parameters::at(Level::Listed, value));
        visitor.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        match self.level {
            Level::All if length != self.values.len() => Err(ParameterError::mistake(format!(
                "the path has {} parameters, and the handler takes {length}",
                self.values.len()
            ))),
            Level::Listed if length == 2 => {
                let (name, value) = self.only()?;
                let [name, value] = [*name, &**value].map(|text| (*name, Cow::Borrowed(text)));
                let pair = [Parameters::one(&name), Parameters::one(&value)];
                visitor.visit_seq(SeqDeserializer::new(pair.into_iter()))
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        match self.is_all() {
            true => self.deserialize_tuple(length, visitor),
            false => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        if !self.is_all() {
            return self.deserialize_any(visitor);
        }
        let each = self.values.iter();
        let each = each.map(|value| (value.0, Parameters::one(value)));
        visitor.visit_map(MapDeserializer::new(each))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        self.deserialize_map(visitor)
    }
}
