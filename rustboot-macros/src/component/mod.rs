//! `#[component]`: a function that makes a component becomes a `ComponentDef`.

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, LitStr, Result, ReturnType, Type};

use crate::arguments::{Arguments, Grammar};
use crate::beside::beside;
use crate::function::{Function, Wanted, has_impl_trait};
use crate::mistakes::both;
use crate::place::{generated_at, location};
use crate::root::Root;
use crate::wiring::{dependencies, injected};

const GRAMMAR: Grammar = Grammar {
    attribute: "component",
    known: &["name", "as", "crate"],
    declined: &[],
};

const WANTED: Wanted = Wanted {
    attribute: "component",
    purpose: "the function that makes the component: `fn catalog(…) -> Catalog`",
    must_be_async: false,
};

/// What the arguments say.
struct Options {
    root: Root,
    name: Option<LitStr>,
    /// What the component can also be taken as.
    traits: Vec<Type>,
}

/// What the factory returns.
enum Made {
    /// The component.
    Plain(Box<Type>),
    /// A `Result` of it. Aliases are common (`anyhow::Result<T>`), so the compiler is asked for the component's type.
    Fallible(Box<Type>),
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    beside(item.clone(), definition(arguments, item))
}

fn definition(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let (Options { root, name, traits }, (function, made)) =
        both(options(arguments), factory(item))?;
    let private = root.private();
    let (ident, parameters) = (&function.signature.ident, function.parameters());
    let location = location(&private, ident);
    let dependencies = dependencies(&private, &parameters);
    let (inject, injected) = injected(&private, &parameters);

    let (Made::Plain(returned) | Made::Fallible(returned)) = &made;
    let (ty, question) = match &made {
        Made::Plain(ty) => (ty.to_token_stream(), None),
        Made::Fallible(ty) => {
            let span = syn::spanned::Spanned::span(ty);
            let question = quote_spanned!(generated_at(span)=> ?);
            (quote!(<#ty as #private::ResultOf>::Ok), Some(question))
        }
    };
    let key = |ty: &TokenStream| match &name {
        Some(name) => quote!(|| #private::ComponentKey::of::<#ty>().named(#name)),
        None => quote!(#private::ComponentKey::of::<#ty>),
    };
    let component = key(&ty);
    let aliases = traits.iter().map(|object| {
        let key = key(&object.to_token_stream());
        let span = generated_at(syn::spanned::Spanned::span(object));
        let cast = quote_spanned! {span=>
            #private::Instance::shared::<#object>(__component)
        };
        quote! {
            #private::inventory::submit! {
                #private::AliasDef {
                    key: #key,
                    component: #component,
                    location: #location,
                    cast: |__i| __i.get::<#ty>().map(|__component| #cast),
                }
            }
        }
    });
    let wait = function.signature.asyncness.map(|_| quote!(.await));
    let instance = quote_spanned! {generated_at(syn::spanned::Spanned::span(returned))=>
        #private::Instance::new::<#ty>(__made)
    };
    let future = quote_spanned! {generated_at(ident.span())=>
        ::std::boxed::Box::pin(async move {
            let __made: #ty = #ident(#(#injected),*)#wait #question;
            ::core::result::Result::<_, #private::Error>::Ok(#instance)
        })
    };
    Ok(quote! {
        const _: () = {
            #private::inventory::submit! {
                #private::ComponentDef {
                    key: #component,
                    location: #location,
                    dependencies: #dependencies,
                    build: |__r| {
                        #inject
                        ::core::result::Result::Ok(#future)
                    },
                }
            }
            #(#aliases)*
        };
    })
}

fn options(arguments: TokenStream) -> Result<Options> {
    let arguments = Arguments::parse(arguments, &GRAMMAR)?;
    let traits = arguments.traits();
    let (root, (name, traits)) = both(arguments.root(), both(name(&arguments), traits))?;
    Ok(Options {
        root,
        name,
        traits: traits.into_iter().cloned().collect(),
    })
}

fn name(arguments: &Arguments) -> Result<Option<LitStr>> {
    let name = arguments.text("name", "name = \"primary\"")?;
    match name {
        Some(name) if name.value().trim().is_empty() => Err(Error::new(
            name.span(),
            "a name has to say something: without one, leave `name` out",
        )),
        name => Ok(name),
    }
}

fn factory(item: TokenStream) -> Result<(Function, Made)> {
    let function = Function::read(item, &WANTED)?;
    let made = made(&function)?;
    Ok((function, made))
}

fn made(function: &Function) -> Result<Made> {
    let ty = match &function.signature.output {
        ReturnType::Type(_, ty) => ty,
        ReturnType::Default => {
            return Err(Error::new(
                function.signature.ident.span(),
                "a component is what the function returns: write `-> T` or `-> Result<T>`",
            ));
        }
    };
    if has_impl_trait(ty.to_token_stream()) {
        return Err(Error::new_spanned(
            ty,
            "a component is found by its type: return a type that has a name, not `impl Trait`",
        ));
    }
    Ok(if is_result(ty) {
        Made::Fallible(ty.clone())
    } else {
        Made::Plain(ty.clone())
    })
}

/// Whether a type is called a result: `Result<T>`, `io::Result<T>`, `AppResult<T>`.
fn is_result(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident.to_string().ends_with("Result"))
}
