//! `#[config]`: a struct with named fields becomes a section of the configuration, or a part of one.
//!
//! The struct derives serde's `Deserialize` and says what its fields are (`Describe`). With a prefix it is a section
//! (`Properties`), registered as a `ConfigDef`. A mistake in an argument takes away none of that, so that the uses of the
//! struct are not reported as well.

mod default;
pub(crate) mod doc;
mod field;
mod prefix;
mod rename;
mod serde_attributes;
mod structure;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Error, ItemStruct, LitStr, Result, parse_quote};

use crate::arguments::{Arguments, Grammar};
use crate::mistakes::{both, note};
use crate::place::location;
use crate::root::Root;

use field::ConfigField;
use serde_attributes::SerdeAttributes;

const GRAMMAR: Grammar = Grammar {
    attribute: "config",
    known: &["prefix", "crate"],
    declined: &[("default", "`default` goes on a field")],
};

/// Whether an attribute is ours.
fn is_config(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "config")
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut structure = match structure::read(item.clone()) {
        Ok(structure) => structure,
        Err(error) => {
            let mut output = structure::without_helpers(item);
            output.extend(error.into_compile_error());
            return output;
        }
    };
    let mut mistakes = None;
    let (root, prefix) = Arguments::parse(arguments, &GRAMMAR)
        .and_then(|arguments| both(arguments.root(), prefix(&arguments)))
        .unwrap_or_else(|error| {
            note(&mut mistakes, error);
            (Root::default(), None)
        });
    if let Some(Err(error)) = prefix.as_ref().map(prefix::check) {
        note(&mut mistakes, error);
    }
    let implementation = implementation(&mut structure, &root, prefix, &mut mistakes);
    let mistakes = mistakes.map(Error::into_compile_error);
    quote!(#structure #implementation #mistakes)
}

fn prefix(arguments: &Arguments) -> Result<Option<LitStr>> {
    arguments.text("prefix", "prefix = \"shop\"")
}

fn implementation(
    structure: &mut ItemStruct,
    root: &Root,
    prefix: Option<LitStr>,
    mistakes: &mut Option<Error>,
) -> TokenStream {
    let private = root.private();
    let container = SerdeAttributes::read(&structure.attrs);
    let mut fields = Vec::new();
    for field in &mut structure.fields {
        let default = ConfigField::take_default(field).unwrap_or_else(|error| {
            note(mistakes, error);
            None
        });
        let described = ConfigField::read(field, container.rename_all.as_deref(), default);
        if described.wants_serde_default() {
            field.attrs.push(parse_quote!(#[serde(default)]));
        }
        fields.push(described.describe(&private, container.default));
        ConfigField::flatten_by_name(field);
    }
    let has_rules = structure
        .fields
        .iter()
        .any(|field| field.attrs.iter().any(is_rule));
    match structure::own_deserialize(structure) {
        Some(error) => note(mistakes, error),
        None => {
            let path = root.serde_text();
            let derive = parse_quote!(#[derive(#private::serde::Deserialize)]);
            structure.attrs.insert(0, derive);
            structure
                .attrs
                .insert(1, parse_quote!(#[serde(crate = #path)]));
        }
    }
    let ident = &structure.ident;
    let section =
        prefix.map(|prefix| section(&private, ident, &prefix.to_token_stream(), has_rules));
    quote! {
        const _: () = {
            impl #private::Describe for #ident {
                fn fields() -> ::std::vec::Vec<#private::Field> {
                    use #private::Otherwise as _;
                    let mut __fields = ::std::vec::Vec::new();
                    #(#fields)*
                    __fields
                }
            }
            #section
        };
    }
}

/// Whether an attribute is a rule of garde, whose derive the user has put on the struct.
fn is_rule(attribute: &Attribute) -> bool {
    attribute.path().is_ident("garde")
}

fn section(
    private: &TokenStream,
    ident: &syn::Ident,
    prefix: &TokenStream,
    has_rules: bool,
) -> TokenStream {
    let check = has_rules.then(|| {
        quote! {
            fn check(&self, problems: &mut ::std::vec::Vec<(::std::string::String, ::std::string::String)>) {
                #private::check_rules(self, problems);
            }
        }
    });
    let name = ident.unraw().to_string();
    let location = location(private, ident);
    quote! {
        impl #private::Properties for #ident {
            const PREFIX: &'static str = #prefix;
            const NAME: &'static str = #name;
            const LOCATION: #private::Location = #location;
            #check
        }
        #private::inventory::submit! { #private::ConfigDef::of::<#ident>() }
    }
}
