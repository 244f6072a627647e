//! What can be configured, from the definitions of the sections: a JSON Schema for editors, and a documented default file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::print::typed;
use super::properties::{DefaultValue, Field};
use super::{ByteSize, ConfigDef, Shape};

/// A JSON Schema (2020-12) of `config/app.toml`. An unknown section is allowed, as at start, where it is a warning.
pub(crate) fn schema(title: &str, sections: &[ConfigDef], is_dev: bool) -> Value {
    let mut root = Map::new();
    for def in sections {
        let mut section = object(&(def.fields)(), is_dev);
        if let Some(fields) = (def.entries)() {
            section["additionalProperties"] = object(&fields, is_dev);
        }
        insert(
            &mut root,
            &def.prefix.split('.').collect::<Vec<_>>(),
            section,
        );
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("config/app.toml of {title}"),
        "type": "object",
        "properties": root,
    })
}

/// Puts a section where its prefix says, into what may be there already.
fn insert(properties: &mut Map<String, Value>, path: &[&str], section: Value) {
    let Some((head, rest)) = path.split_first() else {
        return;
    };
    let slot = properties
        .entry((*head).to_owned())
        .or_insert_with(|| json!({ "type": "object", "properties": {} }));
    if rest.is_empty() {
        let mut section = section;
        let inner = slot["properties"].as_object().cloned().unwrap_or_default();
        if let Some(own) = section["properties"].as_object_mut() {
            own.extend(inner);
        }
        *slot = section;
    } else if let Some(inner) = slot.get_mut("properties").and_then(Value::as_object_mut) {
        insert(inner, rest, section);
    }
}

fn object(fields: &[Field], is_dev: bool) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), property(field, is_dev)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn property(field: &Field, is_dev: bool) -> Value {
    let shape = field.shape.map_or(Shape::Any, |shape| shape());
    let mut property = match field.nested {
        Some(nested) => object(&nested(), is_dev),
        None => json_type(&shape),
    };
    if let Some(object) = property.as_object_mut() {
        if !field.doc.is_empty() {
            object.insert("description".to_owned(), json!(field.doc));
        }
        if field.secret {
            object.insert("writeOnly".to_owned(), json!(true));
        } else if let Some(default) = default_json(field, &shape, is_dev) {
            object.insert("default".to_owned(), default);
        }
    }
    property
}

/// Values of files may be placeholders, so whatever is no text may be one. In one thing this is stricter than the start, which reads
/// numbers and booleans from texts as well, wherever they are from: an editor should suggest to write them as they are.
fn json_type(shape: &Shape) -> Value {
    let or_placeholder =
        |of: Value| json!({ "anyOf": [of, { "type": "string", "pattern": "\\$\\{" }] });
    match shape {
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::Duration => json!({
            "type": "string",
            "pattern": "^(0|([0-9.]+ *(ns|us|µs|ms|s|m|h|d) *)+|.*\\$\\{.*)$",
            "examples": ["250ms", "30s", "1h30m"],
        }),
        Shape::Size => {
            let units: Vec<String> = ByteSize::units().map(in_any_case).collect();
            let units = units.join("|");
            json!({
                "type": "string",
                "pattern": format!("^( *[0-9][0-9_]* *({units}) *|.*\\$\\{{.*)$"),
                "examples": ["512B", "64KiB", "10MB"],
            })
        }
        // The names for completion; any case is read.
        Shape::OneOf(variants) => {
            let any_case: Vec<String> = variants.iter().map(|name| in_any_case(name)).collect();
            json!({ "anyOf": [
                { "enum": variants },
                { "type": "string", "pattern": format!("^({})$|\\$\\{{", any_case.join("|")) },
            ] })
        }
        Shape::Boolean => or_placeholder(json!({ "type": "boolean" })),
        Shape::Number => or_placeholder(json!({ "type": "number" })),
        Shape::Integer { min, max } => {
            // What JSON numbers hold exactly.
            let limit = |n: i128| {
                i64::try_from(n)
                    .ok()
                    .filter(|n| n.unsigned_abs() <= 1 << 53)
            };
            let mut integer = json!({ "type": "integer" });
            for (name, value) in [("minimum", limit(*min)), ("maximum", limit(*max))] {
                if let (Some(value), Some(object)) = (value, integer.as_object_mut()) {
                    object.insert(name.to_owned(), json!(value));
                }
            }
            or_placeholder(integer)
        }
        // Or as the environment writes them, with commas between.
        Shape::List(item) => json!({
            "type": ["array", "string"],
            "items": json_type(item),
        }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": json_type(value) }),
    }
}

/// A pattern for a name in lower or upper case: JSON Schema's have no flag for that.
fn in_any_case(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len() * 4);
    for c in name.chars() {
        let (lower, upper) = (c.to_ascii_lowercase(), c.to_ascii_uppercase());
        match lower == upper {
            true if r"^$\.*+?()[]{}|/".contains(c) => pattern.extend(['\\', c]),
            true => pattern.push(c),
            false => pattern.extend(['[', lower, upper, ']']),
        }
    }
    pattern
}

