//! What axum gets to see of a handler.
//!
//! `#[named]` and `Vec<Inject<T>>` on a parameter are ours, and axum's traits cannot be had for them: a name is no part of a
//! type, and `Vec` is not our type. A handler with such a parameter is served through a function beside it, which takes them
//! in a form that axum knows. Any other handler is served as it is.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, Type};

use crate::function::Function;
use crate::parameter::Parameter;
use crate::place::generated_at;
use crate::wiring::arguments;

/// How a handler is served.
pub(super) struct Served {
    /// The function beside it, with its types; mostly nothing.
    pub(super) items: TokenStream,
    /// The function that axum gets.
    pub(super) handler: Ident,
    /// The types of its parameters.
    pub(super) types: Vec<TokenStream>,
}

/// Decides how a handler is served.
pub(super) fn served(private: &TokenStream, function: &Function) -> Served {
    let ident = &function.signature.ident;
    let parameters = function.parameters();
    let is_ours = |parameter: &Parameter<'_>| parameter.name.is_some() || takes_all(parameter.ty);
    if !parameters.iter().any(is_ours) {
        return Served {
            items: TokenStream::new(),
            handler: ident.clone(),
            types: parameters.iter().map(|p| p.ty.to_token_stream()).collect(),
        };
    }

    let names = arguments(parameters.len());
    let (mut markers, mut types, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (Parameter { ty, name }, argument) in parameters.iter().zip(&names) {
        // What is wrong with a type is shown where the user wrote it.
        let span = generated_at(ty.span());
        let there = at(private, span);
        match name {
            Some(name) => {
                let marker = format_ident!("__Name{}", markers.len());
                types.push(quote_spanned!(span=> #there::Injected<#there::ByName<#marker, #ty>>));
                values.push(quote!(#argument.0.0));
                markers.push(quote! {
                    struct #marker;
                    impl #private::ComponentName for #marker {
                        const NAME: &'static str = #name;
                    }
                });
            }
            None if takes_all(ty) => {
                types.push(quote_spanned!(span=> #there::Injected<#ty>));
                values.push(quote!(#argument.0));
            }
            None => {
                types.push(ty.to_token_stream());
                values.push(argument.to_token_stream());
            }
        }
    }
    let handler = Ident::new("__handler", generated_at(ident.span()));
    let output = &function.signature.output;
    let wrapper = quote_spanned! {generated_at(ident.span())=>
        async fn #handler(#(#names: #types),*) #output {
            #ident(#(#values),*).await
        }
    };
    Served {
        items: quote!(#(#markers)* #wrapper),
        handler,
        types,
    }
}

/// The same path, written there.
fn at(path: &TokenStream, span: Span) -> TokenStream {
    let tokens = path.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    tokens.collect()
}

/// Whether a type is written `Vec<Inject<T>>`.
fn takes_all(ty: &Type) -> bool {
    argument_of(ty, "Vec").is_some_and(|ty| argument_of(ty, "Inject").is_some())
}

/// The `T` of a `Name<T>`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == name => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}
