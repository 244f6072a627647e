//! What a handler says of itself: its documentation, and the types that say the rest.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, ReturnType};

use crate::config::doc;
use crate::function::{Function, has_impl_trait};

/// The arguments of `described!` behind the route.
pub(super) fn described(function: &Function, types: &[TokenStream]) -> TokenStream {
    let (summary, description) = texts(&doc::lines(&function.attributes));
    let deprecated = is_deprecated(&function.attributes);
    let output = output(&function.signature.output);
    quote!(#summary, #description, #deprecated, [#(#types),*], [#output])
}

/// The type of the answer, if it has a name: nobody can ask an `impl Trait`.
pub(super) fn output(output: &ReturnType) -> Option<TokenStream> {
    match output {
        ReturnType::Default => Some(quote!(())),
        ReturnType::Type(_, ty) if has_impl_trait(quote!(#ty)) => None,
        ReturnType::Type(_, ty) => Some(quote!(#ty)),
    }
}

/// Whether it is marked `#[deprecated]`.
pub(super) fn is_deprecated(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("deprecated"))
}

/// The first paragraph in a line, and what is left as it was written.
fn texts(lines: &[String]) -> (String, String) {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    let end = lines
        .iter()
        .position(|line| line.trim().is_empty())
        .unwrap_or(lines.len());
    let (first, rest) = lines.split_at(end);
    let first: Vec<&str> = first.iter().map(|line| line.trim()).collect();
    let summary = first.join(" ");
    let summary = summary.strip_suffix('.').unwrap_or(&summary);
    (summary.to_owned(), rest.join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let lines = ["Makes a", "link.", "", "- one", "- two", ""].map(str::to_owned);
        assert_eq!(
            texts(&lines),
            ("Makes a link".to_owned(), "- one\n- two".to_owned())
        );
        assert_eq!(texts(&[]), (String::new(), String::new()));
    }
}
