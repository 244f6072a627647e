//! The effective configuration, for `app config` and `/env`: every key with its value and origin, secrets masked.

use std::collections::BTreeMap;

use figment::value::{Num, Value};
use serde_json::json;

use super::settings::{Settings, entry_field, keys_of};
use super::{ConfigDef, Origin, Shape};
use super::{bind, mask};

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) value: serde_json::Value,
    pub(crate) origin: Origin,
}

/// Every key that is set or known, in order.
pub(crate) fn effective(settings: &Settings, sections: &[ConfigDef]) -> BTreeMap<String, Entry> {
    let mut secret = Vec::new();
    let mut types = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for def in sections {
        for (key, field) in keys_of(def) {
            if field.secret {
                secret.push(key.clone());
            }
            types.insert(key.clone(), field.shape.map(|shape| shape()));
            entries.insert(
                key,
                Entry {
                    value: serde_json::Value::Null,
                    origin: Origin::Default,
                },
            );
        }
    }
    for (key, value, origin) in settings.leaves() {
        // A map that a field holds replaces the field's own line.
        if let Some((parent, _)) = key.rsplit_once('.') {
            entries.remove(parent);
        }
        let entry = sections.iter().find_map(|def| entry_field(def, &key));
        if let Some(field) = entry {
            types.insert(key.clone(), field.shape.map(|shape| shape()));
        }
        let is_secret = entry.is_some_and(|field| field.secret)
            || secret.iter().any(|s| {
                *s == key
                    || key
                        .strip_prefix(s.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            });
        let mut value = to_json(&key, is_secret, value);
        if let (Some(Some(shape)), serde_json::Value::String(text)) = (types.get(&key), &value)
            && let Some(typed) = typed(shape, text)
        {
            value = typed;
        }
        entries.insert(key, Entry { value, origin });
    }
    entries
}

fn to_json(key: &str, secret: bool, value: &Value) -> serde_json::Value {
    if secret || mask::is_sensitive(key) {
        return match value {
            // There is nothing in it.
            Value::Array(_, items) if items.is_empty() => json!([]),
            _ => json!(mask::MASK),
        };
    }
    match value {
        Value::String(_, text) => json!(mask::shown(key, secret, text)),
        Value::Char(_, c) => json!(c.to_string()),
        Value::Bool(_, value) => json!(value),
        Value::Num(_, Num::F32(float)) => json!(float),
        Value::Num(_, Num::F64(float)) => json!(float),
        Value::Num(_, number) => match (number.to_i128(), number.to_u128()) {
            (Some(n), _) => i64::try_from(n).map_or_else(|_| json!(n.to_string()), |n| json!(n)),
            (None, Some(n)) => json!(n.to_string()),
            (None, None) => serde_json::Value::Null,
        },
        Value::Empty(..) => serde_json::Value::Null,
        Value::Dict(_, dict) => dict
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    to_json(&format!("{key}.{name}"), secret, value),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(_, items) => items
            .iter()
            .map(|item| to_json(key, secret, item))
            .collect(),
    }
}

/// A text as the number or truth value that its field is. Text is all that the environment has.
pub(super) fn typed(shape: &Shape, text: &str) -> Option<serde_json::Value> {
    match shape {
        Shape::Integer { .. } => text.parse::<i64>().ok().map(|n| json!(n)),
        Shape::Number => text.parse::<f64>().ok().map(|n| json!(n)),
        Shape::Boolean => text.parse::<bool>().ok().map(|b| json!(b)),
        Shape::List(item) => Some(
            bind::items(text)
                .into_iter()
                .map(|text| typed(item, &text).unwrap_or_else(|| json!(text)))
                .collect(),
        ),
        _ => None,
    }
}

/// As lines of `key = value  # origin`, aligned.
pub(crate) fn as_text(entries: &BTreeMap<String, Entry>) -> String {
    let lines: Vec<(String, String)> = entries
        .iter()
        .map(|(key, entry)| {
            let value = match &entry.value {
                serde_json::Value::Null => "(not set)".to_owned(),
                value => value.to_string(),
            };
            (format!("{key} = {value}"), entry.origin.to_string())
        })
        .collect();
    let width = lines
        .iter()
        .map(|(left, _)| left.chars().count().min(60))
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|(left, origin)| format!("{left:<width$}  # {origin}\n"))
        .collect()
}

/// As an object of flat keys.
pub(crate) fn as_json(entries: &BTreeMap<String, Entry>) -> serde_json::Value {
    entries
        .iter()
        .map(|(key, entry)| {
            let value = json!({ "value": entry.value, "origin": entry.origin.to_string() });
            (key.clone(), value)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}
