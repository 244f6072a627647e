//! The function under `#[cached]`: what it takes, and what of that a load can take along.
//!
//! A load outlives the call that began it, so it owns what it needs: a parameter that is a reference is cloned when a load
//! begins, and only then.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, Error, FnArg, GenericParam, Lifetime, Pat, PatType, ReceiverKind, Result,
    ReturnType, Safety, Signature, Type, Visibility,
};

use crate::function::{has_impl_trait, starts_function};
use crate::mistakes::note;
use crate::type_text::type_text;

/// A free function, or a method with `&self`.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    pub(super) body: Group,
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter.
pub(super) struct Parameter {
    pub(super) name: Ident,
    /// Its type, without the `&` of a reference.
    pub(super) ty: Type,
    pub(super) is_reference: bool,
    /// Whether its type says that it is a cache.
    pub(super) is_cache: bool,
}

impl Function {
    /// Reads the item under the attribute.
    pub(super) fn read(item: TokenStream) -> Result<Self> {
        let parse = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let visibility = input.parse()?;
            if !starts_function(input) {
                let message = "`#[cached]` does not go here: put it on the async function that loads the value";
                return Err(Error::new(input.span(), message));
            }
            let signature: Signature = input.parse()?;
            let body = match input.parse::<TokenTree>() {
                Ok(TokenTree::Group(body)) => body,
                _ => {
                    let message =
                        "`#[cached]` needs a function with a body: put it on the implementation";
                    return Err(Error::new_spanned(&signature, message));
                }
            };
            Ok((attributes, visibility, signature, body))
        };
        let (attributes, visibility, signature, body) = parse.parse2(item)?;
        let parameters = check(&signature)?;
        Ok(Self {
            attributes,
            visibility,
            signature,
            body,
            parameters,
        })
    }

    pub(super) fn is_method(&self) -> bool {
        self.signature.receiver().is_some()
    }

    /// Whether it speaks of `Self`, as only an associated function can.
    pub(super) fn is_associated(&self) -> bool {
        self.is_method()
            || mentions(self.signature.to_token_stream(), "Self")
            || mentions(self.body.stream(), "Self")
    }
}

/// Everything that is wrong with the signature, or its parameters.
fn check(signature: &Signature) -> Result<Vec<Parameter>> {
    let mut mistakes = None;
    let mut mistake = |tokens: &dyn ToTokens, message: String| {
        note(
            &mut mistakes,
            Error::new_spanned(tokens.to_token_stream(), message),
        );
    };
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        let message = format!("`#[cached]` needs an async function: write `async fn {name}`");
        mistake(&signature.fn_token, message);
    }
    if let Safety::Unsafe(token) = &signature.safety {
        mistake(
            token,
            "`#[cached]` needs a function that is safe to call".to_owned(),
        );
    }
    let typed = |parameter: &&GenericParam| !matches!(parameter, GenericParam::Lifetime(_));
    if signature
        .generics
        .params
        .iter()
        .any(|parameter| typed(&parameter))
    {
        let message = "`#[cached]` needs a function without generic types: values of different types would share a key";
        mistake(&signature.generics, message.to_owned());
    }
    match &signature.output {
        ReturnType::Default => {
            let message = format!("`{name}` returns nothing to keep: return a `Result<T>`");
            mistake(&signature.ident, message);
        }
        ReturnType::Type(_, ty) if has_impl_trait(ty.to_token_stream()) => {
            let message = "`#[cached]` needs a return type with a name: return a `Result<T>`";
            mistake(ty, message.to_owned());
        }
        ReturnType::Type(_, ty) if !is_result(ty) => {
            let message = format!(
                "`#[cached]` needs a function that can fail, as a load can: return a `Result<{}>`",
                type_text(ty)
            );
            mistake(ty, message);
        }
        ReturnType::Type(..) => {}
    }
    if let Some(receiver) = signature.receiver()
        && !matches!(receiver.kind, ReceiverKind::Reference(_, _, None))
    {
        mistake(
            receiver,
            "`#[cached]` goes on methods with `&self`".to_owned(),
        );
    }
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        match parameter(input) {
            Ok(parameter) => parameters.push(parameter),
            Err(error) => note(&mut mistakes, error),
        }
    }
    mistakes.map_or(Ok(parameters), Err)
}

fn parameter(input: &PatType) -> Result<Parameter> {
    let named = |attribute: &&Attribute| attribute.path().is_ident("named");
    if let Some(named) = input.attrs.iter().find(named) {
        let message =
            "whoever calls this function takes the cache by its name: put `#[named]` there";
        return Err(Error::new_spanned(named, message));
    }
    let name = match &*input.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.ident.clone(),
        other => {
            let message =
                "`#[cached]` needs parameters with a name: take them apart in the function";
            return Err(Error::new_spanned(other, message));
        }
    };
    let (ty, is_reference) = match &*input.ty {
        Type::Reference(reference) if reference.mutability.is_some() => {
            let message =
                format!("a call that finds a value changes nothing: `{name}` cannot be `&mut`");
            return Err(Error::new_spanned(reference, message));
        }
        // One that lives as long as the process is as good as owned.
        Type::Reference(reference) if is_static(reference.lifetime.as_ref()) => (&*input.ty, false),
        Type::Reference(reference) => (&*reference.elem, true),
        other => (other, false),
    };
    if has_impl_trait(ty.to_token_stream()) {
        let message = "`#[cached]` needs parameters of known types, not `impl Trait`";
        return Err(Error::new_spanned(ty, message));
    }
    if borrows(ty.to_token_stream()) {
        let message = format!(
            "a load goes on when its caller is gone, so it cannot borrow inside of `{}`: take it owned",
            type_text(ty)
        );
        return Err(Error::new_spanned(ty, message));
    }
    Ok(Parameter {
        is_cache: is_cache(ty),
        name,
        ty: ty.clone(),
        is_reference,
    })
}

/// Whether the name of a type says that it is a result.
fn is_result(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
}

fn is_static(lifetime: Option<&Lifetime>) -> bool {
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

/// Whether a type has a reference or a lifetime in it.
fn borrows(ty: TokenStream) -> bool {
    let mut tokens = ty.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                // `&'static`
                !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'')
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                !matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static")
            }
            TokenTree::Group(group) => borrows(group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// `Cache`, `rustboot::Cache`, `Inject<Cache>`.
fn is_cache(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        syn::PathArguments::None => last.ident == "Cache",
        syn::PathArguments::AngleBracketed(arguments) if last.ident == "Inject" => {
            matches!(arguments.args.first(), Some(syn::GenericArgument::Type(inner)) if is_cache(inner))
        }
        _ => false,
    }
}

/// Whether a name is in there.
pub(super) fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
