//! A problem as clients read it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The body of an error answer, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// What kind it is: a URI, `about:blank` when the status says it all.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The same in words.
    #[serde(default)]
    pub title: String,
    /// The status code.
    pub status: u16,
    /// What went wrong this time.
    pub detail: Option<String>,
    /// The path that was asked for.
    pub instance: Option<String>,
    /// The id of the request, which its log lines have too.
    pub request_id: Option<String>,
    /// What is wrong with each field or parameter.
    #[serde(default)]
    errors: Vec<FieldProblem>,
    /// Other members.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct FieldProblem {
    /// Of a body.
    pointer: Option<String>,
    /// Of the path or the query.
    parameter: Option<String>,
    #[serde(default)]
    detail: String,
}

impl Problem {
    /// What is not valid: JSON pointers to fields of the body (`/items/0/name`), and names of parameters.
    pub fn invalid(&self) -> Vec<String> {
        let places = self.errors.iter().map(|error| error.place().to_owned());
        places.collect()
    }

    /// What is wrong with a field or a parameter, by its JSON pointer or its name.
    pub fn of_field(&self, place: &str) -> Option<&str> {
        let mut errors = self.errors.iter();
        let error = errors.find(|error| error.place() == place)?;
        Some(&error.detail)
    }
}

impl FieldProblem {
    fn place(&self) -> &str {
        // A parameter has both, and is known by its name.
        let place = self.parameter.as_ref().or(self.pointer.as_ref());
        place.map_or("", String::as_str)
    }
}