fn default_json(field: &Field, shape: &Shape, is_dev: bool) -> Option<Value> {
    let one = |text: &str, shape: &Shape| typed(shape, text).unwrap_or_else(|| json!(text));
    Some(match field.default? {
        DefaultValue::Text(text) => match shape {
            // A default may be written as the environment writes a list.
            Shape::List(_) => json!(text.split(',').map(str::trim).collect::<Vec<_>>()),
            shape => one(text, shape),
        },
        DefaultValue::ByProfile { dev, otherwise } => {
            one(if is_dev { dev } else { otherwise }, shape)
        }
        DefaultValue::List(items) => {
            let item_shape = match shape {
                Shape::List(item) => item,
                _ => &Shape::Any,
            };
            items.iter().map(|item| one(item, item_shape)).collect()
        }
    })
}

/// A file with every key at its default, and what it is for. It loads back to the same values; a key without a default is
/// a comment.
pub(crate) fn default_file(name: &str, sections: &[ConfigDef], is_dev: bool) -> String {
    let mut tables: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    fn collect(prefix: &str, fields: Vec<Field>, tables: &mut BTreeMap<String, Vec<Field>>) {
        for field in fields {
            match field.nested {
                Some(nested) => collect(&format!("{prefix}.{}", field.name), nested(), tables),
                None => tables.entry(prefix.to_owned()).or_default().push(field),
            }
        }
    }
    for def in sections {
        collect(def.prefix, (def.fields)(), &mut tables);
    }
    let mut text = format!("# config/app.toml of {name}: every key at its default.\n");
    for def in sections {
        if let Some(fields) = (def.entries)() {
            text += &format!(
                "\n# [{}.NAME]: any number of them, each with its own name, and with\n",
                def.prefix
            );
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            text += &format!("# {}\n", names.join(", "));
        }
    }
    for (prefix, fields) in tables {
        text += &format!(
            "\n[{}]\n",
            prefix.split('.').map(key).collect::<Vec<_>>().join(".")
        );
        for field in fields {
            for line in field.doc.lines() {
                text += &format!("# {}\n", line.trim());
            }
            text += &line(&field, is_dev);
        }
    }
    text
}

fn line(field: &Field, is_dev: bool) -> String {
    let shape = field.shape.map_or(Shape::Any, |shape| shape());
    let name = key(field.name);
    match default_json(field, &shape, is_dev).filter(|_| !field.secret) {
        Some(value) => format!("{name} = {}\n", toml_value(&value)),
        None if field.optional || field.secret => format!("# {name} = {}\n", example(&shape)),
        None => format!("# required\n# {name} = {}\n", example(&shape)),
    }
}

/// A key as TOML wants it.
fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare {
        name.to_owned()
    } else {
        json!(name).to_string()
    }
}

/// The JSON values that can be here are TOML values as well, texts included (TOML basic strings).
fn toml_value(value: &Value) -> String {
    value.to_string()
}

fn example(shape: &Shape) -> String {
    match shape {
        Shape::Text | Shape::Any => "\"\"".to_owned(),
        Shape::Boolean => "false".to_owned(),
        Shape::Integer { min, .. } => (*min).max(0).to_string(),
        Shape::Number => "0.0".to_owned(),
        Shape::Duration => "\"30s\"".to_owned(),
        Shape::Size => "\"1MiB\"".to_owned(),
        Shape::OneOf(variants) => json!(variants.first().unwrap_or(&"")).to_string(),
        Shape::List(_) => "[]".to_owned(),
        Shape::Map(_) => "{}".to_owned(),
    }
}
