//! `#[scheduled]`: a function becomes a `TaskDef`.

mod period;
#[cfg(test)]
mod tests;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Error, Result};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted};
use crate::mistakes::both;
use crate::place::location;
use crate::root::Root;
use crate::wiring::{call, dependencies};

const GRAMMAR: Grammar = Grammar {
    attribute: "scheduled",
    known: &["every", "delay", "initial_delay", "crate"],
    declined: &[("cron", "cron is not supported yet; use every or delay")],
};

const WANTED: Wanted = Wanted {
    attribute: "scheduled",
    purpose: "the async function to run again and again",
    must_be_async: true,
};

/// When the function runs.
enum Trigger {
    /// From start to start.
    Every(Duration),
    /// From end to start.
    Delay(Duration),
}

/// What the arguments say.
struct Options {
    root: Root,
    trigger: Trigger,
    initial_delay: Option<Duration>,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(arguments, item))
}

fn definition(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let (options, function) = both(options(arguments), Function::read(item, &WANTED))?;
    let private = options.root.private();
    let name = function.signature.ident.unraw().to_string();
    let trigger = match options.trigger {
        Trigger::Every(period) => {
            let period = millis(period);
            quote!(#private::Trigger::Every(#period))
        }
        Trigger::Delay(pause) => {
            let pause = millis(pause);
            quote!(#private::Trigger::Delay(#pause))
        }
    };
    let initial_delay = match options.initial_delay.map(millis) {
        Some(delay) => quote!(::core::option::Option::Some(#delay)),
        None => quote!(::core::option::Option::None),
    };
    let location = location(&private, &function.signature.ident);
    let dependencies = dependencies(&private, &function.parameters());
    let call = call(&private, &function);
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::TaskDef {
                    name: #name,
                    trigger: #trigger,
                    initial_delay: #initial_delay,
                    location: #location,
                    dependencies: #dependencies,
                    call: #call,
                }
            }
        };
    })
}

fn millis(duration: Duration) -> TokenStream {
    // A duration of the attribute was counted in milliseconds of a `u64`.
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}

fn options(arguments: TokenStream) -> Result<Options> {
    let arguments = Arguments::parse(arguments, &GRAMMAR)?;
    let initial_delay = duration(
        &arguments,
        "initial_delay",
        "initial_delay = \"10s\"",
        false,
    );
    let timing = both(trigger(&arguments), initial_delay);
    let (root, (trigger, initial_delay)) = both(arguments.root(), timing)?;
    Ok(Options {
        root,
        trigger,
        initial_delay,
    })
}

fn trigger(arguments: &Arguments) -> Result<Trigger> {
    let (every, delay) = both(
        duration(arguments, "every", "every = \"1m\"", true),
        duration(arguments, "delay", "delay = \"30s\"", true),
    )?;
    match (every, delay) {
        (Some(period), None) => Ok(Trigger::Every(period)),
        (None, Some(pause)) => Ok(Trigger::Delay(pause)),
        (None, None) => Err(Error::new(
            Span::call_site(),
            "when does it run? Write `#[scheduled(every = \"1m\")]`, or `delay = \"30s\"` to count from the end of a run",
        )),
        (Some(_), Some(_)) => Err(Error::new(
            arguments
                .get("delay")
                .map_or_else(Span::call_site, |delay| delay.name.span()),
            "`every` counts from start to start, `delay` from end to start: write one of them",
        )),
    }
}

fn duration(
    arguments: &Arguments,
    name: &str,
    example: &str,
    positive: bool,
) -> Result<Option<Duration>> {
    let Some(text) = arguments.text(name, example)? else {
        return Ok(None);
    };
    match period::parse(&text.value()) {
        Ok(duration) if positive && duration.is_zero() => Err(Error::new(
            text.span(),
            format!("`{name}` has to be longer than nothing: write `{example}`"),
        )),
        Ok(duration) => Ok(Some(duration)),
        Err(message) => Err(Error::new(text.span(), message)),
    }
}
