//! `#[on_start]` and `#[on_stop]`: a function becomes a `HookDef`.

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;
use syn::ext::IdentExt;

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted};
use crate::mistakes::both;
use crate::place::location;
use crate::wiring::{call, dependencies};

/// When the hook runs.
#[derive(Clone, Copy)]
pub(crate) enum Phase {
    /// Before the port is bound.
    Start,
    /// After the last request.
    Stop,
}

impl Phase {
    fn attribute(self) -> &'static str {
        match self {
            Self::Start => "on_start",
            Self::Stop => "on_stop",
        }
    }
}

pub(crate) fn expand(phase: Phase, arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(phase, arguments, item))
}

fn definition(phase: Phase, arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let grammar = Grammar {
        attribute: phase.attribute(),
        known: &["crate"],
        declined: &[(
            "order",
            "hooks run in the order of the components that they take: take the component that must be there first",
        )],
    };
    let wanted = Wanted {
        attribute: phase.attribute(),
        purpose: match phase {
            Phase::Start => "the async function to run when the application starts",
            Phase::Stop => "the async function to run when the application stops",
        },
        must_be_async: true,
    };
    let root = Arguments::parse(arguments, &grammar).and_then(|arguments| arguments.root());
    let (root, function) = both(root, Function::read(item, &wanted))?;
    let private = root.private();
    let name = function.signature.ident.unraw().to_string();
    let location = location(&private, &function.signature.ident);
    let dependencies = dependencies(&private, &function.parameters());
    let call = call(&private, &function);
    let phase = match phase {
        Phase::Start => quote!(#private::HookPhase::Start),
        Phase::Stop => quote!(#private::HookPhase::Stop),
    };
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::HookDef {
                    name: #name,
                    phase: #phase,
                    location: #location,
                    dependencies: #dependencies,
                    call: #call,
                }
            }
        };
    })
}
