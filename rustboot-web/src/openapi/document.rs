//! The whole document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Operation, limits};
use crate::route::SecurityScheme;
use crate::route::mapped::MappedRoute;
use crate::route::table::{Table, parameter_names, shape};

/// What the document is made from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) servers: Vec<String>,
    pub(crate) table: Arc<Table>,
    /// Those that somebody enforces.
    pub(crate) schemes: Vec<(&'static str, SecurityScheme)>,
    /// Whether errors have the standard shape. Another one has a schema that we do not know.
    pub(crate) has_standard_problems: bool,
}

const DEFINITIONS: &str = "/components/schemas";

impl Source {
    /// Asks every route, and puts together what they say.
    pub(crate) fn document(&self) -> Value {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.definitions_path = DEFINITIONS.into();
            })
        };
        let mut reading = settings().for_deserialize().into_generator();
        let mut writing = settings().for_serialize().into_generator();
        let ids = Ids::new(&self.table.routes);
        let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let mut schemes = BTreeSet::new();
        let mut templates: BTreeMap<String, &'static str> = BTreeMap::new();
        for route in &self.table.routes {
            if route.def.method == Method::CONNECT {
                // OpenAPI has no such operation.
                continue;
            }
            let mut operation =
                self.operation(route, &ids, &mut reading, &mut writing, &mut schemes);
            let path = *templates.entry(shape(route.path)).or_insert(route.path);
            rename_parameters(&mut operation, route.path, path);
            paths
                .entry(template(path))
                .or_default()
                .insert(route.def.method.as_str().to_lowercase(), operation);
        }
        let mut paths = json!(paths);
        let mut schemas = merged(
            &mut paths,
            reading.take_definitions(false),
            writing.take_definitions(false),
        );
        if self.has_standard_problems {
            schemas.insert("Problem".to_owned(), problem());
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {"title": self.title, "version": self.version},
            "paths": paths,
            "components": {"schemas": schemas},
        });
        limits::add(&mut document);
        if let Some(description) = &self.description {
            document["info"]["description"] = json!(description);
        }
        if !self.servers.is_empty() {
            let servers = self.servers.iter().map(|url| json!({ "url": url }));
            document["servers"] = servers.collect();
        }
        if !schemes.is_empty() {
            let schemes: Map<String, Value> = schemes
                .into_iter()
                .map(|name| {
                    let known = self.schemes.iter().find(|(known, _)| *known == name);
                    let scheme = match known {
                        Some((_, scheme)) => scheme.clone(),
                        None => SecurityScheme::by_name(name),
                    };
                    (name.to_owned(), security_scheme(&scheme))
                })
                .collect();
            document["components"]["securitySchemes"] = Value::Object(schemes);
        }
        document
    }

    fn operation(
        &self,
        route: &MappedRoute,
        ids: &Ids,
        reading: &mut SchemaGenerator,
        writing: &mut SchemaGenerator,
        schemes: &mut BTreeSet<&'static str>,
    ) -> Value {
        let mut operation = Operation {
            method: &route.def.method,
            path_parameters: parameter_names(route.path),
            reading,
            writing,
            parameters: Vec::new(),
            body: None,
            responses: BTreeMap::new(),
            problems: BTreeMap::new(),
            summary: "",
            description: "",
            deprecated: false,
        };
        match route.def.described {
            Some(describe) => describe(&mut operation),
            None => operation.answers_anything(),
        }
        operation.complete_path();
        operation.refuses(
            "500",
            "Something is broken; the log knows more by the `request_id`",
        );
        operation.refuses("503", "No room, or no answer in time");
        let mut value = Map::from_iter([("operationId".to_owned(), json!(ids.of(route)))]);
        let mut put = |name: &str, value_of: Value| value.insert(name.to_owned(), value_of);
        if route.security.is_demanding() {
            operation.refuses("401", "The caller has to prove who it is");
            operation.refuses("403", "The caller may not do that");
            let scheme = match (route.security.scheme, &self.schemes[..]) {
                (Some(named), _) => named,
                (None, [(only, _), ..]) => only,
                // Such an application does not start; `app openapi` prints its document all the same.
                (None, []) => "bearer",
            };
            schemes.insert(scheme);
            // Roles are allowed here for every type of scheme since OpenAPI 3.1.
            put("security", json!([{ scheme: route.security.roles }]));
        }
        for (status, description) in std::mem::take(&mut operation.problems) {
            let mut response = json!({ "description": description });
            if self.has_standard_problems {
                let schema = json!({"$ref": format!("#{DEFINITIONS}/Problem")});
                response["content"] = json!({"application/problem+json": {"schema": schema}});
            }
            operation.responses.entry(status).or_insert(response);
        }
        for (name, text) in [
            ("summary", operation.summary),
            ("description", operation.description),
        ] {
            if !text.is_empty() {
                put(name, json!(text));
            }
        }
        if operation.deprecated {
            put("deprecated", json!(true));
        }
        if let Some(tag) = route.tag {
            put("tags", json!([tag]));
        }
        if !operation.parameters.is_empty() {
            put("parameters", json!(operation.parameters));
        }
        if let Some(body) = operation.body {
            put("requestBody", body);
        }
        put("responses", json!(operation.responses));
        Value::Object(value)
    }
}

