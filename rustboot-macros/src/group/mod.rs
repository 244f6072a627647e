//! `#[routes]` on a module, and `route_group!` inside of one: what the routes of the module have in common becomes a
//! `RouteGroup`.
//!
//! The module stays as it was written. Which routes belong to it is decided at start by the path of their modules, so that a
//! route cannot be missed, whatever macro wrote it and however deep it stands.

#[cfg(test)]
mod tests;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, LitStr, Result, Token, Visibility};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::mistakes::both;
use crate::place::location;
use crate::root::Root;
use crate::route::extras::{self, Extras};
use crate::route::path;

/// What the arguments say.
struct Options {
    prefix: Option<LitStr>,
    extras: Extras,
    root: Root,
}

/// Expands `#[routes]`.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let definition =
        both(options("routes", arguments), module(item.clone())).map(|(options, ident)| {
            let private = options.root.private();
            let name = format!("::{ident}");
            let name = quote!(::core::concat!(::core::module_path!(), #name));
            let location = location(&private, &ident);
            options.definition(&private, name, location)
        });
    beside(item, definition)
}

/// Expands `route_group!`.
pub(crate) fn expand_inside(arguments: TokenStream) -> TokenStream {
    let definition = options("route_group!", arguments).map(|options| {
        let private = options.root.private();
        // The place of the call, which is all that there is to point at.
        let place = Ident::new("group", Span::call_site());
        let location = location(&private, &place);
        options.definition(&private, quote!(::core::module_path!()), location)
    });
    definition.unwrap_or_else(Error::into_compile_error)
}

impl Options {
    fn definition(
        &self,
        private: &TokenStream,
        name: TokenStream,
        location: TokenStream,
    ) -> TokenStream {
        let prefix = self.prefix.iter().map(|prefix| quote!(.prefix(#prefix)));
        let extras = self.extras.tokens(private);
        quote! {
            const _: () = {
                #private::inventory::submit! {
                    #private::RouteGroup::new(#name)
                        .declared(#location)
                        #(#prefix)*
                        #extras
                }
            };
        }
    }
}

fn options(attribute: &'static str, arguments: TokenStream) -> Result<Options> {
    let grammar = Grammar {
        attribute,
        known: &extras::OF_A_GROUP,
        declined: &extras::DECLINED,
    };
    if arguments.is_empty() {
        let example = match attribute {
            "routes" => "#[routes(prefix = \"/api/v1\")]",
            _ => "route_group!(prefix = \"/api/v1\")",
        };
        return Err(Error::new(
            Span::call_site(),
            format!("what do the routes have in common? Write `{example}`"),
        ));
    }
    let arguments = Arguments::parse(arguments, &grammar)?;
    let (prefix, (extras, root)) = both(
        prefix(&arguments),
        both(Extras::read(&arguments), arguments.root()),
    )?;
    Ok(Options {
        prefix,
        extras,
        root,
    })
}

fn prefix(arguments: &Arguments) -> Result<Option<LitStr>> {
    let Some(prefix) = arguments.text("prefix", "prefix = \"/api/v1\"")? else {
        return Ok(None);
    };
    let text = prefix.value();
    let mistake = |message: String| Err(Error::new(prefix.span(), message));
    if text == "/" || text.is_empty() {
        return mistake("a prefix says something: leave it out".to_owned());
    }
    path::check(&prefix)?;
    if let Some(shorter) = text.strip_suffix('/') {
        return mistake(format!(
            "the paths of the routes begin with a slash: write \"{shorter}\""
        ));
    }
    if text.contains("{*") {
        return mistake(
            "`{*…}` takes the rest of the path, and the paths of the routes have to follow"
                .to_owned(),
        );
    }
    Ok(Some(prefix))
}

/// The name of the module under the attribute.
fn module(item: TokenStream) -> Result<Ident> {
    let parse = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        if !input.peek(Token![mod]) {
            return Err(Error::new(
                input.span(),
                "`#[routes]` does not go here: put it on the module that has the routes",
            ));
        }
        input.parse::<Token![mod]>()?;
        let ident = input.call(Ident::parse_any)?;
        if input.peek(Token![;]) {
            return Err(Error::new(
                ident.span(),
                "the module is in a file of its own: write `rustboot::route_group!(…)` in that file, with the same arguments",
            ));
        }
        input.parse::<TokenStream>()?;
        Ok(ident)
    };
    parse.parse2(item)
}
