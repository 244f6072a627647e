//! `#[derive(Problem)]`: an error of the application that says what a client gets.
//!
//! Each variant becomes an arm that makes an `Error` of it: status, type, title, headers and extension members, with the
//! variant itself as the source, for the log. The type is registered as an `ErrorDef`, so that `?` finds it, and gets
//! axum's `IntoResponse`, so that a handler can return it as it is.

mod case;
mod field;
mod message;
mod options;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Result};

use crate::arguments::{Arguments, Grammar};
use crate::mistakes::{all, both, note};
use crate::place::generated_at;
use crate::root::Root;

use case::Case;
use options::Container;

/// Expands `#[derive(Problem)]`.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    syn::parse2(item)
        .and_then(|item: DeriveInput| implementation(&item))
        .unwrap_or_else(Error::into_compile_error)
}

/// Whether an attribute is ours.
fn is_problem(attribute: &Attribute) -> bool {
    attribute.path().is_ident("problem")
}

/// The arguments of all our attributes among these; `None` without any.
fn arguments(attributes: &[Attribute], grammar: &Grammar) -> Result<Option<Arguments>> {
    let mut tokens = Vec::new();
    let mut mistakes = None;
    for attribute in attributes.iter().filter(|attribute| is_problem(attribute)) {
        match attribute.meta.require_list() {
            Ok(list) => tokens.push(list.tokens.clone()),
            Err(_) => note(
                &mut mistakes,
                Error::new_spanned(attribute, "write `#[problem(status = 409)]`"),
            ),
        }
    }
    if let Some(mistakes) = mistakes {
        return Err(mistakes);
    }
    if tokens.is_empty() {
        return Ok(None);
    }
    Arguments::parse(quote!(#(#tokens),*), grammar).map(Some)
}

fn implementation(item: &DeriveInput) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "`#[derive(Problem)]` needs a type without parameters: `?` looks an error up by its type",
        ));
    }
    let (container, cases) = match &item.data {
        Data::Enum(data) => {
            let container = Container::of_enum(&item.attrs);
            let base = container.as_ref().ok().and_then(|c| c.base.clone());
            let cases = data
                .variants
                .iter()
                .map(|variant| Case::of_variant(variant, base.as_deref()));
            both(container, all(cases))?
        }
        Data::Struct(data) => {
            let root = options::root_of_struct(&item.attrs);
            let case = Case::of_struct(&item.ident, &item.attrs, &data.fields);
            let (root, case) = both(root, case)?;
            (Container { base: None, root }, vec![case])
        }
        Data::Union(data) => {
            return Err(Error::new_spanned(
                data.union_token,
                "`#[derive(Problem)]` goes on an enum or a struct",
            ));
        }
    };
    Ok(write(item, &container.root, &cases))
}

fn write(item: &DeriveInput, root: &Root, cases: &[Case<'_>]) -> TokenStream {
    let private = root.private();
    let ident = &item.ident;
    let conversions = cases.iter().filter_map(|case| case.conversion(ident));
    let body = body(&private, cases);
    let kinds = cases.iter().map(|case| case.kind(&private));
    // What is missing (`std::error::Error`) is shown at the name.
    let shown = syn::Ident::new(&ident.to_string(), generated_at(ident.span()));
    quote! {
        const _: () = {
            impl #private::IntoError for #shown {
                fn into_error(self) -> #private::Error {
                    #body
                }
                const KINDS: &'static [#private::ProblemKind] = &[#(#kinds),*];
            }
            impl #private::IntoResponse for #ident {
                fn into_response(self) -> #private::Response {
                    #private::IntoResponse::into_response(#private::IntoError::into_error(self))
                }
            }
            #(#conversions)*
            #private::inventory::submit! { #private::ErrorDef::of::<#ident>() }
        };
    }
}

/// An `Error` from `self`.
fn body(private: &TokenStream, cases: &[Case<'_>]) -> TokenStream {
    let passed_on: Vec<_> = cases
        .iter()
        .filter_map(|case| case.passed_on(private))
        .collect();
    let shown: Vec<_> = cases
        .iter()
        .filter_map(|case| case.shown(private))
        .collect();
    if shown.is_empty() {
        return quote!(match self { #(#passed_on)* });
    }
    // Those that are passed on do not get there, which the compiler cannot know.
    let rest = (!passed_on.is_empty()).then(|| quote!(_ => #private::Error::internal(""),));
    let described = quote! {
        let __error = match &__this { #(#shown)* #rest };
        __error.with_source(__this)
    };
    if passed_on.is_empty() {
        return quote! {
            let __this = self;
            #described
        };
    }
    quote! {
        match self {
            #(#passed_on)*
            __this => { #described }
        }
    }
}
