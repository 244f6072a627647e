//! What `#[problem(…)]` says on a type and on a variant.

use proc_macro2::Span;
use syn::{Attribute, Error, LitStr, Result};

use super::arguments;
use super::message::Message;
use crate::arguments::{Arguments, Grammar};
use crate::mistakes::{all, both};
use crate::root::Root;

const ENUM: Grammar = Grammar {
    attribute: "problem",
    known: &["base", "crate"],
    declined: &[
        ("status", ON_VARIANT),
        ("title", ON_VARIANT),
        ("type", ON_VARIANT),
        ("detail", ON_VARIANT),
        ("header", ON_VARIANT),
        ("transparent", ON_VARIANT),
    ],
};

const ON_VARIANT: &str =
    "on an enum this goes on each variant; the enum itself takes `base` and `crate`";

const VARIANT: Grammar = Grammar {
    attribute: "problem",
    known: &["status", "type", "title", "detail", "header", "transparent"],
    declined: &[
        ("base", "`base` goes on the enum"),
        ("crate", "`crate` goes on the enum"),
        ("code", "write `status = 409`"),
        ("member", "`member` goes on a field"),
        ("from", "`from` goes on a field"),
        ("errors", "`errors` goes on a field"),
    ],
};

const STRUCT: Grammar = Grammar {
    attribute: "problem",
    known: &[
        "status",
        "type",
        "title",
        "detail",
        "header",
        "transparent",
        "crate",
    ],
    declined: &[
        ("base", "`base` is for the variants of an enum"),
        ("code", "write `status = 409`"),
        ("member", "`member` goes on a field"),
        ("from", "`from` goes on a field"),
        ("errors", "`errors` goes on a field"),
    ],
};

/// What is said about all variants.
pub(super) struct Container {
    /// What every `type` without a scheme is put behind.
    pub(super) base: Option<String>,
    pub(super) root: Root,
}

impl Container {
    pub(super) fn of_enum(attributes: &[Attribute]) -> Result<Self> {
        let Some(arguments) = arguments(attributes, &ENUM)? else {
            return Ok(Self {
                base: None,
                root: Root::default(),
            });
        };
        let base = arguments.text("base", "base = \"https://shop.example/problems/\"");
        let (base, root) = both(base, arguments.root())?;
        Ok(Self {
            base: base.map(|base| base.value()),
            root,
        })
    }
}

pub(super) fn root_of_struct(attributes: &[Attribute]) -> Result<Root> {
    match arguments(attributes, &STRUCT) {
        Ok(Some(arguments)) => arguments.root(),
        // What is wrong with the others is reported by whoever reads them.
        _ => Ok(Root::default()),
    }
}

/// What is said about a variant, or about a struct.
pub(super) enum Options {
    /// What is inside says it.
    Transparent(Span),
    /// This.
    Shown(Box<Shown>),
}

/// What the client gets.
pub(super) struct Shown {
    pub(super) status: u16,
    pub(super) type_uri: Option<String>,
    pub(super) title: Option<String>,
    pub(super) detail: Option<Message>,
    pub(super) headers: Vec<(String, Message)>,
}

impl Shown {
    /// All texts.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        let headers = self.headers.iter().map(|(_, value)| value);
        self.detail.iter().chain(headers)
    }
}

impl Options {
    /// Reads what stands on a variant of that name.
    pub(super) fn of_variant(
        attributes: &[Attribute],
        place: Span,
        name: &str,
        base: Option<&str>,
    ) -> Result<Self> {
        Self::read(arguments(attributes, &VARIANT)?, place, name, base)
    }

    /// Reads what stands on a struct of that name.
    pub(super) fn of_struct(attributes: &[Attribute], place: Span, name: &str) -> Result<Self> {
        Self::read(arguments(attributes, &STRUCT)?, place, name, None)
    }