/// `/files/{*rest}` is `/files/{rest}` in OpenAPI, and `{{` a plain brace.
fn template(path: &str) -> String {
    path.replace("{*", "{")
        .replace("{{", "%7B")
        .replace("}}", "%7D")
}

/// Two templates that differ in the names of their parameters are one path of a document (OpenAPI 3.1, section 4.8.8).
fn rename_parameters(operation: &mut Value, from: &'static str, to: &'static str) {
    if from == to {
        return;
    }
    let names = || parameter_names(from).into_iter().zip(parameter_names(to));
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in parameters
        .into_iter()
        .flatten()
        .filter(|it| it["in"] == "path")
    {
        if let Some((_, new)) = names().find(|(old, _)| parameter["name"] == *old) {
            parameter["name"] = json!(new);
        }
    }
}

/// The names of operations: that of the handler where it is the only one of that name.
struct Ids(BTreeMap<String, usize>);

impl Ids {
    fn new(routes: &[MappedRoute]) -> Self {
        let mut counts = BTreeMap::new();
        for route in routes {
            *counts.entry(Self::short(route)).or_default() += 1;
        }
        Self(counts)
    }

    fn short(route: &MappedRoute) -> String {
        let name = route.def.handler_name();
        name.rsplit("::").next().unwrap_or(name).to_owned()
    }

    fn of(&self, route: &MappedRoute) -> String {
        let short = Self::short(route);
        if self.0.get(&short) == Some(&1) {
            return short;
        }
        let method = route.def.method.as_str().to_lowercase();
        let path: String = route
            .path
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        format!("{short}_{method}{path}")
    }
}

/// The definitions of what is read and what is written. Where a type looks different in the two, what is written is called
/// `…Output`, and so is everything that refers to it.
fn merged(
    paths: &mut Value,
    reading: Map<String, Value>,
    mut writing: Map<String, Value>,
) -> Map<String, Value> {
    loop {
        let different: Vec<String> = writing
            .iter()
            .filter(|(name, schema)| reading.get(*name).is_some_and(|known| known != *schema))
            .map(|(name, _)| name.clone())
            .collect();
        if different.is_empty() {
            break;
        }
        for name in different {
            let new = format!("{name}Output");
            if let Some(schema) = writing.remove(&name) {
                writing.insert(new.clone(), schema);
            }
            let (from, to) = (
                format!("#{DEFINITIONS}/{name}"),
                format!("#{DEFINITIONS}/{new}"),
            );
            writing
                .values_mut()
                .for_each(|schema| rename(schema, &from, &to));
            for operation in paths.as_object_mut().into_iter().flat_map(Map::values_mut) {
                for method in operation
                    .as_object_mut()
                    .into_iter()
                    .flat_map(Map::values_mut)
                {
                    rename(&mut method["responses"], &from, &to);
                }
            }
        }
    }
    writing.extend(reading);
    writing
}

fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "$ref" && value == from {
                    *value = json!(to);
                } else {
                    rename(value, from, to);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        _ => {}
    }
}

fn security_scheme(scheme: &SecurityScheme) -> Value {
    let key = |place: &str, name: &str| json!({"type": "apiKey", "in": place, "name": name});
    match scheme {
        SecurityScheme::Basic => json!({"type": "http", "scheme": "basic"}),
        SecurityScheme::Bearer { format: None } => json!({"type": "http", "scheme": "bearer"}),
        SecurityScheme::Bearer {
            format: Some(format),
        } => json!({"type": "http", "scheme": "bearer", "bearerFormat": format}),
        SecurityScheme::HeaderKey(name) => key("header", name),
        SecurityScheme::CookieKey(name) => key("cookie", name),
        SecurityScheme::QueryKey(name) => key("query", name),
        SecurityScheme::OpenIdConnect(url) => {
            json!({"type": "openIdConnect", "openIdConnectUrl": url})
        }
    }
}

/// RFC 9457, and what we add to it.
fn problem() -> Value {
    json!({
        "type": "object",
        "description": "An error (RFC 9457). A kind of problem may have further members.",
        "required": ["type", "title", "status", "detail", "instance", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "The kind of problem."},
            "title": {"type": "string", "description": "The kind of problem in a few words."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What happened this time."},
            "instance": {"type": "string", "description": "The path of the request."},
            "request_id": {"type": "string", "description": "What the log knows the request by."},
            "errors": {
                "type": "array",
                "description": "What is not valid.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail"],
                    "properties": {
                        "pointer": {"type": "string", "description": "A JSON pointer to a field of the body, or to a parameter."},
                        "parameter": {"type": "string", "description": "The name of a parameter of the path or the query."},
                        "detail": {"type": "string"},
                    },
                },
            },
        },
    })
}
