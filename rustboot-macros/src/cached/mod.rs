//! `#[cached]`: a function that asks the cache before it runs. And `cache_key!`, the key that it asks for.
//!
//! The function as it was written stands inside of the new one, or beside it when it is a method. Nothing is collected: it
//! is a rewrite of one call into `Cache::get_or_try_load`.

mod function;
mod options;
mod template;
#[cfg(test)]
mod tests;

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, FnArg, LitStr, Pat, Result, ReturnType, Signature};

use self::function::{Function, Parameter, mentions};
use self::options::Options;
use self::template::Template;
use crate::mistakes::{all, both};
use crate::parameter::without_names;
use crate::place::generated_at;
use crate::root::Root;
use crate::suggest::{list, nearest};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let read = both(Options::read(arguments), Function::read(item.clone()));
    let rewritten = read.and_then(|(options, function)| rewrite(&options, &function));
    rewritten.unwrap_or_else(|mistakes| {
        // A mistake never takes the function away, since everything that calls it would then be reported as well.
        let (mistakes, item) = (mistakes.into_compile_error(), without_names(item));
        quote!(#mistakes #item)
    })
}

/// `cache_key!("user:{id}")`
pub(crate) fn expand_key(input: TokenStream) -> TokenStream {
    let key = syn::parse2::<LitStr>(input).map_err(|error| {
        let message = "`cache_key!` takes the key: write `cache_key!(\"user:{id}\")`";
        Error::new(error.span(), message)
    });
    match key.and_then(|text| Template::read(&text)) {
        Ok(template) => template.expression(&Root::default().private()),
        Err(mistake) => mistake.into_compile_error(),
    }
}

fn rewrite(options: &Options, function: &Function) -> Result<TokenStream> {
    let private = options.root.private();
    let (cache, ()) = both(
        cache(&private, options, function),
        check_names(options, function),
    )?;
    let Function {
        attributes,
        visibility,
        ..
    } = function;
    let (load, original) = original(function);
    let (inside, beside) = match function.is_associated() {
        true => (None, Some(original)),
        false => (Some(original), None),
    };
    let signature = outer_signature(function);
    let in_key = all_in_key(&private, options, function);
    let output = match &function.signature.output {
        ReturnType::Type(_, ty) => {
            quote_spanned!(generated_at(ty.span())=> #private::assert_cached::<#ty>();)
        }
        ReturnType::Default => TokenStream::new(),
    };
    let key = options.key.expression(&private);
    let ttl = ttl(&private, options.ttl, options.stale);
    let (owned, call) = call(&load, function);
    Ok(quote! {
        #(#attributes)*
        #visibility #signature {
            #inside
            #in_key
            #output
            #cache
            let __key = #key;
            #private::Cache::get_or_try_load(__cache, &__key, #ttl, move || {
                #owned
                async move { #call.await }
            })
            .await
        }
        #beside
    })
}

