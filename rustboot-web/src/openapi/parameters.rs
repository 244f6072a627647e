//! What a query, a form or a path is read into, as parameters of OpenAPI.
//!
//! axum reads a query with serde_urlencoded: pairs of names and texts. So the type is a struct, a map, or a list of pairs; a field of it
//! is read from one text, and a name that is there twice is refused. A list or a struct inside is read by nothing but code of the
//! application's own (`deserialize_with`), which gets that one text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The definitions that a schema refers to.
type Definitions = Map<String, Value>;

/// What the fields of a type are.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fields {
    named: BTreeMap<String, Field>,
    /// The schema of an object with all other names, where there may be any.
    others: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
struct Field {
    schema: Value,
    is_required: bool,
}

impl Fields {
    /// Those of a type with this schema.
    pub(super) fn of(schema: &Value, definitions: &Definitions) -> Self {
        let schema = resolved(schema, definitions);
        let mut fields = Self::default();
        let Some(members) = schema.as_object().filter(|members| !members.is_empty()) else {
            // The type says nothing, and may be anything.
            fields.others = Some(json!({"type": "object"}));
            return fields;
        };
        if let Some(pair) = members.get("items").and_then(value_of_pair) {
            fields.others = Some(json!({"type": "object", "additionalProperties": pair}));
            return fields;
        }
        let required = members.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
        let properties = members.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let (schema, is_required) = (without_null(schema.clone()), is_required(name));
            let field = Field {
                schema: as_text(schema, definitions),
                is_required,
            };
            fields.named.insert(name.clone(), field);
        }
        let mut others = Map::from_iter([("type".to_owned(), json!("object"))]);
        for keyword in ["additionalProperties", "patternProperties", "propertyNames"] {
            if let Some(value) = members.get(keyword).filter(|value| **value != json!(false)) {
                others.insert(keyword.to_owned(), value.clone());
            }
        }
        if others.len() > 1 {
            fields.others = Some(Value::Object(others));
        }
        let parts = |keyword: &str| {
            let parts = members.get(keyword).and_then(Value::as_array);
            let parts = parts.into_iter().flatten();
            parts.map(|part| Self::of(part, definitions))
        };
        for part in parts("allOf") {
            fields.merge(part);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(any) = parts(keyword).reduce(Self::either) {
                fields.merge(any);
            }
        }
        fields
    }

    /// These, and the others as well.
    fn merge(&mut self, others: Self) {
        self.named.extend(others.named);
        self.others = self.others.take().or(others.others);
    }

    /// One or the other: what both demand is required.
    fn either(mut self, mut other: Self) -> Self {
        for (name, field) in &mut self.named {
            match other.named.remove(name) {
                None => field.is_required = false,
                Some(same) => {
                    field.is_required &= same.is_required;
                    field.schema = any_of(field.schema.take(), same.schema);
                }
            }
        }
        for (name, field) in other.named {
            let is_required = false;
            self.named.insert(
                name,
                Field {
                    is_required,
                    ..field
                },
            );
        }
        self.others = self.others.or(other.others);
        self
    }

    /// As parameters of the query.
    pub(super) fn parameters(self) -> Vec<Value> {
        // The name of an object that is spread over many parameters is not in the request.
        let mut spread = "query".to_owned();
        while self.named.contains_key(&spread) {
            spread.insert(0, '_');
        }
        let named = self.named.into_iter().map(|(name, field)| {
            let is_list = is_list(&field.schema);
            let mut parameter = parameter(&name, "query", field.is_required, field.schema);
            if is_list {
                parameter["explode"] = json!(false);
            }
            parameter
        });
        let others = self.others.map(|schema| {
            let mut parameter = parameter(&spread, "query", false, schema);
            parameter["style"] = json!("form");
            parameter["explode"] = json!(true);
            parameter
        });
        named.chain(others).collect()
    }
}

