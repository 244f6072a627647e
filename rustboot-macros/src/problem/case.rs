//! One variant of an error, or a struct: what it becomes.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Fields, Member, Result, Variant};

use super::field::Field;
use super::options::{Options, Shown};
use crate::mistakes::{all, both};
use crate::place::generated_at;
use crate::suggest::list;

/// A variant, or the whole of a struct.
pub(super) struct Case<'a> {
    /// `None` for a struct.
    variant: Option<&'a Ident>,
    fields: Vec<Field<'a>>,
    options: Options,
}

impl<'a> Case<'a> {
    pub(super) fn of_variant(variant: &'a Variant, base: Option<&str>) -> Result<Self> {
        let ident = &variant.ident;
        let name = ident.unraw().to_string();
        let options = Options::of_variant(&variant.attrs, ident.span(), &name, base);
        Self::new(Some(ident), &variant.fields, options)
    }

    pub(super) fn of_struct(
        ident: &'a Ident,
        attributes: &[Attribute],
        fields: &'a Fields,
    ) -> Result<Self> {
        let name = ident.unraw().to_string();
        let options = Options::of_struct(attributes, ident.span(), &name);
        Self::new(None, fields, options)
    }

    fn new(
        variant: Option<&'a Ident>,
        fields: &'a Fields,
        options: Result<Options>,
    ) -> Result<Self> {
        let (options, fields) = both(options, Field::read(fields))?;
        let case = Self {
            variant,
            fields,
            options,
        };
        match &case.options {
            Options::Transparent(span) if case.inner().is_none() => Err(Error::new(
                *span,
                "`transparent` needs one error inside: a single field, or one that is marked `#[source]` or `#[from]`",
            )),
            Options::Transparent(_) => Ok(()),
            Options::Shown(shown) => case.check_names(shown),
        }?;
        match case.fields.iter().find(|field| field.is_from) {
            Some(from) if case.fields.len() > 1 => Err(Error::new(
                from.ty.span(),
                "`from` makes the error of one value: it has to be the only field",
            )),
            _ => Ok(case),
        }
    }

    /// Whether what the texts show is there.
    fn check_names(&self, shown: &Shown) -> Result<()> {
        let known: Vec<String> = self.fields.iter().map(Field::placeholder).collect();
        all(shown.messages().flat_map(|message| {
            let unknown = message
                .names()
                .iter()
                .filter(|name| !self.fields.iter().any(|field| field.is_called(name)));
            unknown.map(|_| -> Result<()> {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let message_text = if known.is_empty() {
                    "a text shows fields, and there are none".to_owned()
                } else {
                    format!("a text shows fields; the fields are {}", list(&known))
                };
                Err(Error::new(message.span(), message_text))
            })
        }))
        .map(|_| ())
    }

    /// For an error that speaks for the one inside, the arm of `match self` that passes it on.
    pub(super) fn passed_on(&self, private: &TokenStream) -> Option<TokenStream> {
        let Options::Transparent(_) = self.options else {
            return None;
        };
        let (path, inner) = (self.path(), self.inner()?);
        let (place, span) = (&inner.place, generated_at(inner.ty.span()));
        Some(quote_spanned! {span=>
            #path { #place: __inner, .. } => ::core::convert::Into::<#private::Error>::into(__inner),
        })
    }

    /// For any other, the arm of `match &__this` that says what the client gets.
    pub(super) fn shown(&self, private: &TokenStream) -> Option<TokenStream> {
        let Options::Shown(shown) = &self.options else {
            return None;
        };
        let path = self.path();
        let used = self
            .fields
            .iter()
            .filter(|field| field.is_shown() || shown.messages().any(|text| field.is_in(text)));
        let pattern = used.map(|Field { place, binding, .. }| match place {
            Member::Named(_) => quote!(#binding,),
            Member::Unnamed(_) => quote!(#place: #binding,),
        });
        let status = shown.status;
        let (detail, public) = match &shown.detail {
            // What the error says of itself is for the client when the client can do something about it.
            None if status < 500 => (quote!(::std::string::ToString::to_string(&__this)), None),
            None => (quote!(""), None),
            Some(text) if text.is_empty() => (quote!(""), None),
            Some(text) if status < 500 => (text.expression(), None),
            Some(text) => (quote!(""), Some(text.expression())),
        };
        let public = public.iter();
        let type_uri = shown.type_uri.iter();
        let title = shown.title.iter();
        let headers = shown.headers.iter().map(|(name, value)| {
            let value = value.expression();
            quote!(.with_header(#name, #value))
        });
        let fields = self
            .fields
            .iter()
            .map(|field| shown_field(field).unwrap_or_default());
        Some(quote! {
            #path { #(#pattern)* .. } => #private::Error::internal(#detail)
                .with_status(#status)
                #(.with_type(#type_uri))*
                #(.with_title(#title))*
                #(.with_public_detail(#public))*
                #(#headers)*
                #(#fields)*,
        })
    }

    /// What the document says of it.
    pub(super) fn kind(&self, private: &TokenStream) -> TokenStream {
        let Options::Shown(shown) = &self.options else {
            return quote!(#private::ProblemKind::OfTheSource);
        };
        let status = shown.status;
        let title = shown.title.as_deref().unwrap_or_default();
        let type_uri = shown.type_uri.as_deref().unwrap_or_default();
        quote!(#private::ProblemKind::Of { status: #status, title: #title, type_uri: #type_uri })
    }

    /// The `From` of a field that asks for it.
    pub(super) fn conversion(&self, ident: &Ident) -> Option<TokenStream> {
        let field = self.fields.iter().find(|field| field.is_from)?;
        let (path, place, ty) = (self.path(), &field.place, field.ty);
        Some(quote! {
            impl ::core::convert::From<#ty> for #ident {
                fn from(__inner: #ty) -> Self {
                    #path { #place: __inner }
                }
            }
        })
    }

    fn path(&self) -> TokenStream {
        match self.variant {
            Some(variant) => quote!(Self::#variant),
            None => quote!(Self),
        }
    }

    /// The error inside: the field that is the cause, or the only one.
    fn inner(&self) -> Option<&Field<'a>> {
        let source = self.fields.iter().find(|field| field.is_source);
        source.or(match &self.fields[..] {
            [only] => Some(only),
            _ => None,
        })
    }
}

/// What a field adds to the error.
fn shown_field(field: &Field<'_>) -> Option<TokenStream> {
    let binding = &field.binding;
    let span = generated_at(field.ty.span());
    match &field.member {
        Some(name) => Some(quote_spanned!(span=> .with_member(#name, #binding))),
        None if field.is_errors => Some(
            quote_spanned!(span=> .with_fields(::std::iter::Iterator::cloned(#binding.iter()))),
        ),
        None => None,
    }
}
