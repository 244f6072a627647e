//! The methods that a route can have.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::suggest::nearest;

const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT",
];

/// Reads the first argument of `#[route]`: the name of a constant of `http::Method`.
pub(crate) fn read(input: ParseStream<'_>) -> Result<Ident> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let known = text.value().to_uppercase();
        let message = if METHODS.contains(&known.as_str()) {
            format!("a method is written without quotes: `{known}`")
        } else {
            "a route starts with its method: write `#[route(GET, \"/path\")]`".to_owned()
        };
        return Err(Error::new(text.span(), message));
    }
    if !input.peek(Ident::peek_any) {
        return Err(Error::new(
            input.span(),
            "a route starts with its method: write `#[route(GET, \"/path\")]`",
        ));
    }
    let method = input.call(Ident::parse_any)?;
    let name = method.to_string();
    if METHODS.contains(&name.as_str()) {
        return Ok(method);
    }
    let message = match nearest(&name.to_uppercase(), METHODS) {
        Some(near) => format!("unknown method `{name}`, did you mean `{near}`?"),
        None => format!(
            "unknown method `{name}`: the methods are {}",
            METHODS.join(", ")
        ),
    };
    Err(Error::new(method.span(), message))
}