/// The schema of the parameter with this name and place, of a path that is read into a type with that schema.
pub(super) fn of_path(
    schema: &Value,
    definitions: &Definitions,
    name: &str,
    place: usize,
) -> Value {
    let whole = resolved(schema, definitions);
    let own = if let Some(listed) = whole.get("prefixItems") {
        listed.get(place)
    } else if let Some(items) = whole.get("items") {
        value_of_pair(items).or(Some(items))
    } else if is_object(whole) {
        let named = whole.get("properties").and_then(|all| all.get(name));
        named.or_else(|| whole.get("additionalProperties"))
    } else if whole["type"] == "null" {
        None
    } else {
        Some(schema)
    };
    match own {
        Some(own) if *own != json!(true) && *own != json!({}) => {
            as_text(without_null(own.clone()), definitions)
        }
        _ => json!({"type": "string"}),
    }
}

/// A form in the body with this schema, and how its lists are written.
pub(super) fn form(schema: Value, definitions: &Definitions) -> Value {
    let whole = resolved(&schema, definitions);
    if whole.get("items").and_then(value_of_pair).is_some() {
        let fields = Fields::of(whole, definitions);
        return json!({ "schema": fields.others });
    }
    let properties = whole.get("properties").and_then(Value::as_object);
    let lists = properties.into_iter().flatten().filter(|(_, schema)| {
        let schema = without_null((*schema).clone());
        is_list(resolved(&schema, definitions))
    });
    let encoding: Map<String, Value> = lists
        .map(|(name, _)| (name.clone(), json!({"style": "form", "explode": false})))
        .collect();
    let mut content = json!({});
    if !encoding.is_empty() {
        content["encoding"] = Value::Object(encoding);
    }
    content["schema"] = schema;
    content
}

/// A list in a form or a query is one text. Where one is read, its items are separated by commas: nobody can read it otherwise.
fn is_list(schema: &Value) -> bool {
    schema["type"] == "array"
}

/// What is written as one text. A struct is written as nobody knows what.
fn as_text(schema: Value, definitions: &Definitions) -> Value {
    let whole = resolved(&schema, definitions);
    if is_object(whole) {
        let mut text = json!({"type": "string"});
        if let Some(description) = schema.get("description").or(whole.get("description")) {
            text["description"] = description.clone();
        }
        return text;
    }
    match is_list(whole) {
        true => whole.clone(),
        false => schema,
    }
}

fn is_object(schema: &Value) -> bool {
    schema["type"] == "object" || schema.get("properties").is_some()
}

/// Of a list of pairs, name and value, the value.
fn value_of_pair(items: &Value) -> Option<&Value> {
    match items
        .get("prefixItems")
        .and_then(Value::as_array)?
        .as_slice()
    {
        [_name, value] => Some(value),
        _ => None,
    }
}

/// The schema, and not a reference to it.
fn resolved<'a>(schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    let mut schema = schema;
    // A type that is nothing but another one refers to it; a circle of such has no values.
    for _ in 0..=definitions.len() {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|reference| reference.rsplit('/').next());
        match name.and_then(|name| definitions.get(name)) {
            Some(definition) => schema = definition,
            None => break,
        }
    }
    schema
}

/// A parameter is there or not; there is no way to write null.
fn without_null(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            let members = schema.as_object_mut();
            if let Some(members) = members {
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
    schema
}

fn any_of(one: Value, other: Value) -> Value {
    if one == other {
        return one;
    }
    let mut choices = match one {
        Value::Object(mut members) if members.len() == 1 && members.contains_key("anyOf") => {
            match members.remove("anyOf") {
                Some(Value::Array(choices)) => choices,
                _ => Vec::new(),
            }
        }
        one => vec![one],
    };
    if !choices.contains(&other) {
        choices.push(other);
    }
    json!({ "anyOf": choices })
}

/// One parameter of the document. What the schema says it is, the parameter says.
pub(super) fn parameter(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let description = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("description"));
    let mut parameter = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("in".to_owned(), json!(place)),
        ("required".to_owned(), json!(required)),
        ("schema".to_owned(), schema),
    ]);
    if let Some(description) = description {
        parameter.insert("description".to_owned(), description);
    }
    Value::Object(parameter)
}
