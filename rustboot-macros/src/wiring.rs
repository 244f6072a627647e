//! The parameters of a function as what it needs: the expansions that ask their types.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ReturnType;

use crate::function::{Function, has_impl_trait};
use crate::parameter::Parameter;
use crate::place::generated_at;

/// A `fn() -> Vec<Dependency>`. Types that are not injectable (the extractors of a handler) say nothing.
pub(crate) fn dependencies(private: &TokenStream, parameters: &[Parameter<'_>]) -> TokenStream {
    if parameters.is_empty() {
        return quote!(::std::vec::Vec::new);
    }
    let each = parameters.iter().map(|Parameter { ty, name }| match name {
        Some(name) => quote!(#private::Probe::<#ty>::dependency_named(#name)),
        None => quote!(#private::Probe::<#ty>::dependency()),
    });
    quote! {
        || {
            use #private::Otherwise as _;
            [#(#each),*].into_iter().flatten().collect()
        }
    }
}

/// The statements that get every parameter from the resolver `__r`, and the names that they get them under.
pub(crate) fn injected(
    private: &TokenStream,
    parameters: &[Parameter<'_>],
) -> (TokenStream, Vec<Ident>) {
    let names = arguments(parameters.len());
    let values = parameters.iter().map(|Parameter { ty, name }| match name {
        Some(name) => quote!(<#ty as #private::TakenByName>::inject_named(__r, #name)?),
        None => quote!(<#ty as #private::Injectable>::inject(__r)?),
    });
    let statements = quote! {
        #(let #names = #values;)*
    };
    (statements, names)
}

/// The names of that many arguments.
pub(crate) fn arguments(count: usize) -> Vec<Ident> {
    (0..count).map(|i| format_ident!("__a{i}")).collect()
}

/// A `fn(&Resolver) -> Result<BoxFuture<Result<()>>>` that runs an async function once.
pub(crate) fn call(private: &TokenStream, function: &Function) -> TokenStream {
    let outcome = outcome(private, &function.signature.output);
    call_into(private, function, &quote!(#outcome::into_result))
}

/// A `fn(&Resolver) -> Result<BoxFuture<_>>` that runs an async function once, and puts what it returns through `into`.
pub(crate) fn call_into(
    private: &TokenStream,
    function: &Function,
    into: &TokenStream,
) -> TokenStream {
    let ident = &function.signature.ident;
    let (inject, injected) = injected(private, &function.parameters());
    let future = quote_spanned! {generated_at(ident.span())=>
        ::std::boxed::Box::pin(async move { #into(#ident(#(#injected),*).await) })
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
