//! The arguments of an attribute: `name = value`, a bare `name`, or `name(…)`, separated by commas.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result, Token, Type, parenthesized};

use crate::mistakes::{all, both};
use crate::root::Root;
use crate::suggest::{list, nearest};
use crate::type_text::type_text;

/// What may be said several times: a component has several traits, and an answer several headers.
const REPEATED: [&str; 2] = ["as", "header"];

/// Which arguments an attribute has.
pub(crate) struct Grammar {
    /// The attribute, as in `#[component]`; or the macro that is called, with its `!`.
    pub(crate) attribute: &'static str,
    /// The arguments that it knows.
    pub(crate) known: &'static [&'static str],
    /// Arguments that people expect and that do not exist, and what to do instead.
    pub(crate) declined: &'static [(&'static str, &'static str)],
}

impl Grammar {
    /// How it is written.
    fn title(&self) -> String {
        match self.attribute {
            called if called.ends_with('!') => format!("`{called}`"),
            attribute => format!("`#[{attribute}]`"),
        }
    }
}

/// One argument.
pub(crate) struct Argument {
    /// Its name.
    pub(crate) name: Ident,
    /// What is said about it.
    pub(crate) value: Value,
}

/// What is said about an argument.
pub(crate) enum Value {
    /// Nothing: the name stands alone.
    Absent,
    /// `= value`.
    Is(Box<Expr>),
    /// `= type`, of `as`.
    Type(Box<Type>),
    /// `(…)`.
    List(TokenStream),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            // `dyn Trait` is no expression.
            if name == "as" && !input.peek(Lit) {
                Value::Type(input.parse()?)
            } else {
                Value::Is(input.parse()?)
            }
        } else if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Value::List(content.parse()?)
        } else {
            Value::Absent
        };
        Ok(Self { name, value })
    }
}

impl Argument {
    fn check(self, grammar: &Grammar) -> Result<Self> {
        let name = self.name.to_string();
        if grammar.known.contains(&name.as_str()) {
            return Ok(self);
        }
        let title = grammar.title();
        let declined = grammar.declined.iter().find(|(known, _)| *known == name);
        let message = if let Some((_, why)) = declined {
            (*why).to_owned()
        } else if let Some(near) = nearest(&name, grammar.known.iter().copied()) {
            format!("unknown argument `{name}`, did you mean `{near}`?")
        } else {
            let known = list(grammar.known);
            format!("unknown argument `{name}`; {title} knows {known}")
        };
        Err(Error::new(self.name.span(), message))
    }

    /// The value as a string; `example` is what to write.
    fn text(&self, example: &str) -> Result<LitStr> {
        match self.expression(example)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Ok(text.clone()),
            other => Err(Error::new_spanned(
                other,
                format!("`{}` takes a string: write `{example}`", self.name),
            )),
        }
    }

    /// The value as an expression; `example` is what to write.
    pub(crate) fn expression(&self, example: &str) -> Result<&Expr> {
        match &self.value {
            Value::Is(value) => Ok(value),
            Value::Absent | Value::List(_) | Value::Type(_) => Err(Error::new(
                self.name.span(),
                format!("`{}` takes a value: write `{example}`", self.name),
            )),
        }
    }
}

/// All arguments of an attribute.
pub(crate) struct Arguments(Vec<Argument>);

impl Arguments {
    /// Reads the tokens between the parentheses.
    pub(crate) fn parse(tokens: TokenStream, grammar: &Grammar) -> Result<Self> {
        (|input: ParseStream<'_>| Self::read(input, grammar)).parse2(tokens)
    }

    /// Reads what is left of the tokens between the parentheses.
    pub(crate) fn read(input: ParseStream<'_>, grammar: &Grammar) -> Result<Self> {
        if !input.is_empty() && !input.peek(Ident::peek_any) {
            let known = list(grammar.known);
            return Err(Error::new(
                input.span(),
                format!(
                    "expected the name of an argument; {} knows {known}",
                    grammar.title()
                ),
            ));
        }
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        let mut seen: Vec<Ident> = Vec::new();
        let once = arguments.iter().map(|argument| {
            if !REPEATED.iter().any(|name| argument.name == name) && seen.contains(&argument.name) {
                let message = format!("`{}` is given twice", argument.name);
                return Err(Error::new(argument.name.span(), message));
            }
            seen.push(argument.name.clone());
            Ok(())
        });
        let once = all(once);
        let known = all(arguments
            .into_iter()
            .map(|argument| argument.check(grammar)));
        both(once, known).map(|(_, arguments)| Self(arguments))
    }

    /// The argument of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Argument> {
        self.0.iter().find(|argument| argument.name == name)
    }

    /// The argument of that name, when it is a string; `example` is what to write.
    pub(crate) fn text(&self, name: &str, example: &str) -> Result<Option<LitStr>> {
        self.get(name)
            .map(|argument| argument.text(example))
            .transpose()
    }

    /// All arguments of that name, which are strings; `example` is what to write.
    pub(crate) fn each_text(&self, name: &str, example: &str) -> Result<Vec<LitStr>> {
        let given = self.0.iter().filter(|argument| argument.name == name);
        all(given.map(|argument| argument.text(example)))
    }

