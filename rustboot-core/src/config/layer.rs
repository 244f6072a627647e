//! One layer of values, as figment sees it: a provider whose name leads back to the origin of each leaf.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Metadata, Profile, Provider};

use super::Origin;
use super::properties::{DefaultValue, Field};

/// Values of one source, with the origin of every leaf.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// Unique among the layers of an application; figment hands it back with every value.
    pub(crate) name: String,
    dict: Dict,
    origins: BTreeMap<String, Origin>,
    /// What a value without an origin of its own gets.
    fallback: Origin,
    /// Whether `${NAME}` means something here.
    pub(crate) placeholders: bool,
    /// Whether the names are those of variables, which cannot spell every key.
    pub(crate) relaxed: bool,
    /// Whether it stands above all secrets: the command line, and overrides in code.
    pub(crate) beats_secrets: bool,
}

impl Layer {
    pub(crate) fn new(name: impl Into<String>, fallback: Origin) -> Self {
        Self {
            name: name.into(),
            dict: Dict::new(),
            origins: BTreeMap::new(),
            fallback,
            placeholders: false,
            relaxed: false,
            beats_secrets: false,
        }
    }

    /// The defaults that a section declares.
    pub(crate) fn defaults(name: String, prefix: &str, fields: &[Field], is_dev: bool) -> Self {
        fn add(layer: &mut Layer, prefix: &str, fields: &[Field], is_dev: bool) {
            for field in fields {
                let key = join(prefix, field.name);
                match field.default {
                    Some(DefaultValue::Text(text)) => {
                        layer.set(&key, Value::from(text), Origin::Default)
                    }
                    Some(DefaultValue::ByProfile { dev, otherwise }) => {
                        layer.set(
                            &key,
                            Value::from(if is_dev { dev } else { otherwise }),
                            Origin::Default,
                        );
                    }
                    Some(DefaultValue::List(list)) => layer.set(
                        &key,
                        Value::from(
                            list.iter()
                                .map(|text| Value::from(*text))
                                .collect::<Vec<_>>(),
                        ),
                        Origin::Default,
                    ),
                    None => {}
                }
                if let (Some(nested), false) = (field.nested, field.optional) {
                    add(layer, &key, &nested(), is_dev);
                }
            }
        }
        let mut layer = Self::new(name, Origin::Default);
        add(&mut layer, prefix, fields, is_dev);
        layer
    }

    /// Sets a leaf, making the maps above it. A scalar that stands where a map is needed gives way.
    pub(crate) fn set(&mut self, key: &str, value: Value, origin: Origin) {
        fn set(dict: &mut Dict, path: &[&str], value: Value) {
            let Some((head, rest)) = path.split_first() else {
                return;
            };
            if rest.is_empty() {
                dict.insert((*head).to_owned(), value);
                return;
            }
            let slot = dict
                .entry((*head).to_owned())
                .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
            if !matches!(slot, Value::Dict(..)) {
                *slot = Value::Dict(Tag::Default, Dict::new());
            }
            if let Value::Dict(_, inner) = slot {
                set(inner, rest, value);
            }
        }
        let path: Vec<&str> = key.split('.').collect();
        set(&mut self.dict, &path, value);
        self.origins.insert(key.to_owned(), origin);
    }

    /// Gives the leaves of a relaxed layer the spelling of the fields that they are meant for: variables know neither
    /// dashes nor capitals. Returns whether anything changed.
    pub(crate) fn respell(&mut self, keys: &[String]) -> bool {
        if !self.relaxed {
            return false;
        }
        let mut changed = false;
        for leaf in self.origins.keys().cloned().collect::<Vec<_>>() {
            let Some(respelled) = keys.iter().find_map(|key| respelling(&leaf, key)) else {
                continue;
            };
            if respelled != leaf
                && let (Some(origin), Some(value)) =
                    (self.origins.remove(&leaf), take(&mut self.dict, &leaf))
            {
                self.set(&respelled, value, origin);
                changed = true;
            }
        }
        changed
    }

    /// Removes a key and what is below it, unless that is a default, or set in code.
    pub(crate) fn forget(&mut self, key: &str) {
        if matches!(
            self.origin(key),
            Origin::Default | Origin::Code(_) | Origin::Service { .. }
        ) {
            return;
        }
        let _was_set = take(&mut self.dict, key).is_some();
        self.origins.retain(|known, _| {
            let rest = known.strip_prefix(key);
            !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
    }

    /// Says where a key is, without setting it: for the tables of a file.
    pub(crate) fn place(&mut self, key: String, origin: Origin) {
        self.origins.insert(key, origin);
    }

    /// Replaces all values at once; the origins come by [`Layer::place`].
    pub(crate) fn fill(&mut self, dict: Dict) {
        self.dict = dict;
    }

    /// Where a key was set: the key itself, the first one below it (a list whose items are numbered variables), or the
    /// nearest one above it that is known.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        let mut below = self.origins.range(format!("{key}.")..);
        if !self.origins.contains_key(key)
            && let Some((first, origin)) = below.next()
            && first
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('.'))
        {
            return origin.clone();
        }
        let mut key = key;
        loop {
            if let Some(origin) = self.origins.get(key) {
                return origin.clone();
            }
            match key.rsplit_once('.') {
                Some((above, _)) => key = above,
                None => return self.fallback.clone(),
            }
        }
    }

    /// The keys that it sets.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.origins.keys().map(String::as_str)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }
}

/// `leaf` with its beginning spelled like `key`, when both are the same but for dashes, underscores and capitals.
fn respelling(leaf: &str, key: &str) -> Option<String> {
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let mut leaf_segments = leaf.split('.');
    for segment in key.split('.') {
        if plain(leaf_segments.next()?) != plain(segment) {
            return None;
        }
    }
    let rest: Vec<&str> = leaf_segments.collect();
    Some(if rest.is_empty() {
        key.to_owned()
    } else {
        format!("{key}.{}", rest.join("."))
    })
}

/// Removes a leaf, and the maps that are empty without it.
fn take(dict: &mut Dict, key: &str) -> Option<Value> {
    match key.split_once('.') {
        None => dict.remove(key),
        Some((head, rest)) => {
            let Some(Value::Dict(_, inner)) = dict.get_mut(head) else {
                return None;
            };
            let value = take(inner, rest);
            if inner.is_empty() {
                dict.remove(head);
            }
            value
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// `a` and `b` as `a.b`; an empty prefix adds nothing.
pub(crate) fn join(prefix: &str, key: &str) -> String {
    match (prefix.is_empty(), key.is_empty()) {
        (true, _) => key.to_owned(),
        (_, true) => prefix.to_owned(),
        _ => format!("{prefix}.{key}"),
    }
}
