//! What axum's own extractors say when they reject, read back into fields and parameters.
//!
//! A rejection reaches the pipeline as plain text, because the handler's signature is the user's and stays as it is. axum
//! writes what it could not deserialize in one form, `what happened: path: why`; the path becomes an entry of `errors`, as
//! with [`Valid`](crate::Valid). A text in any other form is the detail as it stands.

use rustboot_core::error::{FieldError, FieldPlace};

use crate::pointer;

/// What axum says first, what we say instead, and how what follows is to be read.
const KNOWN: [(&str, &str, Read); 5] = [
    (
        "Failed to deserialize the JSON body into the target type: ",
        "the body is not valid; `errors` has what is wrong",
        Read::Body,
    ),
    (
        "Failed to deserialize form body: ",
        "the body is not valid; `errors` has what is wrong",
        Read::Body,
    ),
    (
        // Of a GET or HEAD, whose form is its query.
        "Failed to deserialize form: ",
        "the query is not valid; `errors` has what is wrong",
        Read::Query,
    ),
    (
        "Failed to deserialize query string: ",
        "the query is not valid; `errors` has what is wrong",
        Read::Query,
    ),
    (
        "Failed to parse the request body as JSON: ",
        "the body is not valid JSON",
        Read::Syntax,
    ),
];

#[derive(Clone, Copy)]
enum Read {
    Body,
    Query,
    /// The position is all that helps.
    Syntax,
}

/// The detail, and the fields that are not valid.
pub(crate) fn read(text: String) -> (String, Vec<FieldError>) {
    for (prefix, detail, how) in KNOWN {
        let Some(rest) = text.strip_prefix(prefix) else {
            continue;
        };
        return match how {
            Read::Syntax => (format!("{detail}: {}", without_path(rest)), Vec::new()),
            Read::Body => (detail.to_owned(), vec![field(rest)]),
            Read::Query => match parameter(rest) {
                Some(parameter) => (detail.to_owned(), vec![parameter]),
                None => (format!("the query is not valid: {rest}"), Vec::new()),
            },
        };
    }
    (text, Vec::new())
}

fn field(rest: &str) -> FieldError {
    let (path, message) = split(rest);
    let (pointer, detail) =
        pointer::field_message(pointer::from_path(path), pointer::without_position(message));
    FieldError {
        place: FieldPlace::Pointer(pointer),
        detail,
    }
}

fn parameter(rest: &str) -> Option<FieldError> {
    let (path, message) = split(rest);
    let (name, detail) = match pointer::missing_field(message) {
        Some(field) => (field, "is required"),
        None if path.is_empty() => return None,
        // Of one that is there several times, it does not matter which.
        None => (path.split('[').next().unwrap_or(path), message),
    };
    Some(FieldError {
        place: FieldPlace::Parameter(name.to_owned()),
        detail: detail.to_owned(),
    })
}

/// The path and what is wrong there. Without a path it is the whole input. A path has no spaces: what is before the colon
/// is otherwise the beginning of a sentence, such as `invalid type: …`.
fn split(rest: &str) -> (&str, &str) {
    match rest.split_once(": ") {
        Some((path, message)) if !path.contains(' ') => (path, message),
        _ => ("", rest),
    }
}

/// Where in the structure the parser was says nothing about syntax.
fn without_path(rest: &str) -> &str {
    split(rest).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str) -> (String, Vec<(String, String)>) {
        let (detail, fields) = read(text.to_owned());
        let fields = fields.into_iter().map(|field| match field.place {
            FieldPlace::Parameter(name) => (format!("?{name}"), field.detail),
            place => (place.as_str().to_owned(), field.detail),
        });
        (detail, fields.collect())
    }

    #[test]
    fn axum_says_where_and_so_do_we() {
        let body = "the body is not valid; `errors` has what is wrong";
        let query = "the query is not valid; `errors` has what is wrong";
        let json = "Failed to deserialize the JSON body into the target type: ";
        for (text, detail, place, message) in [
            (
                format!(
                    "{json}lines[1].sku: invalid type: integer `7`, expected a string at line 1 column 9"
                ),
                body,
                "/lines/1/sku",
                "invalid type: integer `7`, expected a string",
            ),
            (
                format!("{json}missing field `quantity` at line 1 column 2"),
                body,
                "/quantity",
                "is required",
            ),
            (
                format!("{json}lines[0]: missing field `sku` at line 1 column 2"),
                body,
                "/lines/0/sku",
                "is required",
            ),
            (
                format!("{json}invalid type: sequence, expected struct Order at line 1 column 0"),
                body,
                "",
                "invalid type: sequence, expected struct Order",
            ),
            (
                "Failed to deserialize form body: age: invalid digit found in string".to_owned(),
                body,
                "/age",
                "invalid digit found in string",
            ),
            (
                "Failed to deserialize query string: page: invalid digit found in string"
                    .to_owned(),
                query,
                "?page",
                "invalid digit found in string",
            ),
            (
                "Failed to deserialize form: missing field `q`".to_owned(),
                query,
                "?q",
                "is required",
            ),
        ] {
            let fields = vec![(place.to_owned(), message.to_owned())];
            assert_eq!(read_as(&text), (detail.to_owned(), fields), "{text}");
        }
    }

    #[test]
    fn what_has_no_place_is_a_detail() {
        for (text, detail) in [
            (
                "Failed to parse the request body as JSON: lines[0]: expected value at line 1 column 4",
                "the body is not valid JSON: expected value at line 1 column 4",
            ),
            (
                "Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0",
                "the body is not valid JSON: EOF while parsing a value at line 1 column 0",
            ),
            (
                "Failed to deserialize query string: invalid type: map, expected a sequence",
                "the query is not valid: invalid type: map, expected a sequence",
            ),
            ("page: not mine", "page: not mine"),
            ("", ""),
        ] {
            assert_eq!(read_as(text), (detail.to_owned(), Vec::new()), "{text}");
        }
    }
}
