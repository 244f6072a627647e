//! One document of the KV engine: its path, and its names as keys.

use rustboot_core::Secret;
use rustboot_core::config::SecretValues;
use serde_json::{Map, Value};

/// Which document, and the section that its names stand under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentPath {
    pub(crate) path: String,
    pub(crate) prefix: Option<String>,
}

impl DocumentPath {
    /// `shop`, `team/shop`, `team/shop?prefix=shop`; `None` for anything else. Only what needs no escape in a URL.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (path, prefix) = match text.split_once("?prefix=") {
            Some((path, prefix)) => (path, Some(prefix.trim_end_matches('.'))),
            None => (text, None),
        };
        let plain = |text: &str, separator: char| {
            text.split(separator).all(|segment| {
                !segment.is_empty()
                    && segment != ".."
                    && segment
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            })
        };
        (plain(path, '/') && prefix.is_none_or(|prefix| plain(prefix, '.'))).then(|| Self {
            path: path.to_owned(),
            prefix: prefix.map(str::to_owned),
        })
    }

    /// Adds what the document has. Sections in it may be nested, lists are numbered; null is as good as absent.
    pub(crate) fn read(
        &self,
        mount: &str,
        document: Map<String, Value>,
        values: &mut SecretValues,
    ) {
        for (name, value) in document {
            let place = format!("{mount}/data/{}#{name}", self.path);
            let key = match &self.prefix {
                Some(prefix) => format!("{prefix}.{name}"),
                None => name,
            };
            add(&key, &place, value, values);
        }
    }
}

fn add(key: &str, place: &str, value: Value, values: &mut SecretValues) {
    let text = match value {
        Value::Null => return,
        Value::Object(section) => {
            for (name, value) in section {
                add(
                    &format!("{key}.{name}"),
                    &format!("{place}.{name}"),
                    value,
                    values,
                );
            }
            return;
        }
        Value::Array(items) => {
            for (index, value) in items.into_iter().enumerate() {
                add(&format!("{key}.{index}"), place, value, values);
            }
            return;
        }
        Value::String(text) => text,
        other => other.to_string(),
    };
    values.set(key, place, Secret::new(text));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_plain_and_may_have_a_prefix() {
        let path = |path: &str, prefix: Option<&str>| {
            Some(DocumentPath {
                path: path.to_owned(),
                prefix: prefix.map(str::to_owned),
            })
        };
        for (text, expected) in [
            ("shop", path("shop", None)),
            ("team/shop", path("team/shop", None)),
            ("team/shop?prefix=shop", path("team/shop", Some("shop"))),
            ("shop?prefix=shop.mail.", path("shop", Some("shop.mail"))),
            ("", None),
            ("/shop", None),
            ("shop/", None),
            ("../sys/seal", None),
            ("shop?version=3", None),
            ("shop?prefix=", None),
            ("a b", None),
        ] {
            assert_eq!(DocumentPath::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn names_become_keys_as_those_of_secret_files_do() {
        let mut values = SecretValues::default();
        let document = json!({
            "shop__api_key": "a", "mail.password": "b", "DATABASE_URL": "c", "api_key": "no section",
            "cache": {"size": 3, "hosts": ["x", "y"]}, "absent__key": null,
        });
        let Value::Object(document) = document else {
            unreachable!()
        };
        DocumentPath::parse("app")
            .unwrap()
            .read("secret", document, &mut values);
        let mut keys: Vec<&str> = values.keys().collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "cache.hosts.0",
                "cache.hosts.1",
                "cache.size",
                "database.url",
                "mail.password",
                "shop.api_key"
            ]
        );
    }
}
