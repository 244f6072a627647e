//! The item under `#[config]`: a struct with named fields, or an error that says what it should have been.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Error, Fields, Item, ItemStruct, Path, Result, Token};

use super::is_config;

const WANTED: &str = "`#[config]` goes on a struct with named fields";

/// Reads the struct.
pub(crate) fn read(item: TokenStream) -> Result<ItemStruct> {
    let structure = match syn::parse2(item)? {
        Item::Struct(structure) => structure,
        Item::Enum(item) => {
            let message = format!(
                "{WANTED}; an enum derives serde's `Deserialize` and is the type of a field"
            );
            return Err(Error::new_spanned(item.enum_token, message));
        }
        Item::Union(item) => return Err(Error::new_spanned(item.union_token, WANTED)),
        other => return Err(Error::new_spanned(other, WANTED)),
    };
    if !structure.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &structure.generics,
            "a section of the configuration has one type: write a struct without parameters",
        ));
    }
    match &structure.fields {
        Fields::Named(_) => Ok(structure),
        Fields::Unnamed(fields) => Err(Error::new_spanned(
            fields,
            format!("{WANTED}: their names are the keys"),
        )),
        Fields::Unit => Err(Error::new_spanned(
            &structure.ident,
            format!("{WANTED}: write `struct {} {{ … }}`", structure.ident),
        )),
    }
}

/// The item without our attributes on its fields, which mean nothing where `#[config]` itself does not work.
pub(crate) fn without_helpers(item: TokenStream) -> TokenStream {
    match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(mut structure) => {
            for field in &mut structure.fields {
                field.attrs.retain(|attribute| !is_config(attribute));
            }
            structure.into_token_stream()
        }
        Err(_) => item,
    }
}

/// The error of a `Deserialize` that the user derives as well.
pub(crate) fn own_deserialize(structure: &ItemStruct) -> Option<Error> {
    let derives = structure
        .attrs
        .iter()
        .filter(|a| a.path().is_ident("derive"));
    let lists = derives.filter_map(|derive| {
        let parse = Punctuated::<Path, Token![,]>::parse_terminated;
        derive.parse_args_with(parse).ok()
    });
    let mut paths = lists.flatten();
    let path = paths.find(|path| {
        path.segments
            .last()
            .is_some_and(|last| last.ident == "Deserialize")
    })?;
    let message = "`#[config]` derives `Deserialize` itself: remove this one";
    Some(Error::new_spanned(path, message))
}
