//! `#[scheduled]`: a function becomes a `TaskDef`.

mod cron;
mod options;
mod reference;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Result;
use syn::ext::IdentExt;

use self::options::Options;
use crate::beside::beside;
use crate::function::{Function, Wanted};
use crate::mistakes::both;
use crate::place::location;
use crate::wiring::{call, dependencies};

const WANTED: Wanted = Wanted {
    attribute: "scheduled",
    purpose: "the async function to run again and again",
    must_be_async: true,
};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(arguments, item))
}

fn definition(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let (options, function) = both(Options::read(arguments), Function::read(item, &WANTED))?;
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
    let trigger = options.trigger.tokens(&private);
    let settings = options
        .settings
        .iter()
        .map(|setting| setting.tokens(&private));
    let location = location(&private, &function.signature.ident);
    let dependencies = dependencies(&private, &function.parameters());
    let call = call(&private, &function);
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::TaskDef {
                    name: #name,
                    trigger: #trigger,
                    options: #private::TaskOptions::new()#(#settings)*,
                    location: #location,
                    dependencies: #dependencies,
                    call: #call,
                }
            }
        };
    })
}
