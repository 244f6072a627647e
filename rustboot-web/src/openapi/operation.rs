//! One operation of the document, while it is described.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use rustboot_core::error::ProblemKind;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::parameters::{self, Fields, parameter};

/// How a type looks in JSON; `None` when it does not say.
pub type SchemaOf = Option<fn(&mut SchemaGenerator) -> Schema>;

/// What a route takes and answers. Extractors and answers add to it.
#[derive(Debug)]
pub struct Operation<'a> {
    pub(super) method: &'a Method,
    /// The names of the parameters of the path, in order.
    pub(super) path_parameters: Vec<&'static str>,
    /// For what is read.
    pub(super) reading: &'a mut SchemaGenerator,
    /// For what is written, which may look different.
    pub(super) writing: &'a mut SchemaGenerator,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) responses: BTreeMap<String, Value>,
    /// The errors: status and description.
    pub(super) problems: BTreeMap<String, String>,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) deprecated: bool,
}

impl Operation<'_> {
    /// The method of the route.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// What the documentation of the handler says.
    pub fn documented(
        &mut self,
        summary: &'static str,
        description: &'static str,
        deprecated: bool,
    ) {
        self.summary = summary;
        self.description = description;
        self.deprecated = deprecated;
    }

    /// It answers with a body of this media type.
    pub fn answers(&mut self, status: StatusCode, media_type: &str, schema: SchemaOf) {
        let schema = schema_value(schema, self.writing);
        let content = json!({ media_type: { "schema": schema } });
        self.respond(status.as_str(), phrase(status), Some(content));
    }

    /// It answers with this status and no body.
    pub fn answers_nothing(&mut self, status: StatusCode) {
        self.respond(status.as_str(), phrase(status), None);
    }

    /// It answers what its type does not say.
    pub fn answers_anything(&mut self) {
        self.respond("default", "What the handler answers", None);
    }

    /// What a success answers has a status that only the handler knows.
    pub fn answers_any_success(&mut self) {
        self.relabel("2XX", "Success");
    }

    /// What a success answers has this status, instead of 200.
    pub fn answers_with(&mut self, status: StatusCode) {
        self.relabel(status.as_str(), phrase(status));
    }

    fn relabel(&mut self, status: &str, description: &str) {
        if let Some(mut response) = self.responses.remove("200") {
            response["description"] = json!(description);
            self.responses.insert(status.to_owned(), response);
        }
    }

    /// What has been described of a success comes with a header. `schema` is that of its value, such as
    /// `{"type": "integer"}`.
    pub fn sends_header(&mut self, name: &str, description: &str, schema: Value) {
        for (status, response) in &mut self.responses {
            if status.starts_with(['2', '3']) {
                response["headers"][name] =
                    json!({ "description": description, "required": true, "schema": schema });
            }
        }
    }

    fn respond(&mut self, status: &str, description: &str, content: Option<Value>) {
        let mut response = json!({ "description": description });
        if let Some(content) = content {
            response["content"] = content;
        }
        self.responses.insert(status.to_owned(), response);
    }

    /// It may be refused with this status: `404`, or `4XX` for any of them.
    pub fn refuses(&mut self, status: &str, description: &'static str) {
        self.problems
            .entry(status.to_owned())
            .or_insert_with(|| description.to_owned());
    }

    /// It may fail with these kinds of problem; with any when the type of the error does not say.
    pub fn fails_as(&mut self, kinds: &[ProblemKind]) {
        if kinds.is_empty() {
            self.fails();
        }
        for kind in kinds {
            let ProblemKind::Of {
                status,
                title,
                type_uri,
            } = kind
            else {
                self.fails();
                continue;
            };
            let phrase = StatusCode::from_u16(*status).map_or("Error", phrase);
            let mut text = match *title {
                "" => phrase.to_owned(),
                title => title.to_owned(),
            };
            if !type_uri.is_empty() {
                text += &format!(" (`{type_uri}`)");
            }
            // Several kinds may have one status, and an extractor may refuse with it as well.
            let known = self.problems.entry(status.to_string()).or_default();
            if known.is_empty() {
                *known = text;
            } else if !known.split("; ").any(|part| part == text) {
                *known = format!("{known}; {text}");
            }
        }
    }

    /// It may fail with what the handler decides.
    pub fn fails(&mut self) {
        self.refuses("4XX", "The handler refuses the request");
        self.refuses("5XX", "The handler cannot answer");
    }

    /// It reads a body of this media type.
    pub fn takes_body(&mut self, media_type: &str, schema: SchemaOf) {
        let schema = schema_value(schema, self.reading);
        self.body =
            Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }));
        self.refuses("413", "The body is larger than the limit");
    }

    /// The body may be left out.
    pub fn body_is_optional(&mut self) {
        if let Some(body) = &mut self.body {
            body["required"] = json!(false);
        }
    }

    /// It reads the query: a parameter for each field, and one for all others where there may be any.
    pub fn takes_query(&mut self, schema: SchemaOf) {
        let schema = schema_value(schema, self.reading);
        let fields = Fields::of(&schema, self.reading.definitions());
        self.parameters.extend(fields.parameters());
    }

    /// It reads a form from the body: pairs of names and texts, as in a query.
    pub fn takes_form(&mut self, schema: SchemaOf) {
        let form = "application/x-www-form-urlencoded";
        self.takes_body(form, None);
        let schema = schema_value(schema, self.reading);
        let content = parameters::form(schema, self.reading.definitions());
        if let Some(body) = &mut self.body {
            body["content"][form] = content;
        }
    }

    /// It reads the parameters of the path: one value, a list, a map, a tuple, or a struct.
    pub fn takes_path(&mut self, schema: SchemaOf) {
        self.refuses("400", "A parameter of the path does not fit its type");
        let schema = schema_value(schema, self.reading);
        for (place, name) in self.path_parameters.iter().enumerate() {
            let definitions = self.reading.definitions();
            let own = parameters::of_path(&schema, definitions, name, place);
            self.parameters.push(parameter(name, "path", true, own));
        }
    }

    /// Parameters of the path that no extractor reads are there all the same.
    pub(super) fn complete_path(&mut self) {
        for name in self.path_parameters.clone() {
            let is_there = self
                .parameters
                .iter()
                .any(|known| known["in"] == "path" && known["name"] == name);
            if !is_there {
                self.parameters
                    .push(parameter(name, "path", true, json!({"type": "string"})));
            }
        }
    }
}

fn schema_value(schema: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    schema.map_or_else(|| json!({}), |schema| schema(generator).to_value())
}

fn phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Answer")
}
