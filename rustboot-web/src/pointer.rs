//! JSON pointers (RFC 6901) from the ways in which others write a path.

use serde_json::Value;

/// One step of a path: a name or an index, both as text.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '['])
        .map(|segment| segment.trim_end_matches(']'))
        // serde_path_to_error writes `?` for what it does not know.
        .filter(|segment| !segment.is_empty() && *segment != "?")
}

/// The pointer to `items[0].name`, which is how garde and serde_path_to_error write it.
pub(crate) fn from_path(path: &str) -> String {
    segments(path).fold(String::new(), |pointer, segment| child(&pointer, segment))
}

/// The pointer to a member of what a pointer points to.
pub(crate) fn child(pointer: &str, segment: &str) -> String {
    // RFC 6901, section 3.
    let escaped = segment.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{escaped}")
}

/// The pointer to a field, spelled as in the document. garde knows the names of Rust's fields only: `#[serde(rename_all)]` has
/// changed how they are written, and `#[serde(flatten)]` has left out a level.
pub(crate) fn from_rust_path(path: &str, document: &Value) -> String {
    let mut pointer = String::new();
    let mut here = Some(document);
    let mut segments = segments(path).peekable();
    while let Some(segment) = segments.next() {
        let Some(Value::Object(members)) = here else {
            here = match (here, segment.parse::<usize>()) {
                (Some(Value::Array(items)), Ok(index)) => items.get(index),
                _ => None,
            };
            pointer = child(&pointer, segment);
            continue;
        };
        if let Some(name) = spelled(members.keys(), segment) {
            here = members.get(name);
            pointer = child(&pointer, name);
            continue;
        }
        let is_flattened = segments
            .peek()
            .is_some_and(|next| spelled(members.keys(), next).is_some());
        if !is_flattened {
            here = None;
            pointer = child(&pointer, segment);
        }
    }
    pointer
}

/// The parameter that a path means. Parameters are flat, so the last name decides, and an index only says which of several.
pub(crate) fn parameter<'a>(path: &'a str, given: &'a [String]) -> Option<&'a str> {
    let name = segments(path)
        .filter(|segment| segment.parse::<usize>().is_err())
        .last()?;
    Some(spelled(given.iter(), name).map_or(name, String::as_str))
}

/// How a name is written among others: exactly so, else in another case.
fn spelled<'a>(names: impl Iterator<Item = &'a String> + Clone, name: &str) -> Option<&'a String> {
    let letters = |text: &str| -> String {
        text.chars()
            .filter(|c| !matches!(c, '_' | '-'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    names.clone().find(|known| *known == name).or_else(|| {
        let wanted = letters(name);
        names.into_iter().find(|known| letters(known) == wanted)
    })
}

/// What is wrong with which field, from serde's message about the value at a pointer: it reports a missing field at the
/// object around it, and who fills in a form wants to know the field.
pub(crate) fn field_message(pointer: String, message: &str) -> (String, String) {
    match missing_field(message) {
        Some(field) => (child(&pointer, field), "is required".to_owned()),
        None => (pointer, message.to_owned()),
    }
}

/// The field that serde misses.
pub(crate) fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// serde_json's message without its ` at line 1 column 5`, which helps nobody who did not write the JSON by hand.
pub(crate) fn without_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .filter(|(_, position)| position.contains(" column "))
        .map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_json_pointers() {
        for (path, pointer) in [
            ("", ""),
            (".", ""),
            ("name", "/name"),
            ("items[0].name", "/items/0/name"),
            ("a/b~c", "/a~1b~0c"),
            ("lines[1].?", "/lines/1"),
        ] {
            assert_eq!(from_path(path), pointer);
        }
    }

    #[test]
    fn names_are_spelled_as_in_the_document() {
        let document = json!({"zoneType": 1, "way-points": [{"X": 1}], "name": "x", "zone_id": 1, "zoneId": 2});
        for (path, pointer) in [
            ("zone_type", "/zoneType"),
            ("way_points[0].x", "/way-points/0/X"),
            ("zone_id", "/zone_id"),
            ("flattened.name", "/name"),
            ("absent", "/absent"),
            ("absent.inner", "/absent/inner"),
            ("name.deeper", "/name/deeper"),
            ("way_points[7].x", "/way-points/7/x"),
        ] {
            assert_eq!(from_rust_path(path, &document), pointer);
        }
    }

    #[test]
    fn parameters_are_flat() {
        let given = ["pageSize".to_owned(), "tags".to_owned()];
        for (path, name) in [
            ("page_size", Some("pageSize")),
            ("tags[1]", Some("tags")),
            ("page.limit", Some("limit")),
            ("[0]", None),
            ("", None),
        ] {
            assert_eq!(parameter(path, &given), name);
        }
    }
}