    /// The argument of that name, when it is a whole number, with its place; `example` is what to write.
    pub(crate) fn integer(&self, name: &str, example: &str) -> Result<Option<(u32, Span)>> {
        let Some(argument) = self.get(name) else {
            return Ok(None);
        };
        let value = argument.expression(example)?;
        let wrong = || {
            let message = format!("`{name}` takes a number, without quotes: write `{example}`");
            Error::new_spanned(value, message)
        };
        match value {
            Expr::Lit(ExprLit {
                lit: Lit::Int(number),
                ..
            }) => {
                let parsed = number.base10_parse().map_err(|_| wrong())?;
                Ok(Some((parsed, number.span())))
            }
            _ => Err(wrong()),
        }
    }

    /// The argument of that name, when it is `true` or `false`; `example` is what to write.
    pub(crate) fn truth(&self, name: &str, example: &str) -> Result<Option<bool>> {
        let Some(argument) = self.get(name) else {
            return Ok(None);
        };
        match argument.expression(example)? {
            Expr::Lit(ExprLit {
                lit: Lit::Bool(truth),
                ..
            }) => Ok(Some(truth.value)),
            other => Err(Error::new_spanned(
                other,
                format!("`{name}` is true or false: write `{example}`"),
            )),
        }
    }

    /// The argument of that name, when it is a list of strings that are not empty and differ; `example` is what to write.
    pub(crate) fn texts(&self, name: &str, example: &str) -> Result<Option<Vec<LitStr>>> {
        let Some(argument) = self.get(name) else {
            return Ok(None);
        };
        let wrong = |tokens: &dyn ToTokens| {
            let message = format!("`{name}` takes strings between parentheses: write `{example}`");
            Error::new_spanned(tokens.to_token_stream(), message)
        };
        let Value::List(list) = &argument.value else {
            return Err(wrong(&argument.name));
        };
        if list.is_empty() {
            return Err(wrong(&argument.name));
        }
        let parse = Punctuated::<LitStr, Token![,]>::parse_terminated;
        let texts = parse.parse2(list.clone()).map_err(|_| wrong(list))?;
        let mut seen: Vec<String> = Vec::new();
        all(texts.into_iter().map(|text| {
            let value = text.value();
            if value.trim().is_empty() {
                return Err(wrong(&text));
            }
            if seen.contains(&value) {
                let message = format!("{value:?} is given twice");
                return Err(Error::new(text.span(), message));
            }
            seen.push(value);
            Ok(text)
        }))
        .map(Some)
    }

    /// The argument of that name, when it is a list of expressions; `example` is what to write.
    pub(crate) fn expressions(&self, name: &str, example: &str) -> Result<Option<Vec<Expr>>> {
        let Some(argument) = self.get(name) else {
            return Ok(None);
        };
        match &argument.value {
            Value::List(list) if !list.is_empty() => {
                let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
                Ok(Some(parse.parse2(list.clone())?.into_iter().collect()))
            }
            _ => Err(Error::new(
                argument.name.span(),
                format!("`{name}` takes values between parentheses: write `{example}`"),
            )),
        }
    }

    /// Where the argument of that name stands, which takes no value.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<Span>> {
        match self.get(name) {
            None => Ok(None),
            Some(Argument {
                value: Value::Absent,
                name,
            }) => Ok(Some(name.span())),
            Some(argument) => Err(Error::new(
                argument.name.span(),
                format!("`{name}` takes no value: write `{name}`"),
            )),
        }
    }

    /// The traits of every `as = dyn Trait`.
    pub(crate) fn traits(&self) -> Result<Vec<&Type>> {
        let mut seen: Vec<String> = Vec::new();
        let given = self.0.iter().filter(|argument| argument.name == "as");
        all(given.map(|argument| {
            let example = "as = dyn Mailer";
            let mistake = |tokens: &dyn ToTokens, message: String| {
                Err(Error::new_spanned(tokens.to_token_stream(), message))
            };
            match &argument.value {
                Value::Type(ty) if matches!(**ty, Type::TraitObject(_)) => {
                    let text = type_text(ty);
                    if seen.contains(&text) {
                        return mistake(ty, format!("`as = {text}` is given twice"));
                    }
                    seen.push(text);
                    Ok(&**ty)
                }
                Value::Type(ty) if matches!(**ty, Type::Path(_)) => mistake(
                    ty,
                    format!(
                        "`as` takes a trait object: write `as = dyn {}`",
                        type_text(ty)
                    ),
                ),
                Value::Type(other) => mistake(
                    other,
                    format!("`as` takes a trait object: write `{example}`"),
                ),
                Value::Is(other) => mistake(
                    other,
                    format!("`as` takes a trait object, without quotes: write `{example}`"),
                ),
                Value::Absent | Value::List(_) => mistake(
                    &argument.name,
                    format!("`as` takes a value: write `{example}`"),
                ),
            }
        }))
    }

    /// The argument `crate`.
    pub(crate) fn root(&self) -> Result<Root> {
        let example = "crate = path::to::rustboot";
        let Some(argument) = self.get("crate") else {
            return Ok(Root::default());
        };
        match argument.expression(example)? {
            Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone().into()),
            other => Err(Error::new_spanned(
                other,
                format!("`crate` takes a path, without quotes: write `{example}`"),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
