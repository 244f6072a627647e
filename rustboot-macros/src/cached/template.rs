//! The template of a key: text, and the names of values in braces. `user:{id}`, `page:{shop.id}:{limit}`.
//!
//! Two calls with different values must never make one key. A value is written with `%3A` for a `:` in it (and so for each
//! character of [`SEPARATORS`], and `%`), so it ends where the template goes on: if it goes on with one of them. Whether it
//! does is checked here.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{LitStr, Result};

/// What no value contains as it is written into a key. `CacheKey` of rustboot-data escapes the same.
const SEPARATORS: [char; 6] = [':', '/', '|', ',', ';', '#'];

/// A part of a template.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// As it is.
    Text(String),
    /// A name, and the fields from there.
    Value(Vec<String>),
}

/// A template that makes keys.
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) span: Span,
}

impl Template {
    /// Reads it.
    pub(crate) fn read(text: &LitStr) -> Result<Self> {
        match pieces(&text.value()) {
            Ok(pieces) => Ok(Self {
                pieces,
                span: text.span(),
            }),
            Err(message) => Err(syn::Error::new(text.span(), message)),
        }
    }

    /// The names that values begin with.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(path) => path.first().map(String::as_str),
        })
    }

    /// The expression of the key, a `String`.
    pub(crate) fn expression(&self, private: &TokenStream) -> TokenStream {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => quote!(.text(#text)),
            Piece::Value(path) => {
                let path = path.iter().map(|name| self.member(name));
                quote!(.value(&#(#path).*))
            }
        });
        quote!(#private::CacheKey::new()#(#pieces)*.finish())
    }

    fn member(&self, name: &str) -> TokenStream {
        if let Ok(index) = name.parse::<u32>() {
            let mut index = syn::Index::from(index as usize);
            index.span = self.span;
            return quote!(#index);
        }
        let ident = match syn::parse_str::<Ident>(name) {
            Ok(_) => Ident::new(name, self.span),
            // A keyword; a parameter of that name is written with `r#`.
            Err(_) if name == "self" => Ident::new(name, self.span),
            Err(_) => Ident::new_raw(name, self.span),
        };
        quote!(#ident)
    }
}

fn pieces(text: &str) -> std::result::Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' if rest.next_if_eq(&'{').is_some() => literal.push('{'),
            '}' if rest.next_if_eq(&'}').is_some() => literal.push('}'),
            '}' => {
                return Err(format!(
                    "`{text}` closes a brace that nothing opens: write `}}}}` for a literal one"
                ));
            }
            '{' => {
                let name: String = std::iter::from_fn(|| rest.next_if(|c| *c != '}')).collect();
                if rest.next().is_none() {
                    return Err(format!(
                        "`{text}` opens a brace and does not close it: write `{{id}}`"
                    ));
                }
                let value = value(&name)?;
                separated(&pieces, &literal, &name)?;
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                pieces.push(value);
            }
            other => literal.push(other),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    if pieces.is_empty() {
        return Err("a key is missing: write one such as \"user:{id}\"".to_owned());
    }
    Ok(pieces)
}

/// Whether what stands between the value before and this one keeps them apart.
fn separated(pieces: &[Piece], between: &str, name: &str) -> std::result::Result<(), String> {
    match pieces.last() {
        Some(Piece::Value(before)) if !between.contains(SEPARATORS) => {
            let before = before.join(".");
            Err(format!(
                "nothing says where `{{{before}}}` ends and `{{{name}}}` begins, so that different values could make the same key: put one of `: / | , ; #` between them"
            ))
        }
        _ => Ok(()),
    }
}

fn value(name: &str) -> std::result::Result<Piece, String> {
    if name.trim().is_empty() {
        return Err("a value needs a name: write `{id}`".to_owned());
    }
    if let Some((before, _)) = name.split_once(':') {
        return Err(format!(
            "there are no formats in a key, values are written as `Display` does: write `{{{before}}}`"
        ));
    }
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    let begins = |c: char| c.is_alphabetic() || c == '_';
    let is_name = |name: &str| {
        name.starts_with(begins) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let is_index = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_digit());
    let (first, fields) = (&path[0], &path[1..]);
    if is_name(first) && fields.iter().all(|field| is_name(field) || is_index(field)) {
        Ok(Piece::Value(path))
    } else {
        Err(format!(
            "`{{{name}}}` is not a name: a key has the values of parameters, `{{id}}`, and of their fields, `{{user.id}}`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn value(path: &[&str]) -> Piece {
        Piece::Value(path.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn these_are_templates() {
        assert_eq!(pieces("motto"), Ok(vec![text("motto")]));
        assert_eq!(
            pieces("user:{id}:orders"),
            Ok(vec![text("user:"), value(&["id"]), text(":orders")])
        );
        assert_eq!(
            pieces("{self.shop}|{page.0}"),
            Ok(vec![
                value(&["self", "shop"]),
                text("|"),
                value(&["page", "0"])
            ])
        );
        assert_eq!(pieces("a{{b}}{c}"), Ok(vec![text("a{b}"), value(&["c"])]));
    }

    #[test]
    fn these_are_not() {
        for (template, part) in [
            ("", "a key is missing"),
            ("user:{}", "a value needs a name"),
            ("user:{id", "does not close it"),
            ("user:id}", "that nothing opens"),
            ("user:{id:?}", "no formats in a key"),
            ("user:{0}", "is not a name"),
            ("user:{id.}", "is not a name"),
            ("user:{a+b}", "is not a name"),
            ("user:{a.b()}", "is not a name"),
            ("{a}{b}", "nothing says where `{a}` ends and `{b}` begins"),
            ("{a.b}-{c}", "where `{a.b}` ends and `{c}` begins"),
        ] {
            let message = pieces(template).expect_err(template);
            assert!(message.contains(part), "{template}: {message}");
        }
    }
}
