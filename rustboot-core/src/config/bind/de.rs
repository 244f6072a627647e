//! The serde deserializer over merged values.

use figment::value::{Num, Value};
use serde::Deserializer;
use serde::de::value::StringDeserializer;
use serde::de::{IntoDeserializer, Visitor};

use super::access::{Enum, Items, Keys};
use super::error::BindError;
use super::{Context, scalar};
use crate::secret;

/// One value, with its key.
pub(super) struct ValueDe<'a, 'c> {
    pub(super) value: &'a Value,
    pub(super) key: String,
    pub(super) context: &'c Context<'c>,
    /// The keys that the struct around this value knows, for "did you mean".
    pub(super) siblings: &'static [&'static str],
}

impl<'a, 'c> ValueDe<'a, 'c> {
    pub(super) fn new(value: &'a Value, key: String, context: &'c Context<'c>) -> Self {
        Self {
            value,
            key,
            context,
            siblings: &[],
        }
    }

    fn run<T>(self, f: impl FnOnce(&Self) -> Result<T, BindError>) -> Result<T, BindError> {
        f(&self).map_err(|error| error.at(&self.key, self.context.is_secret(&self.key)))
    }

    /// The text for a type that is read from one. Without one, the type says better what it wants than we could: `String` wants
    /// "a string", but a size wants "a size with its unit".
    fn text<'de>(&self, wanted: &impl Visitor<'de>) -> Result<String, BindError> {
        match self.value {
            Value::String(_, text) => Ok(text.clone()),
            Value::Char(_, c) => Ok(c.to_string()),
            other => {
                let wanted = (wanted as &dyn serde::de::Expected).to_string();
                let wanted = match wanted.as_str() {
                    "a string" => "a text",
                    other => other,
                };
                Err(BindError::expected(&wanted, &scalar::found(other)))
            }
        }
    }

    fn list<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, BindError> {
        match self.value {
            Value::Array(_, items) => visitor.visit_seq(Items::new(items, &self.key, self.context)),
            Value::String(tag, text) => {
                let items: Vec<Value> = scalar::items(text)
                    .into_iter()
                    .map(|item| Value::String(*tag, item))
                    .collect();
                visitor.visit_seq(Items::new(&items, &self.key, self.context))
            }
            // `APP_SHOP__SIZES__0=1`: what the environment can say of a list whose items have commas, or are sections.
            Value::Dict(_, dict) => match scalar::numbered(dict) {
                Some(items) => visitor.visit_seq(Items::new(&items, &self.key, self.context)),
                None => Err(BindError::expected(&"a list", &scalar::found(self.value))),
            },
            other => Err(BindError::expected(&"a list", &scalar::found(other))),
        }
    }

    fn section<'de, V: Visitor<'de>>(
        &self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BindError> {
        match self.value {
            Value::Dict(_, dict) => {
                visitor.visit_map(Keys::new(dict, &self.key, self.context, known))
            }
            other => Err(BindError::expected(&"a section", &scalar::found(other))),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
            self.run(|de| {
                let number = scalar::integer(de.value, <$type>::MIN as i128, <$type>::MAX as i128)?;
                // The limits were checked one line above.
                visitor.$visit(number as $type)
            })
        })*
    };
}

impl<'de> Deserializer<'de> for ValueDe<'_, '_> {
    type Error = BindError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| match de.value {
            Value::String(_, text) => visitor.visit_str(text),
            Value::Char(_, c) => visitor.visit_char(*c),
            Value::Bool(_, value) => visitor.visit_bool(*value),
            Value::Num(_, number) => match number {
                Num::F32(float) => visitor.visit_f32(*float),
                Num::F64(float) => visitor.visit_f64(*float),
                number => match (number.to_i128(), number.to_u128()) {
                    (Some(n), _) => match i64::try_from(n) {
                        Ok(n) => visitor.visit_i64(n),
                        Err(_) => visitor.visit_i128(n),
                    },
                    (None, Some(n)) => visitor.visit_u128(n),
                    (None, None) => Err(BindError::new("not a number")),
                },
            },
            Value::Empty(..) => visitor.visit_unit(),
            Value::Dict(..) => de.section(&[], visitor),
            Value::Array(..) => de.list(visitor),
        })
    }

    integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| visitor.visit_i128(scalar::integer(de.value, i128::MIN, i128::MAX)?))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| visitor.visit_u128(scalar::integer(de.value, 0, i128::MAX)?.unsigned_abs()))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| visitor.visit_f64(scalar::float(de.value)?))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| visitor.visit_bool(scalar::boolean(de.value)?))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| {
            let text = de.text(&visitor)?;
            visitor.visit_str(&text)
        })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| {
            let text = de.text(&visitor)?;
            visitor.visit_string(text)
        })
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| {
            let text = de.text(&visitor)?;
            visitor.visit_bytes(text.as_bytes())
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        match self.value {
            Value::Empty(..) => self.run(|_| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| match de.value {
            Value::Empty(..) => visitor.visit_unit(),
            other => Err(BindError::expected(&"nothing", &scalar::found(other))),
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BindError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BindError> {
        if name != secret::MARKER {
            return visitor.visit_newtype_struct(self);
        }
        let (context, key) = (self.context, self.key.clone());
        let outer = context.inside_secret.replace(true);
        let result = visitor.visit_newtype_struct(self);
        context.inside_secret.set(outer);
        // A type that is made from another one may quote it in what it says afterwards.
        result.map_err(|error| error.at(&key, true))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| de.list(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, BindError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, BindError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| de.section(&[], visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BindError> {
        // std's Duration asks for a struct of seconds and nanoseconds; people write `30s`.
        if name == "Duration"
            && fields == ["secs", "nanos"]
            && !matches!(self.value, Value::Dict(..))
        {
            return self.run(|de| {
                let duration = scalar::duration(de.value)?;
                let parts = [duration.as_secs(), u64::from(duration.subsec_nanos())];
                visitor.visit_seq(serde::de::value::SeqDeserializer::new(parts.into_iter()))
            });
        }
        self.run(|de| de.section(fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BindError> {
        self.run(|de| match de.value {
            Value::String(_, text) => {
                // People write `Json` for `json`; the exact spelling wins where two differ only by case.
                let variant = variants
                    .iter()
                    .find(|variant| *variant == text)
                    .or_else(|| {
                        variants
                            .iter()
                            .find(|variant| variant.eq_ignore_ascii_case(text))
                    })
                    .map_or(text.as_str(), |variant| variant);
                visitor.visit_enum(IntoDeserializer::<BindError>::into_deserializer(variant))
            }
            Value::Dict(_, dict) if dict.len() == 1 => {
                visitor.visit_enum(Enum::new(dict, &de.key, de.context))
            }
            other => Err(BindError::expected(
                &format!("one of {}", variants.join(", ")),
                &scalar::found(other),
            )),
        })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        self.run(|de| {
            let text = de.text(&visitor)?;
            let identifier: StringDeserializer<BindError> = text.into_deserializer();
            identifier.deserialize_any(visitor)
        })
    }

    /// serde asks for this when nothing reads the key.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BindError> {
        let name = self.key.rsplit('.').next().unwrap_or_default();
        self.context.unknown.borrow_mut().push(super::UnknownKey {
            nearest: super::nearest(name, self.siblings.iter().copied()).map(str::to_owned),
            key: self.key,
        });
        visitor.visit_unit()
    }
}