    fn read(
        arguments: Option<Arguments>,
        place: Span,
        name: &str,
        base: Option<&str>,
    ) -> Result<Self> {
        const MISSING: &str = "what does the client get? Write `#[problem(status = 409)]`, or `#[problem(transparent)]` when \
                               the error inside says it";
        let arguments = arguments.ok_or_else(|| Error::new(place, MISSING))?;
        if let Some(transparent) = arguments.flag("transparent")? {
            let others = VARIANT
                .known
                .iter()
                .filter(|other| **other != "transparent")
                .filter_map(|other| arguments.get(other));
            all(others.map(|other| -> Result<()> {
                let message = format!(
                    "with `transparent` the error inside says everything: leave `{}` out",
                    other.name
                );
                Err(Error::new(other.name.span(), message))
            }))?;
            return Ok(Self::Transparent(transparent));
        }
        let status =
            status(&arguments).and_then(|status| status.ok_or_else(|| Error::new(place, MISSING)));
        let texts = both(
            arguments.text("type", "type = \"https://shop.example/problems/taken\""),
            arguments.text("title", "title = \"The code is taken\""),
        );
        let messages = both(
            arguments.text("detail", "detail = \"{code} is taken\""),
            arguments
                .each_text("header", HEADER)
                .and_then(|headers| all(headers.iter().map(header))),
        );
        let (status, ((type_uri, title), (detail, headers))) = both(status, both(texts, messages))?;
        let detail = detail.map(|text| Message::read(&text));
        if let Some(detail) = &detail
            && status >= 500
            && detail.has_values()
        {
            return Err(Error::new(
                detail.span(),
                "the client of a 5xx gets no values of it: write a text without `{…}`, and put values into `#[error(\"…\")]`, \
                 which goes to the log",
            ));
        }
        let type_uri = type_uri.map(|text| absolute(&text.value(), base));
        let title = match title {
            Some(title) => Some(title.value()),
            None => type_uri.is_some().then(|| words(name)),
        };
        Ok(Self::Shown(Box::new(Shown {
            status,
            type_uri,
            title,
            detail,
            headers,
        })))
    }
}

fn status(arguments: &Arguments) -> Result<Option<u16>> {
    let Some((status, span)) = arguments.integer("status", "status = 409")? else {
        return Ok(None);
    };
    match u16::try_from(status) {
        Ok(status @ 400..600) => Ok(Some(status)),
        _ => Err(Error::new(
            span,
            format!("{status} is no status of an error: they are from 400 to 599"),
        )),
    }
}

const HEADER: &str = "header = \"Retry-After: {seconds}\"";

/// Headers that are about the body or the connection, which are not the error's.
const NOT_OURS: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "transfer-encoding",
    "x-request-id",
];

fn header(text: &LitStr) -> Result<(String, Message)> {
    let value = text.value();
    let wrong = |message: String| Err(Error::new(text.span(), message));
    let Some((name, value)) = value.split_once(':') else {
        return wrong(format!(
            "`header` takes a name and a value: write `{HEADER}`"
        ));
    };
    let name = name.trim().to_ascii_lowercase();
    // RFC 9110, section 5.6.2.
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return wrong(format!("`{name}` is no name of a header: write `{HEADER}`"));
    }
    if NOT_OURS.contains(&name.as_str()) {
        return wrong(format!(
            "`{name}` is set by the framework; an `ErrorBody` can change the body and its type"
        ));
    }
    if value.chars().any(char::is_control) {
        return wrong("a header is one line".to_owned());
    }
    let value = LitStr::new(value.trim(), text.span());
    Ok((name, Message::read(&value)))
}

/// A `type` behind the base of all of them. One with a scheme, or that starts at the root, needs none.
fn absolute(text: &str, base: Option<&str>) -> String {
    match base {
        Some(base) if !text.contains(':') && !text.starts_with('/') => format!("{base}{text}"),
        _ => text.to_owned(),
    }
}

/// `OutOfStock` as a person writes it.
fn words(name: &str) -> String {
    let mut text = String::new();
    for (i, c) in name.char_indices() {
        if c.is_uppercase() && i > 0 {
            text.push(' ');
            text.extend(c.to_lowercase());
        } else {
            text.push(c);
        }
    }
    text
}
