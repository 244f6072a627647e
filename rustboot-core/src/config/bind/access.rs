//! Lists, sections and enums for serde.

use figment::value::{Dict, Value};
use serde::Deserializer;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::de::ValueDe;
use super::error::BindError;
use super::{Context, join};

/// The items of a list.
pub(super) struct Items<'a, 'c> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
    key: &'a str,
    context: &'c Context<'c>,
}

impl<'a, 'c> Items<'a, 'c> {
    pub(super) fn new(items: &'a [Value], key: &'a str, context: &'c Context<'c>) -> Self {
        Self {
            items: items.iter().enumerate(),
            key,
            context,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = BindError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, BindError> {
        let Some((index, value)) = self.items.next() else {
            return Ok(None);
        };
        let key = join(self.key, &index.to_string());
        seed.deserialize(ValueDe::new(value, key, self.context))
            .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The keys of a section; those that failed before come last.
pub(super) struct Keys<'a, 'c> {
    entries: std::vec::IntoIter<(&'a String, &'a Value)>,
    value: Option<(&'a String, &'a Value)>,
    key: &'a str,
    context: &'c Context<'c>,
    known: &'static [&'static str],
}

impl<'a, 'c> Keys<'a, 'c> {
    pub(super) fn new(
        dict: &'a Dict,
        key: &'a str,
        context: &'c Context<'c>,
        known: &'static [&'static str],
    ) -> Self {
        let mut entries: Vec<_> = dict.iter().collect();
        entries.sort_by_key(|(name, _)| context.is_tainted(&join(key, name)));
        Self {
            entries: entries.into_iter(),
            value: None,
            key,
            context,
            known,
        }
    }
}

impl<'de> MapAccess<'de> for Keys<'_, '_> {
    type Error = BindError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, BindError> {
        let Some((name, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((name, value));
        let identifier: StringDeserializer<BindError> = name.clone().into_deserializer();
        seed.deserialize(identifier)
            .map(Some)
            .map_err(|error: BindError| error.at(&join(self.key, name), false))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, BindError> {
        let Some((name, value)) = self.value.take() else {
            return Err(BindError::new("a value was asked for before its key"));
        };
        seed.deserialize(ValueDe {
            value,
            key: join(self.key, name),
            context: self.context,
            siblings: self.known,
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// An enum written as a section with the variant as its only key.
pub(super) struct Enum<'a, 'c> {
    dict: &'a Dict,
    key: &'a str,
    context: &'c Context<'c>,
}

impl<'a, 'c> Enum<'a, 'c> {
    pub(super) fn new(dict: &'a Dict, key: &'a str, context: &'c Context<'c>) -> Self {
        Self { dict, key, context }
    }
}

impl<'de, 'a, 'c> EnumAccess<'de> for Enum<'a, 'c> {
    type Error = BindError;
    type Variant = ValueVariant<'a, 'c>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), BindError> {
        let Some((name, value)) = self.dict.iter().next() else {
            return Err(BindError::new("expected the name of a variant"));
        };
        let identifier: StringDeserializer<BindError> = name.clone().into_deserializer();
        let variant = seed.deserialize(identifier)?;
        let de = ValueDe::new(value, join(self.key, name), self.context);
        Ok((variant, ValueVariant(de)))
    }
}

/// What a variant holds.
pub(super) struct ValueVariant<'a, 'c>(ValueDe<'a, 'c>);

impl<'de> VariantAccess<'de> for ValueVariant<'_, '_> {
    type Error = BindError;

    fn unit_variant(self) -> Result<(), BindError> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, BindError> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, BindError> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BindError> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
