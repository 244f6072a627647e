//! Texts with values of the fields in them: `{code}`, `{0}`, `{0:?}`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

/// What a field without a name is called in the expansion, with its index behind it.
pub(super) const UNNAMED: &str = "__field_";

/// A text for `format!`, or one that is the same each time.
pub(super) struct Message {
    format: LitStr,
    plain: Option<String>,
    /// The fields that it shows, as they are called in the expansion.
    names: Vec<String>,
}

impl Message {
    /// Reads a text. What is wrong with its placeholders is for the compiler to say.
    pub(super) fn read(text: &LitStr) -> Self {
        let value = text.value();
        let mut format = String::new();
        let mut names = Vec::new();
        let mut characters = value.chars().peekable();
        while let Some(c) = characters.next() {
            format.push(c);
            if c != '{' && c != '}' {
                continue;
            }
            if characters.next_if_eq(&c).is_some() {
                format.push(c);
                continue;
            }
            let mut name = String::new();
            if c == '{' && characters.peek().is_some_and(char::is_ascii_digit) {
                name.push_str(UNNAMED);
            }
            while let Some(c) = characters.next_if(|c| c.is_alphanumeric() || *c == '_') {
                name.push(c);
            }
            format.push_str(&name);
            names.push(name);
            // What is left of the placeholder says how, not what.
            while let Some(c) = characters.next_if(|c| *c != '}') {
                format.push(c);
            }
            format.extend(characters.next());
        }
        let plain = names
            .is_empty()
            .then(|| format.replace("{{", "{").replace("}}", "}"));
        Self {
            format: LitStr::new(&format, text.span()),
            plain,
            names,
        }
    }

    /// The fields that it shows, as they are called in the expansion.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it shows fields.
    pub(super) fn has_values(&self) -> bool {
        self.plain.is_none()
    }

    pub(super) fn span(&self) -> Span {
        self.format.span()
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.plain.as_deref() == Some("")
    }

    /// An expression of the text. The fields are in scope under their names.
    pub(super) fn expression(&self) -> TokenStream {
        match &self.plain {
            Some(text) => quote!(#text),
            None => {
                let format = &self.format;
                quote!(::std::format!(#format))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_values_needs_no_format() {
        for (text, expected) in [
            ("plain", "\"plain\""),
            ("{{literal}}", "\"{literal}\""),
            (
                "{code} is taken",
                ":: std :: format ! (\"{code} is taken\")",
            ),
            (
                "{0:?} and {1}",
                ":: std :: format ! (\"{__field_0:?} and {__field_1}\")",
            ),
            ("{{{0}}}", ":: std :: format ! (\"{{{__field_0}}}\")"),
        ] {
            let message = Message::read(&LitStr::new(text, Span::call_site()));
            assert_eq!(message.expression().to_string(), expected, "{text}");
        }
    }
}