/// The function as it was written, under another name, and how it is called.
fn original(function: &Function) -> (TokenStream, TokenStream) {
    let mut signature = function.signature.clone();
    let associated = function.is_associated();
    let name = match associated {
        true => format_ident!("__{}_uncached", signature.ident.unraw()),
        false => Ident::new("__load", Span::call_site()),
    };
    signature.ident = name.clone();
    for (input, parameter) in typed(&mut signature).zip(&function.parameters) {
        // The cache is there for the lookup; whether the function uses it itself is nobody's business.
        if parameter.is_cache {
            input.push(syn::parse_quote!(#[allow(unused_variables, reason = "for the lookup")]));
        }
    }
    let body = &function.body;
    match associated {
        true => {
            let attributes = function
                .attributes
                .iter()
                .filter(|attribute| is_for_both(attribute));
            let original = quote!(#(#attributes)* #[doc(hidden)] #signature #body);
            (quote!(Self::#name), original)
        }
        false => (name.into_token_stream(), quote!(#signature #body)),
    }
}

/// The attributes of each parameter but the receiver.
fn typed(signature: &mut Signature) -> impl Iterator<Item = &mut Vec<Attribute>> {
    signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&mut input.attrs),
        FnArg::Receiver(_) => None,
    })
}

/// Whether an attribute of the function concerns the function beside it as well.
fn is_for_both(attribute: &Attribute) -> bool {
    ["cfg", "allow", "expect", "warn", "deny", "forbid"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// The signature without a `mut`, which belongs to the body.
fn outer_signature(function: &Function) -> Signature {
    let mut signature = function.signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input
            && let Pat::Ident(pat) = &mut *input.pat
        {
            pat.mutability = None;
        }
    }
    signature
}

/// The statement that says which cache it is: `__cache`.
fn cache(private: &TokenStream, options: &Options, function: &Function) -> Result<TokenStream> {
    let by_value = |parameter: &&Parameter| !parameter.is_reference;
    let (cache, is_moved) = match &options.cache {
        Some(cache) => {
            let moved = function.parameters.iter().filter(by_value);
            let tokens = cache.to_token_stream();
            let is_moved = moved
                .map(|parameter| parameter.name.to_string())
                .any(|name| mentions(tokens.clone(), &name));
            (cache.clone(), is_moved)
        }
        None => {
            let mut caches = function
                .parameters
                .iter()
                .filter(|parameter| parameter.is_cache);
            match (caches.next(), caches.next()) {
                (Some(cache), None) => {
                    let name = &cache.name;
                    (syn::parse_quote!(#name), !cache.is_reference)
                }
                (Some(_), Some(second)) => {
                    let message = format!(
                        "there are several caches: say which, `cache = {}`",
                        second.name
                    );
                    return Err(Error::new(second.name.span(), message));
                }
                (None, _) if function.is_method() => (syn::parse_quote!(self.cache), false),
                (None, _) => {
                    let message = "there is no cache: take one as a parameter, `cache: &Cache`, or say where it is with `cache = …`";
                    return Err(Error::new(function.signature.ident.span(), message));
                }
            }
        }
    };
    let span = generated_at(span_of(&cache, options));
    Ok(match is_moved {
        // The load takes the parameter along.
        true => quote_spanned!(span=> let __cache = &#private::Cache::clone(&#cache);),
        false => quote_spanned!(span=> let __cache: &#private::Cache = &#cache;),
    })
}

fn span_of(cache: &Expr, options: &Options) -> Span {
    match options.cache {
        Some(_) => cache.span(),
        None => Span::call_site(),
    }
}

/// Checks that the key and `skip` name parameters.
fn check_names(options: &Options, function: &Function) -> Result<()> {
    let mut known: Vec<String> = Vec::new();
    if function.is_method() {
        known.push("self".to_owned());
    }
    let names = function.parameters.iter();
    known.extend(names.map(|parameter| parameter.name.unraw().to_string()));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let check = |name: &str, span: Span| {
        if known.contains(&name) {
            return Ok(());
        }
        let message = match nearest(name, known.iter().copied()) {
            Some(near) => format!("there is no parameter `{name}`, did you mean `{near}`?"),
            None if known.is_empty() => format!("there is no parameter `{name}`: there are none"),
            None => format!("there is no parameter `{name}`: there are {}", list(&known)),
        };
        Err(Error::new(span, message))
    };
    let in_key = options
        .key
        .names()
        .map(|name| check(name, options.key.span));
    let skipped = options
        .skip
        .iter()
        .map(|name| check(&name.unraw().to_string(), name.span()));
    all(in_key.chain(skipped)).map(|_| ())
}

/// Checks, once types are known, that what is not in the key is the same for all: something that the wiring provides.
fn all_in_key(private: &TokenStream, options: &Options, function: &Function) -> TokenStream {
    let in_key: Vec<&str> = options.key.names().collect();
    let missing = function.parameters.iter().filter(|parameter| {
        let name = parameter.name.unraw().to_string();
        !parameter.is_cache
            && !in_key.contains(&name.as_str())
            && !options.skip.iter().any(|skipped| skipped.unraw() == name)
            && !mentions(parameter.ty.to_token_stream(), "Self")
    });
    // The message is a format string itself: it has its braces twice.
    let checks = missing.map(|Parameter { name, ty, .. }| {
        let plain = name.unraw();
        let message = format!(
            "`{plain}` is not in the key, so that calls that differ in it would get each other's value: put `{{{{{plain}}}}}` into the key, or say `skip = [{plain}]`"
        );
        quote_spanned! {generated_at(name.span())=>
            const _: () = {
                use #private::Otherwise as _;
                ::core::assert!(#private::Probe::<#ty>::IS_PROVIDED, #message);
            };
        }
    });
    quote!(#(#checks)*)
}

fn ttl(private: &TokenStream, ttl: Option<Duration>, stale: Option<Duration>) -> TokenStream {
    let time = |time: Duration| {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        quote!(::core::time::Duration::from_millis(#millis))
    };
    let fresh = match ttl.map(time) {
        Some(fresh) => quote!(#private::Ttl::of(#fresh)),
        None => quote!(<#private::Ttl as ::core::default::Default>::default()),
    };
    match stale.map(time) {
        Some(stale) => quote!(#fresh.stale(#stale)),
        None => fresh,
    }
}

/// The statements that make the parameters the load's own, and the call of the function as it was written.
fn call(load: &TokenStream, function: &Function) -> (TokenStream, TokenStream) {
    let receiver = function.is_method();
    let own = function
        .parameters
        .iter()
        .filter(|parameter| parameter.is_reference)
        .map(|Parameter { name, ty, .. }| {
            let span = generated_at(ty.span());
            quote_spanned!(span=> let #name = <#ty as ::std::borrow::ToOwned>::to_owned(#name);)
        });
    let own_self = receiver.then(|| {
        let span = generated_at(function.signature.ident.span());
        quote_spanned!(span=> let __self = <Self as ::core::clone::Clone>::clone(self);)
    });
    let arguments = function.parameters.iter().map(
        |Parameter {
             name,
             ty,
             is_reference,
             ..
         }| match is_reference {
            true => quote!(::core::borrow::Borrow::<#ty>::borrow(&#name)),
            false => name.to_token_stream(),
        },
    );
    let itself = receiver.then(|| quote!(&__self));
    let arguments = itself.into_iter().chain(arguments);
    (quote!(#own_self #(#own)*), quote!(#load(#(#arguments),*)))
}
