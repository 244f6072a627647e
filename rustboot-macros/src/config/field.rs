//! One field of a configuration struct: its attributes, and the `Field` that describes it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Field, Meta, Result, Type};

use super::default::{Default, needs_equals};
use super::rename::renamed;
use super::serde_attributes::SerdeAttributes;
use super::{doc, is_config, serde_attributes};
use crate::arguments::{Arguments, Grammar, Value};
use crate::mistakes::all;
use crate::type_text::type_text;

const GRAMMAR: Grammar = Grammar {
    attribute: "config",
    known: &["default"],
    declined: &[
        (
            "prefix",
            "`prefix` goes on the struct: `#[config(prefix = \"shop\")]`",
        ),
        (
            "rename",
            "names are serde's: write `#[serde(rename = \"…\")]`",
        ),
        (
            "secret",
            "a secret has a type of its own: write `Secret<String>`",
        ),
    ],
};

/// A field as the macro sees it.
pub(crate) struct ConfigField {
    ty: Type,
    name: String,
    doc: String,
    default: Option<Default>,
    serde: SerdeAttributes,
    cfg: Vec<Attribute>,
}

impl ConfigField {
    /// Reads a field. Its own attributes are checked by [`ConfigField::take_default`].
    pub(crate) fn read(field: &Field, rename_all: Option<&str>, default: Option<Default>) -> Self {
        let serde = SerdeAttributes::read(&field.attrs);
        let name = match (&serde.rename, &field.ident) {
            (Some(name), _) => name.clone(),
            (None, Some(ident)) => renamed(ident, rename_all),
            // A struct with unnamed fields was refused before.
            (None, None) => String::new(),
        };
        let cfg = field.attrs.iter().filter(|a| a.path().is_ident("cfg"));
        Self {
            ty: field.ty.clone(),
            name,
            doc: doc::text(&field.attrs),
            default,
            cfg: cfg.cloned().collect(),
            serde,
        }
    }

    /// Removes the `#[config(…)]` of a field, and returns the default that it states.
    pub(crate) fn take_default(field: &mut Field) -> Result<Option<Default>> {
        let (ours, others) = field.attrs.drain(..).partition(is_config);
        field.attrs = others;
        let ours: Vec<Attribute> = ours;
        let defaults = all(ours.iter().map(default))?;
        Ok(defaults.into_iter().flatten().next())
    }

    /// A flattened field goes to the binder under a name that it knows, since serde's own flattening loses types and origins.
    pub(crate) fn flatten_by_name(field: &mut Field) {
        let Some(ident) = &field.ident else { return };
        let name = format!("$rustboot::flatten::{ident}");
        if serde_attributes::remove(&mut field.attrs, "flatten") {
            field
                .attrs
                .push(syn::parse_quote!(#[serde(rename = #name)]));
        }
    }

    /// Whether serde has to be told of the default.
    pub(crate) fn wants_serde_default(&self) -> bool {
        matches!(self.default, Some(Default::OfType)) && !self.serde.default
    }

    /// The statement that adds the field to `__fields`; nothing for one that is not read.
    pub(crate) fn describe(&self, private: &TokenStream, all_default: bool) -> TokenStream {
        if self.serde.skip {
            return TokenStream::new();
        }
        let (ty, cfg) = (&self.ty, &self.cfg);
        let probe = quote!(#private::Probe::<#ty>);
        if self.serde.flatten {
            return quote! {
                #(#cfg)*
                __fields.extend(#probe::nested().map(|__nested| __nested()).into_iter().flatten());
            };
        }
        let (name, type_name, doc) = (&self.name, type_text(ty), &self.doc);
        let default = self.default.as_ref().and_then(Default::setter);
        let of_type = matches!(self.default, Some(Default::OfType));
        let optional = if of_type || self.serde.default || all_default {
            quote!(true)
        } else {
            quote!(#probe::optional())
        };
        quote! {
            #(#cfg)*
            __fields.push(
                #private::Field::new(#name, #type_name, #doc)
                    #default
                    .optional(#optional)
                    .secret(#probe::secret())
                    .nested(#probe::nested())
                    .shape(#probe::shape()),
            );
        }
    }
}

fn default(attribute: &Attribute) -> Result<Option<Default>> {
    let tokens = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(_) => return Err(not_a_list(attribute)),
    };
    let arguments = Arguments::parse(tokens, &GRAMMAR)?;
    let Some(argument) = arguments.get("default") else {
        return Err(not_a_list(attribute));
    };
    match &argument.value {
        Value::Absent => Ok(Some(Default::OfType)),
        Value::Is(value) => Default::read(value).map(Some),
        Value::List(_) | Value::Type(_) => Err(needs_equals(&argument.name)),
    }
}

fn not_a_list(attribute: &Attribute) -> syn::Error {
    syn::Error::new_spanned(
        attribute,
        "on a field, write `#[config(default = …)]` or `#[config(default)]`",
    )
}
