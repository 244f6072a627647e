//! `#[rustboot::test]`: an async function becomes a test that runs on the application of its crate.
//!
//! The attributes of the function (`#[ignore]`, `#[should_panic]`) go to the test; the function itself stays as it is, inside of it.

mod options;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, Result};

use crate::app;
use crate::app::surroundings::Surroundings;
use crate::function::{Function, Wanted};
use crate::mistakes::{both, note};
use crate::place::location;

use options::Options;

const WANTED: Wanted = Wanted {
    attribute: "rustboot::test",
    purpose: "an async function",
    must_be_async: true,
};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_in(Surroundings::read(), arguments, item)
}

fn expand_in(
    surroundings: Result<Surroundings>,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let given = both(Options::read(arguments), test(item.clone()));
    match both(surroundings, given) {
        Ok((surroundings, (options, test))) => expansion(&surroundings, &options, &test),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            // Nobody calls it, and that is not the mistake.
            quote! {
                #[allow(dead_code, unused)]
                #item
                #mistakes
            }
        }
    }
}

/// The function under the attribute.
struct Test {
    attributes: Vec<Attribute>,
    function: Function,
    /// All of it but the attributes.
    rest: TokenStream,
}

fn test(item: TokenStream) -> Result<Test> {
    let split = |input: ParseStream<'_>| {
        Ok((
            input.call(Attribute::parse_outer)?,
            input.parse::<TokenStream>()?,
        ))
    };
    let (attributes, rest) = split.parse2(item.clone())?;
    let function = Function::read(item, &WANTED)?;
    let mut mistakes = None;
    for attribute in &attributes {
        let path = attribute.path();
        if path
            .segments
            .last()
            .is_some_and(|last| last.ident == "test")
        {
            let message = "`#[rustboot::test]` makes the test: remove this attribute";
            note(&mut mistakes, Error::new_spanned(attribute, message));
        }
    }
    for parameter in function.parameters().iter().skip(1) {
        let message = "a test takes one `TestApp` or `TestAppBuilder`; components are taken from it: `app.component::<Catalog>()`";
        note(&mut mistakes, Error::new_spanned(parameter.ty, message));
    }
    match mistakes {
        Some(mistakes) => Err(mistakes),
        None => Ok(Test {
            attributes,
            function,
            rest,
        }),
    }
}

fn expansion(surroundings: &Surroundings, options: &Options, test: &Test) -> TokenStream {
    let private = options.root.private();
    let testing = quote!(#private::testing);
    let Test {
        attributes,
        function,
        rest,
    } = test;
    let (visibility, ident) = (&function.visibility, &function.signature.ident);
    let info = app::info(&private, surroundings, "APP", ident);
    let location = location(&private, ident);
    let calls = &options.calls;
    let body = match function.parameters().as_slice() {
        [] => quote!(|_: #testing::TestApp| #ident()),
        _ => quote!(#ident),
    };
    quote! {
        #[::core::prelude::v1::test]
        #(#attributes)*
        #visibility fn #ident() {
            #rest
            #testing::run(
                #testing::TestDef {
                    name: ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#ident)),
                    location: #location,
                    info: #info,
                    folder: ::core::env!("CARGO_MANIFEST_DIR"),
                },
                |__test| __test #calls,
                #body,
            )
        }
    }
}
