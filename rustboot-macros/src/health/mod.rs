//! `#[health]`: a function that looks how something is becomes a `HealthDef`.

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Error, LitStr, Result, ReturnType};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted, has_impl_trait};
use crate::mistakes::both;
use crate::period;
use crate::place::location;
use crate::root::Root;
use crate::wiring::{call_into, dependencies};

const GRAMMAR: Grammar = Grammar {
    attribute: "health",
    known: &["critical", "timeout", "crate"],
    declined: &[(
        "name",
        "the name comes first, without `name =`: write `#[health(\"payments\")]`",
    )],
};

const WANTED: Wanted = Wanted {
    attribute: "health",
    purpose: "the async function that looks: `async fn payments(…) -> Health`",
    must_be_async: true,
};

/// What the arguments say.
struct Options {
    root: Root,
    name: LitStr,
    critical: bool,
    timeout: TokenStream,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(arguments, item))
}

fn definition(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = options.parse2(arguments);
    let (options, (function, outcome)) = both(options, look(item))?;
    let Options {
        root,
        name,
        critical,
        timeout,
    } = options;
    let private = root.private();
    let location = location(&private, &function.signature.ident);
    let dependencies = dependencies(&private, &function.parameters());
    let outcome = match outcome {
        Some(ty) => quote!(<#ty as #private::HealthOutcome>),
        None => quote!(#private::HealthOutcome),
    };
    let check = call_into(&private, &function, &quote!(#outcome::into_health));
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::HealthDef {
                    name: #name,
                    critical: #critical,
                    timeout: #timeout,
                    location: #location,
                    dependencies: #dependencies,
                    check: #check,
                }
            }
        };
    })
}

fn options(input: ParseStream<'_>) -> Result<Options> {
    let name = name(input);
    let arguments = Arguments::read(input, &GRAMMAR);
    let (name, arguments) = both(name, arguments)?;
    let critical = arguments.truth("critical", "critical = false");
    let (root, (critical, timeout)) = both(arguments.root(), both(critical, timeout(&arguments)))?;
    Ok(Options {
        root,
        name,
        critical: critical.unwrap_or(true),
        timeout,
    })
}

/// The first argument. It is a member of `/health` and a segment of `/health/{component}`.
fn name(input: ParseStream<'_>) -> Result<LitStr> {
    if !input.peek(LitStr) {
        return Err(Error::new(
            input.span(),
            "the name is missing: write `#[health(\"payments\")]`",
        ));
    }
    let name: LitStr = input.parse()?;
    if !input.is_empty() {
        input.parse::<syn::Token![,]>()?;
    }
    let text = name.value();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || !text.chars().all(fits) {
        return Err(Error::new(
            name.span(),
            "the name is a part of the path /health/{name}: letters, digits, `-`, `_` and `.`",
        ));
    }
    Ok(name)
}

fn timeout(arguments: &Arguments) -> Result<TokenStream> {
    let example = "timeout = \"500ms\"";
    let Some(text) = arguments.text("timeout", example)? else {
        return Ok(quote!(::core::option::Option::None));
    };
    let timeout =
        period::parse(&text.value()).map_err(|message| Error::new(text.span(), message))?;
    if timeout.is_zero() {
        return Err(Error::new(
            text.span(),
            format!("`timeout` has to be longer than nothing: write `{example}`"),
        ));
    }
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    Ok(quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis))))
}

/// The function, and the type that it returns where that can be named.
fn look(item: TokenStream) -> Result<(Function, Option<TokenStream>)> {
    let function = Function::read(item, &WANTED)?;
    let outcome = match &function.signature.output {
        ReturnType::Default => {
            return Err(Error::new(
                function.signature.ident.span(),
                "a check says how it is: write `-> Health`, or `-> Result<()>` where an error means DOWN",
            ));
        }
        ReturnType::Type(_, ty) if has_impl_trait(quote!(#ty)) => None,
        ReturnType::Type(_, ty) => Some(quote!(#ty)),
    };
    Ok((function, outcome))
}
