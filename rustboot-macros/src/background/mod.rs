//! `#[task]`: a function becomes a `BackgroundDef`.

#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Error, LitStr, Result};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted};
use crate::mistakes::both;
use crate::parameter::Parameter;
use crate::place::location;
use crate::root::Root;
use crate::wiring::{call, dependencies};

const GRAMMAR: Grammar = Grammar {
    attribute: "task",
    known: &["restart", "name", "crate"],
    declined: &[
        (
            "every",
            "a function that runs again and again is `#[scheduled(every = \"…\")]`",
        ),
        (
            "cron",
            "a function that runs again and again is `#[scheduled(cron = \"…\")]`",
        ),
    ],
};

const WANTED: Wanted = Wanted {
    attribute: "task",
    purpose: "the async function to run in the background",
    must_be_async: true,
};

/// What the arguments say.
struct Options {
    root: Root,
    name: Option<LitStr>,
    /// The variant of `Restart`.
    restart: &'static str,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(arguments, item))
}

fn definition(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let (options, function) = both(options(arguments), Function::read(item, &WANTED))?;
    let private = options.root.private();
    let name = match &options.name {
        Some(name) => name.to_token_stream(),
        None => function
            .signature
            .ident
            .unraw()
            .to_string()
            .to_token_stream(),
    };
    let restart = syn::Ident::new(options.restart, Span::call_site());
    let parameters = function.parameters();
    let ends_itself = ends_itself(&private, &parameters);
    let location = location(&private, &function.signature.ident);
    let dependencies = dependencies(&private, &parameters);
    let call = call(&private, &function);
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::BackgroundDef {
                    name: #name,
                    restart: #private::Restart::#restart,
                    ends_itself: #ends_itself,
                    location: #location,
                    dependencies: #dependencies,
                    call: #call,
                }
            }
        };
    })
}

/// Whether one of the parameters is a `Shutdown`. The macro sees names, so the types are asked.
fn ends_itself(private: &TokenStream, parameters: &[Parameter<'_>]) -> TokenStream {
    if parameters.is_empty() {
        return quote!(|| false);
    }
    let types = parameters.iter().map(|parameter| parameter.ty);
    quote! {
        || {
            use #private::Otherwise as _;
            [#(#private::Probe::<#types>::hears_of_the_stop()),*].contains(&true)
        }
    }
}

fn options(arguments: TokenStream) -> Result<Options> {
    let arguments = Arguments::parse(arguments, &GRAMMAR)?;
    let name = arguments.text("name", "name = \"order-consumer\"");
    let (root, (name, restart)) = both(arguments.root(), both(name, restart(&arguments)))?;
    Ok(Options {
        root,
        name,
        restart,
    })
}

fn restart(arguments: &Arguments) -> Result<&'static str> {
    let Some(text) = arguments.text("restart", "restart = \"on-failure\"")? else {
        return Ok("OnFailure");
    };
    match text.value().as_str() {
        "on-failure" => Ok("OnFailure"),
        "never" => Ok("Never"),
        "fail-app" => Ok("FailApp"),
        other => Err(Error::new(
            text.span(),
            format!(
                "`{other}` is no way to go on: write \"on-failure\" (again, after a pause), \"never\", or \"fail-app\" (the application stops)"
            ),
        )),
    }
}
