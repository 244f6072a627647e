//! The parameters of a function as what it needs: the expansions that ask their types.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{ReturnType, Type};

use crate::function::{Function, has_impl_trait};
use crate::place::generated_at;

/// A `fn() -> Vec<Dependency>`. Types that are not injectable (the extractors of a handler) say nothing.
pub(crate) fn dependencies(private: &TokenStream, parameters: &[&Type]) -> TokenStream {
    if parameters.is_empty() {
        return quote!(::std::vec::Vec::new);
    }
    quote! {
        || {
            use #private::Otherwise as _;
            [#(#private::Probe::<#parameters>::dependency()),*].into_iter().flatten().collect()
        }
    }
}

/// The statements that get every parameter from the resolver `__r`, and the names that they get them under.
pub(crate) fn injected(private: &TokenStream, parameters: &[&Type]) -> (TokenStream, Vec<Ident>) {
    let names: Vec<Ident> = (0..parameters.len())
        .map(|i| format_ident!("__a{i}"))
        .collect();
    let statements = quote! {
        #(let #names = <#parameters as #private::Injectable>::inject(__r)?;)*
    };
    (statements, names)
}

/// A `fn(&Resolver) -> Result<BoxFuture<Result<()>>>` that runs an async function once.
pub(crate) fn call(private: &TokenStream, function: &Function) -> TokenStream {
    let ident = &function.signature.ident;
    let (inject, injected) = injected(private, &function.parameters());
    let outcome = outcome(private, &function.signature.output);
    let future = quote_spanned! {generated_at(ident.span())=>
        ::std::boxed::Box::pin(async move { #outcome::into_result(#ident(#(#injected),*).await) })
    };
    quote! {
        |__r| {
            #inject
            ::core::result::Result::Ok(#future)
        }
    }
}

/// The trait that turns what a function returns into a result. It names the type where it can, so that a type that is none
/// is pointed at where it stands.
pub(crate) fn outcome(private: &TokenStream, output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(<() as #private::Outcome>),
        ReturnType::Type(_, ty) if has_impl_trait(quote!(#ty)) => quote!(#private::Outcome),
        ReturnType::Type(_, ty) => quote!(<#ty as #private::Outcome>),
    }
}
