//! Types as people write them: `Option<Duration>`, not the `Option < Duration >` of a token stream.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of a type or a path.
pub(crate) fn type_text(tokens: &impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.to_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let ident = ident.to_string();
                word(&ident, text);
            }
            TokenTree::Literal(literal) => word(&literal.to_string(), text),
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                ';' => text.push_str("; "),
                '+' | '=' => {
                    text.push(' ');
                    text.push(punct.as_char());
                    text.push(' ');
                }
                '-' if punct.spacing() == Spacing::Joint => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                // A lifetime is a word in two tokens.
                '\'' if text.ends_with(is_word) => text.push_str(" '"),
                other => text.push(other),
            },
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
        }
    }
}

fn word(word: &str, text: &mut String) {
    if text.ends_with(is_word) || text.ends_with('>') {
        text.push(' ');
    }
    text.push_str(word);
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) {
        let ty: syn::Type = syn::parse_str(text).unwrap();
        assert_eq!(type_text(&ty), text);
    }

    #[test]
    fn types_read_as_they_are_written() {
        again("Option<Duration>");
        again("std::collections::BTreeMap<String, Vec<u8>>");
        again("Arc<dyn Fn(&str) -> bool + Send + 'static>");
        again("&'static str");
        again("[u8; 4]");
        again("(u8, u16)");
        again("<Vec<T> as IntoIterator>::Item");
    }
}
