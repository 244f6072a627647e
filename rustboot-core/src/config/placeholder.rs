//! `${NAME}` and `${NAME:-default}` in values of files. Only values: a placeholder can never change the structure.
//!
//! `$${` is a literal `${`.

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expanded {
    /// Nothing to do.
    Same,
    /// The text with everything filled in.
    Text(String),
    /// Variables that are not set and have no default.
    Unset(Vec<String>),
    /// A `${` without `}`, or without a name.
    Malformed,
}

/// Fills in the variables of a text.
pub(crate) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Expanded {
    if !text.contains("${") {
        return Expanded::Same;
    }
    let mut out = String::with_capacity(text.len());
    let mut unset = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &after[2..];
            continue;
        }
        out.push_str(before);
        let Some(end) = after.find('}') else {
            return Expanded::Malformed;
        };
        let body = &after[2..end];
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (body, None),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Expanded::Malformed;
        }
        // As in a shell, `:-` also stands in for a variable that is set to nothing.
        match (variable(name), default) {
            (Some(value), None) => out.push_str(&value),
            (Some(value), Some(_)) if !value.is_empty() => out.push_str(&value),
            (_, Some(default)) => out.push_str(default),
            (None, None) => unset.push(name.to_owned()),
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    if unset.is_empty() {
        Expanded::Text(out)
    } else {
        Expanded::Unset(unset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in() {
        let variable = |name: &str| match name {
            "HOST" => Some("db.internal".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let text = |t: &str| Expanded::Text(t.to_owned());
        for (input, expected) in [
            ("plain", Expanded::Same),
            ("price: $5", Expanded::Same),
            ("${HOST}", text("db.internal")),
            (
                "http://${HOST}:${PORT:-80}/",
                text("http://db.internal:80/"),
            ),
            ("${EMPTY}", text("")),
            ("${EMPTY:-x}", text("x")),
            ("${UNSET:-}", text("")),
            ("$${HOST}", text("${HOST}")),
            ("${A} ${B}", Expanded::Unset(vec!["A".into(), "B".into()])),
            ("${HOST", Expanded::Malformed),
            ("${}", Expanded::Malformed),
            ("${a b}", Expanded::Malformed),
        ] {
            assert_eq!(expand(input, variable), expected, "{input}");
        }
    }

    #[test]
    fn a_value_with_a_placeholder_in_it_is_not_expanded_again() {
        assert_eq!(
            expand("${A}", |_| Some("${B}".to_owned())),
            Expanded::Text("${B}".to_owned())
        );
    }
}
