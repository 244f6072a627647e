//! What the user told serde. Only what decides the name and the presence of a key is read, and only for deserializing;
//! serde itself reports what it does not understand.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Result, Token, token};

/// The serde attributes of a struct or a field.
#[derive(Default)]
pub(crate) struct SerdeAttributes {
    /// `rename = "…"`.
    pub(crate) rename: Option<String>,
    /// `rename_all = "…"`.
    pub(crate) rename_all: Option<String>,
    /// `default`, with or without a path.
    pub(crate) default: bool,
    /// `skip` or `skip_deserializing`.
    pub(crate) skip: bool,
    /// `flatten`.
    pub(crate) flatten: bool,
}

impl SerdeAttributes {
    /// Reads all `#[serde(…)]` among the attributes.
    pub(crate) fn read(attributes: &[Attribute]) -> Self {
        let mut read = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                // What cannot be read here, serde cannot read either, and it says so better.
                drop(attribute.parse_nested_meta(|meta| read.one(&meta)));
            }
        }
        read
    }

    fn one(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("rename") {
            self.rename = deserialized(meta)?.or(self.rename.take());
        } else if meta.path.is_ident("rename_all") {
            self.rename_all = deserialized(meta)?.or(self.rename_all.take());
        } else {
            self.default |= meta.path.is_ident("default");
            self.skip |= meta.path.is_ident("skip") || meta.path.is_ident("skip_deserializing");
            self.flatten |= meta.path.is_ident("flatten");
            value(meta)?;
        }
        Ok(())
    }
}

/// The text in `= "…"` or in `(deserialize = "…")`.
fn deserialized(meta: &ParseNestedMeta<'_>) -> Result<Option<String>> {
    if !meta.input.peek(token::Paren) {
        let text: LitStr = meta.value()?.parse()?;
        return Ok(Some(text.value()));
    }
    let mut found = None;
    meta.parse_nested_meta(|inner| {
        let text: LitStr = inner.value()?.parse()?;
        if inner.path.is_ident("deserialize") {
            found = Some(text.value());
        }
        Ok(())
    })?;
    Ok(found)
}

/// Reads over whatever is said about an attribute that does not matter here.
fn value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

/// Removes a word from all `#[serde(…)]` among the attributes. Returns whether it was there.
pub(crate) fn remove(attributes: &mut Vec<Attribute>, word: &str) -> bool {
    let mut found = false;
    attributes.retain_mut(|attribute| {
        let syn::Meta::List(list) = &mut attribute.meta else {
            return true;
        };
        if !list.path.is_ident("serde") {
            return true;
        }
        let items = std::mem::take(&mut list.tokens);
        let mut kept: Vec<TokenStream> = Vec::new();
        for item in split(items) {
            if item.to_string() == word {
                found = true;
            } else {
                kept.push(item);
            }
        }
        list.tokens = quote::quote!(#(#kept),*);
        !kept.is_empty()
    });
    found
}

/// The items of a list, at its commas. What is in brackets is one token here.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ',' => {
                items.push(TokenStream::new())
            }
            _ => {
                if let Some(last) = items.last_mut() {
                    last.extend([token]);
                }
            }
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn names_are_those_for_deserializing() {
        let read = SerdeAttributes::read(&[
            parse_quote!(#[doc = "text"]),
            parse_quote!(#[serde(rename(serialize = "out", deserialize = "in"), flatten)]),
            parse_quote!(#[serde(rename_all = "kebab-case", with = "module", bound(deserialize = "T: A"))]),
            parse_quote!(#[serde(default = "path")]),
        ]);
        assert_eq!(read.rename.as_deref(), Some("in"));
        assert_eq!(read.rename_all.as_deref(), Some("kebab-case"));
        assert!(read.default && read.flatten && !read.skip);
    }

    #[test]
    fn a_word_is_taken_out_and_the_rest_stays() {
        let mut attributes: Vec<Attribute> = vec![
            parse_quote!(#[doc = "flatten"]),
            parse_quote!(#[serde(flatten, default = "a", bound(deserialize = "T: A, U: B"))]),
        ];
        assert!(remove(&mut attributes, "flatten"));
        let left: Attribute =
            parse_quote!(#[serde(default = "a", bound(deserialize = "T: A, U: B"))]);
        assert_eq!(attributes[1], left);
        assert!(!remove(&mut attributes, "flatten"));
    }

    #[test]
    fn a_name_for_serializing_is_none() {
        let read = SerdeAttributes::read(&[
            parse_quote!(#[serde(rename(serialize = "out"), skip_deserializing)]),
        ]);
        assert_eq!(read.rename, None);
        assert!(read.skip);
    }
}
