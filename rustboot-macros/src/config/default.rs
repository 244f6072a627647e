//! The defaults of fields. They are texts, typed by the field like a value from the environment, so only literals can be one.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Error, Expr, Lit, Result, UnOp};

use crate::mistakes::all;

/// What a field is when nothing sets it.
pub(crate) enum Default {
    /// One value.
    Text(String),
    /// A list of values.
    List(Vec<String>),
    /// What `Default` says.
    OfType,
}

impl Default {
    /// Reads the expression after `default =`.
    pub(crate) fn read(value: &Expr) -> Result<Self> {
        match peeled(value) {
            Expr::Array(array) => {
                let items = array
                    .elems
                    .iter()
                    .map(|item| literal(item).ok_or_else(|| not_a_literal(item)));
                all(items).map(Self::List)
            }
            other => match literal(other) {
                Some(text) => Ok(Self::Text(text)),
                None => Err(not_a_literal(other)),
            },
        }
    }

    /// The call that puts the default into a `Field`. What `Default` says has no text.
    pub(crate) fn setter(&self) -> Option<TokenStream> {
        match self {
            Self::Text(text) => Some(quote!(.default_text(#text))),
            Self::List(items) => Some(quote!(.default_list(&[#(#items),*]))),
            Self::OfType => None,
        }
    }
}

fn literal(value: &Expr) -> Option<String> {
    match peeled(value) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            Lit::Bool(value) => Some(value.value.to_string()),
            number => self::number(number),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match peeled(&unary.expr) {
            Expr::Lit(literal) => number(&literal.lit).map(|number| format!("-{number}")),
            _ => None,
        },
        _ => None,
    }
}

fn number(literal: &Lit) -> Option<String> {
    match literal {
        // The digits without `_` and suffix, and decimal whatever they are written in.
        Lit::Int(number) => Some(number.base10_digits().to_owned()),
        Lit::Float(number) => Some(number.base10_digits().to_owned()),
        _ => None,
    }
}

/// The expression that a `macro_rules!` may have wrapped.
fn peeled(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => peeled(&group.expr),
        Expr::Paren(paren) => peeled(&paren.expr),
        other => other,
    }
}

fn not_a_literal(value: &Expr) -> Error {
    Error::new_spanned(
        value,
        "a default is a literal, such as `\"30s\"`, `8080` or `[\"a\", \"b\"]`; write `#[config(default)]` for the `Default` of the type",
    )
}

/// What is wrong with a default in parentheses.
pub(crate) fn needs_equals(name: &Ident) -> Error {
    Error::new(
        name.span(),
        "write `default = \"…\"`, or `default` alone for the `Default` of the type",
    )
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn setter(value: Expr) -> String {
        let default = Default::read(&value).unwrap();
        default
            .setter()
            .map(|tokens| tokens.to_string().replace(' ', ""))
            .unwrap()
    }

    #[test]
    fn literals_become_texts() {
        assert_eq!(setter(parse_quote!("30s")), ".default_text(\"30s\")");
        assert_eq!(setter(parse_quote!(8_080u16)), ".default_text(\"8080\")");
        assert_eq!(setter(parse_quote!(0x10)), ".default_text(\"16\")");
        assert_eq!(setter(parse_quote!(-1)), ".default_text(\"-1\")");
        assert_eq!(setter(parse_quote!(-0.5)), ".default_text(\"-0.5\")");
        assert_eq!(setter(parse_quote!(true)), ".default_text(\"true\")");
        assert_eq!(
            setter(parse_quote!(["a", 1, -2])),
            ".default_list(&[\"a\",\"1\",\"-2\"])"
        );
        assert_eq!(setter(parse_quote!([])), ".default_list(&[])");
    }

    #[test]
    fn everything_else_is_not_a_literal() {
        for value in [
            parse_quote!(Duration::from_secs(30)),
            parse_quote!(PORT),
            parse_quote!(1 + 1),
            parse_quote!('c'),
            parse_quote!(-"a"),
            parse_quote!(["a", NAME]),
            parse_quote!([["a"]]),
        ] {
            let value: Expr = value;
            assert!(Default::read(&value).is_err());
        }
    }
}
