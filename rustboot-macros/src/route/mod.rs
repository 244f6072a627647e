//! `#[get]`, `#[post]` and the others: a handler becomes a `RouteDef`.
//!
//! The handler stays an ordinary axum handler. Beside the definition stand checks that nobody calls: one for each parameter
//! and one for the answer. axum's own error for a handler that is none says that a function item does not implement a
//! trait of sixteen parameters; a check says which type is wrong, where it stands.

mod documented;
pub(crate) mod extras;
mod method;
pub(crate) mod path;
#[cfg(test)]
mod tests;
mod wrapper;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, LitStr, Result, ReturnType, Token};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted, has_impl_trait};
use crate::mistakes::both;
use crate::place::{generated_at, location};
use crate::root::Root;
use crate::wiring::dependencies;

use extras::Extras;
use wrapper::Served;

/// What the arguments say.
struct Options {
    method: Ident,
    path: LitStr,
    extras: Extras,
    root: Root,
}

/// Expands a route attribute. Without a method it is `#[route]`, and the method is its first argument.
pub(crate) fn expand(
    method: Option<&'static str>,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    beside(item.clone(), definition(method, arguments, item))
}

fn definition(
    method: Option<&'static str>,
    arguments: TokenStream,
    item: TokenStream,
) -> Result<TokenStream> {
    let attribute = attribute(method);
    let wanted = Wanted {
        attribute,
        purpose: "the async function that answers the requests",
        must_be_async: true,
    };
    let options = (|input: ParseStream<'_>| options(method, input)).parse2(arguments);
    let (options, function) = both(options, Function::read(item, &wanted))?;
    let Options {
        method,
        path,
        extras,
        root,
    } = options;
    let private = root.private();
    let extras = extras.tokens(&private);
    let ident = &function.signature.ident;
    let name = format!("::{}", ident.unraw());
    let location = location(&private, ident);
    let parameters = function.parameters();
    let dependencies = (!parameters.is_empty()).then(|| {
        let dependencies = dependencies(&private, &parameters);
        quote!(.dependencies(#dependencies))
    });
    let Served {
        items,
        handler,
        types,
    } = wrapper::served(&private, &function);
    let by = returns(&private, &function.signature.output);
    let checks = checks(&private, &types, &function.signature.output);
    let described = documented::described(&function, &types);
    let allow = documented::is_deprecated(&function.attributes)
        .then(|| quote!(#[allow(deprecated, reason = "the route is served all the same")]));
    Ok(quote! {
        #allow
        const _: () = {
            #items
            #checks
            #private::inventory::submit! {
                #private::described! {
                    #private::RouteDef::new(
                        #private::http::Method::#method,
                        #path,
                        || {
                            use #private::{ReturnsOther as _, ViaAxum as _, WithBody as _};
                            (&#private::Pick::<(#(#types,)*)>::NEW).handler(#handler, #by)
                        },
                    )
                    .declared(::core::concat!(::core::module_path!(), #name), #location)
                    #dependencies
                    #extras,
                    #described
                }
            }
        };
    })
}

fn attribute(method: Option<&'static str>) -> &'static str {
    match method {
        Some("GET") => "get",
        Some("POST") => "post",
        Some("PUT") => "put",
        Some("DELETE") => "delete",
        Some("PATCH") => "patch",
        Some("HEAD") => "head",
        Some("OPTIONS") => "options",
        _ => "route",
    }
}

fn options(method: Option<&'static str>, input: ParseStream<'_>) -> Result<Options> {
    let attribute = attribute(method);
    let method = match method {
        Some(known) => Ok(Ident::new(known, Span::call_site())),
        None => method::read(input).and_then(|method| {
            input.parse::<Token![,]>()?;
            Ok(method)
        }),
    };
    let method = match method {
        Ok(method) => method,
        Err(error) => {
            // What follows a method that is none cannot be trusted to be a path.
            input.parse::<TokenStream>()?;
            return Err(error);
        }
    };
    if !input.peek(LitStr) {
        let before = if attribute == "route" { "GET, " } else { "" };
        return Err(Error::new(
            input.span(),
            format!("the path is missing: write `#[{attribute}({before}\"/path\")]`"),
        ));
    }
    let text: LitStr = input.parse()?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    let grammar = Grammar {
        attribute,
        known: extras::OF_A_ROUTE,
        declined: &extras::DECLINED,
    };
    let arguments = Arguments::read(input, &grammar)
        .and_then(|arguments| both(Extras::read(&arguments), arguments.root()));
    let ((), (extras, root)) = both(path::check(&text), arguments)?;
    Ok(Options {
        method,
        path: text,
        extras,
        root,
    })
}

/// Who makes a response of what the handler returns.
fn returns(private: &TokenStream, output: &ReturnType) -> TokenStream {
    match documented::output(output) {
        Some(ty) => quote!((&#private::Returns::<#ty>::NEW).by()),
        None => quote!(#private::AsAxumDoes),
    }
}

/// A function that compiles when every parameter can be extracted and the answer can be sent.
fn checks(private: &TokenStream, types: &[TokenStream], output: &ReturnType) -> TokenStream {
    let last = types.len().saturating_sub(1);
    let mut checks: Vec<TokenStream> = Vec::new();
    for (i, ty) in types.iter().enumerate() {
        let span = generated_at(ty.span());
        checks.push(if i == last {
            quote_spanned!(span=> #private::assert_request::<#ty, _>();)
        } else {
            quote_spanned!(span=> #private::assert_parts::<#ty>();)
        });
    }
    if let ReturnType::Type(_, ty) = output
        && !has_impl_trait(quote!(#ty))
    {
        let span = generated_at(ty.span());
        checks.push(quote_spanned!(span=> #private::assert_response::<#ty>();));
    }
    if checks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        fn __check() {
            #(#checks)*
        }
    }
}
