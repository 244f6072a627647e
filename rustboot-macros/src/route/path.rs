//! Checks the path of a route while it can still be pointed at: the router would only find these mistakes at the start.
//!
//! The syntax is axum's: `/items/{id}`, `/files/{*rest}`, and `{{` and `}}` for the braces themselves.

use syn::{Error, LitStr, Result};

/// Whether the router will take the path.
pub(crate) fn check(path: &LitStr) -> Result<()> {
    let text = path.value();
    mistakes(&text).map_err(|message| Error::new(path.span(), message))
}

fn mistakes(text: &str) -> std::result::Result<(), String> {
    let Some(inner) = text.strip_prefix('/') else {
        return Err(if text.is_empty() {
            "a path starts with `/`: write \"/\" for the root".to_owned()
        } else {
            format!("a path starts with `/`: write \"/{text}\"")
        });
    };
    if let Some(found) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "a path has no {found:?}: write `%20` where a space is meant"
        ));
    }
    let segments: Vec<&str> = inner.split('/').collect();
    let mut names: Vec<&str> = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        let Some(name) = segment_parameter(segment, last)? else {
            continue;
        };
        if names.contains(&name) {
            return Err(format!(
                "the parameter `{name}` is there twice: give each its own name"
            ));
        }
        names.push(name);
    }
    Ok(())
}

/// The name of the parameter in a segment, when there is one.
fn segment_parameter(segment: &str, last: bool) -> std::result::Result<Option<&str>, String> {
    old_syntax(segment)?;
    let Some(open) = unescaped(segment, '{') else {
        outside(segment)?;
        return match unescaped(segment, '}') {
            Some(_) => Err(format!(
                "`{segment}` closes a brace that nothing opens: write `}}}}` for a literal one"
            )),
            None => Ok(None),
        };
    };
    outside(&segment[..open])?;
    let inner = &segment[open + 1..];
    let Some((name, after)) = inner.split_once('}') else {
        return Err(format!(
            "`{segment}` opens a brace and does not close it: write `{{name}}`"
        ));
    };
    if unescaped(&segment[..open], '}').is_some() {
        return Err(format!(
            "`{segment}` closes a brace that nothing opens: write `}}}}` for a literal one"
        ));
    }
    if !after.is_empty() {
        return Err(format!(
            "nothing may follow `{{{name}}}` before the next `/`: take the whole segment, and split it in the function"
        ));
    }
    let Some(rest) = name.strip_prefix('*') else {
        return named(name).map(|()| Some(name));
    };
    named(rest)?;
    if open > 0 {
        return Err(format!(
            "`{{*{rest}}}` takes whole segments: write it right after a `/`"
        ));
    }
    if !last {
        return Err(format!(
            "`{{*{rest}}}` takes the rest of the path, so it comes last"
        ));
    }
    Ok(Some(rest))
}

/// The router's syntax of earlier years, and that of other frameworks.
fn old_syntax(segment: &str) -> std::result::Result<(), String> {
    let meant = if let Some(name) = segment.strip_prefix(':') {
        format!("{{{name}}}")
    } else if let Some(name) = segment.strip_prefix('*') {
        format!("{{*{}}}", if name.is_empty() { "rest" } else { name })
    } else if let Some(name) = segment.strip_prefix('<').and_then(|s| s.strip_suffix('>')) {
        match name.strip_suffix("..") {
            Some(name) => format!("{{*{name}}}"),
            None => format!("{{{name}}}"),
        }
    } else {
        return Ok(());
    };
    Err(format!(
        "`{segment}` would be taken as it is written, did you mean `{meant}`?"
    ))
}

/// The characters that a path cannot have outside of parameters.
fn outside(text: &str) -> std::result::Result<(), String> {
    if text.contains('?') {
        return Err("the query is no part of the path: take it with `Query<T>`".to_owned());
    }
    if text.contains('#') {
        return Err("`#` never reaches a server: leave it and what follows out".to_owned());
    }
    Ok(())
}

fn named(name: &str) -> std::result::Result<(), String> {
    if name.is_empty() {
        return Err(
            "a parameter needs a name: write `{id}`, or `{*rest}` for the rest of the path"
                .to_owned(),
        );
    }
    if let Some((before, pattern)) = name.split_once(':') {
        return Err(format!(
            "there are no patterns in a path: write `{{{before}}}`, and let the type in `Path<…>` check `{pattern}`"
        ));
    }
    if let Some(before) = name.strip_suffix('?') {
        return Err(format!(
            "a parameter is always there: write `{{{before}}}`, and a second attribute for the path without it"
        ));
    }
    if name
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    {
        Ok(())
    } else {
        Err(format!(
            "`{name}` is not a name: write letters, digits and `_` between the braces"
        ))
    }
}

/// Where a brace stands that is not doubled.
fn unescaped(text: &str, brace: char) -> Option<usize> {
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c != brace {
            continue;
        }
        if rest.next_if(|(_, next)| *next == brace).is_none() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_are_paths() {
        for path in [
            "/",
            "/items",
            "/items/",
            "/items/{id}",
            "/items/{id}/parts/{part_id}",
            "/user-{name}",
            "/files/{*rest}",
            "/{{literal}}",
            "/a:b/c*d",
            "/größe/{größe}",
        ] {
            assert_eq!(mistakes(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn these_are_not() {
        for (path, part) in [
            ("", "write \"/\" for the root"),
            ("items", "write \"/items\""),
            ("/items/:id", "did you mean `{id}`?"),
            ("/files/*rest", "did you mean `{*rest}`?"),
            ("/files/*", "did you mean `{*rest}`?"),
            ("/items/<id>", "did you mean `{id}`?"),
            ("/files/<rest..>", "did you mean `{*rest}`?"),
            ("/items/{}", "a parameter needs a name"),
            ("/files/{*}", "a parameter needs a name"),
            ("/{id}/{id}", "`id` is there twice"),
            ("/{id}/{*id}", "`id` is there twice"),
            ("/{*rest}/x", "so it comes last"),
            ("/x-{*rest}", "right after a `/`"),
            ("/{id}.png", "nothing may follow `{id}`"),
            ("/{a}-{b}", "nothing may follow `{a}`"),
            ("/{id", "does not close it"),
            ("/id}", "that nothing opens"),
            ("/a}{id}", "that nothing opens"),
            ("/{id:[0-9]+}", "write `{id}`"),
            ("/{id?}", "a second attribute"),
            ("/{a b}", "a path has no ' '"),
            ("/{a.b}", "is not a name"),
            ("/items?page=1", "`Query<T>`"),
            ("/items#top", "never reaches a server"),
            ("/two words", "a path has no ' '"),
        ] {
            let message = mistakes(path).expect_err(path);
            assert!(message.contains(part), "{path}: {message}");
        }
    }
}
