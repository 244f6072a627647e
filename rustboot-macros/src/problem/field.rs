//! The fields of a variant, and `#[problem(…)]` on them.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Attribute, Error, Fields, Index, Member, Result, Type};

use super::arguments;
use super::message::{Message, UNNAMED};
use crate::arguments::{Arguments, Grammar, Value};
use crate::mistakes::{all, both};

const GRAMMAR: Grammar = Grammar {
    attribute: "problem",
    known: &["member", "errors", "from"],
    declined: &[
        ("status", "`status` goes on the variant"),
        (
            "header",
            "`header` goes on the variant: `header = \"Retry-After: {seconds}\"`",
        ),
        ("rename", "write `#[problem(member = \"name\")]`"),
        ("source", "the source is thiserror's: write `#[source]`"),
    ],
};

/// Members that a problem has already.
const TAKEN: [&str; 7] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "request_id",
    "errors",
];

/// A field.
pub(super) struct Field<'a> {
    /// Its name or index.
    pub(super) place: Member,
    /// What its value is called in the expansion.
    pub(super) binding: Ident,
    pub(super) ty: &'a Type,
    /// The extension member that it becomes.
    pub(super) member: Option<String>,
    /// Whether it has the invalid fields of the input.
    pub(super) is_errors: bool,
    /// Whether `?` makes the variant of it.
    pub(super) is_from: bool,
    /// Whether thiserror would call it the cause.
    pub(super) is_source: bool,
}

impl<'a> Field<'a> {
    /// Reads all fields.
    pub(super) fn read(fields: &'a Fields) -> Result<Vec<Self>> {
        all(fields.iter().enumerate().map(|(i, field)| {
            let name = field.ident.as_ref();
            let binding = name
                .cloned()
                .unwrap_or_else(|| format_ident!("{UNNAMED}{i}"));
            let is_source = name.is_some_and(|name| name == "source")
                || field.attrs.iter().any(|attribute| {
                    attribute.path().is_ident("source") || attribute.path().is_ident("from")
                });
            let (member, is_errors, is_from) = options(&field.attrs, name)?;
            let place = match name {
                Some(name) => Member::Named(name.clone()),
                None => Member::Unnamed(Index::from(i)),
            };
            Ok(Self {
                place,
                binding,
                ty: &field.ty,
                member,
                is_errors,
                is_from,
                is_source,
            })
        }))
    }

    /// Whether the client gets it.
    pub(super) fn is_shown(&self) -> bool {
        self.member.is_some() || self.is_errors
    }

    /// Whether a placeholder of that name means it.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.binding.unraw() == name
    }

    /// Whether a text shows it.
    pub(super) fn is_in(&self, text: &Message) -> bool {
        text.names().iter().any(|name| self.is_called(name))
    }

    /// How a text shows it.
    pub(super) fn placeholder(&self) -> String {
        match &self.place {
            Member::Named(name) => format!("{{{}}}", name.unraw()),
            Member::Unnamed(index) => format!("{{{}}}", index.index),
        }
    }
}

fn options(attributes: &[Attribute], name: Option<&Ident>) -> Result<(Option<String>, bool, bool)> {
    let Some(arguments) = arguments(attributes, &GRAMMAR)? else {
        return Ok((None, false, false));
    };
    let member = member(&arguments, name);
    let flags = both(arguments.flag("errors"), arguments.flag("from"));
    let (member, (errors, from)) = both(member, flags)?;
    Ok((member, errors.is_some(), from.is_some()))
}

fn member(arguments: &Arguments, name: Option<&Ident>) -> Result<Option<String>> {
    let Some(argument) = arguments.get("member") else {
        return Ok(None);
    };
    let (member, span): (String, Span) = match (&argument.value, name) {
        (Value::Absent, Some(name)) => (name.unraw().to_string(), argument.name.span()),
        (Value::Absent, None) => {
            return Err(Error::new(
                argument.name.span(),
                "a field without a name needs one as a member: write `#[problem(member = \"balance\")]`",
            ));
        }
        _ => match arguments.text("member", "member = \"balance\"")? {
            Some(text) => (text.value(), text.span()),
            None => return Ok(None),
        },
    };
    if TAKEN.contains(&member.as_str()) {
        let message = format!(
            "a problem has a member `{member}` already: give this one another name, as in `#[problem(member = \"…\")]`"
        );
        return Err(Error::new(span, message));
    }
    if member.is_empty() {
        return Err(Error::new(span, "a member needs a name"));
    }
    Ok(Some(member))
}
