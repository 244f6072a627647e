//! Lists, sections and enums for serde.

use std::borrow::Cow;

use figment::value::{Dict, Tag, Value};
use serde::Deserializer;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::de::ValueDe;
use super::error::BindError;
use super::{Context, UnknownKey, join};

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
        let item = seed.deserialize(ValueDe::new(value, key.clone(), self.context));
        let item = item.map_err(|error| error.at(&key, self.context.is_secret(&key)));
        item.map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// What `#[config]` renames a flattened field to. serde's own flattening collects the values first, untyped, and loses where
/// they came from; under this name the field gets everything that the struct itself does not know, as it is.
const FLATTEN: &str = "$rustboot::flatten::";

/// The keys of a section; those that failed before come last, flattened parts at the very end.
pub(super) struct Keys<'a, 'c> {
    entries: std::vec::IntoIter<Entry<'a>>,
    value: Option<Entry<'a>>,
    key: &'a str,
    context: &'c Context<'c>,
    known: &'static [&'static str],
    flattened: usize,
    /// What each flattened part did not know. A key is unknown when none of them knows it.
    unknown_to_parts: Vec<Vec<UnknownKey>>,
}

struct Entry<'a> {
    name: &'a str,
    value: Cow<'a, Value>,
    is_part: bool,
}

impl<'a, 'c> Keys<'a, 'c> {
    pub(super) fn new(
        dict: &'a Dict,
        key: &'a str,
        context: &'c Context<'c>,
        known: &'static [&'static str],
    ) -> Self {
        let parts: Vec<&'static str> = known
            .iter()
            .copied()
            .filter(|name| name.starts_with(FLATTEN))
            .collect();
        let is_own = |name: &str| parts.is_empty() || known.contains(&name);
        let mut entries: Vec<Entry<'a>> = dict
            .iter()
            .filter(|(name, _)| is_own(name))
            .map(|(name, value)| Entry {
                name,
                value: Cow::Borrowed(value),
                is_part: false,
            })
            .collect();
        entries.sort_by_key(|entry| context.is_tainted(&join(key, entry.name)));
        if !parts.is_empty() {
            let rest: Dict = dict
                .iter()
                .filter(|(name, _)| !is_own(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            entries.extend(parts.iter().map(|name| Entry {
                name,
                value: Cow::Owned(Value::Dict(Tag::Default, rest.clone())),
                is_part: true,
            }));
        }
        Self {
            entries: entries.into_iter(),
            value: None,
            key,
            context,
            known,
            flattened: parts.len(),
            unknown_to_parts: Vec::new(),
        }
    }

    /// A flattened part: the same key, and whatever it does not know may be known to another.
    fn part<'de, V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
        value: &Value,
    ) -> Result<V::Value, BindError> {
        let before = self.context.unknown.borrow().len();
        let result = seed.deserialize(ValueDe::new(value, self.key.to_owned(), self.context));
        let mut unknown = self.context.unknown.borrow_mut();
        let of_this = unknown.split_off(before);
        self.unknown_to_parts.push(of_this);
        if self.unknown_to_parts.len() == self.flattened
            && let Some((first, others)) = self.unknown_to_parts.split_first()
        {
            let to_all = |key: &&UnknownKey| {
                others
                    .iter()
                    .all(|other| other.iter().any(|o| o.key == key.key))
            };
            unknown.extend(first.iter().filter(to_all).cloned());
        }
        result
    }
}

impl<'de> MapAccess<'de> for Keys<'_, '_> {
    type Error = BindError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, BindError> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let identifier: StringDeserializer<BindError> = entry.name.to_owned().into_deserializer();
        let key = seed
            .deserialize(identifier)
            .map_err(|error: BindError| error.at(&join(self.key, entry.name), false));
        self.value = Some(entry);
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, BindError> {
        let Some(entry) = self.value.take() else {
            return Err(BindError::new("a value was asked for before its key"));
        };
        if entry.is_part {
            return self.part(seed, &entry.value);
        }
        let key = join(self.key, entry.name);
        let value = seed.deserialize(ValueDe {
            value: &entry.value,
            key: key.clone(),
            context: self.context,
            siblings: self.known,
        });
        // Of a type that is made from another one: what it says, it says after that was read.
        value.map_err(|error| error.at(&key, self.context.is_secret(&key)))
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
