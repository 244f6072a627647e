//! The arguments of `#[rustboot::test]`, as calls on the builder of the application.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Result, Token};

use crate::arguments::{Arguments, Grammar, Value};
use crate::mistakes::{all, both, note};
use crate::period;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "rustboot::test",
    known: &["set", "start_paused", "timeout", "crate"],
    declined: &[
        (
            "flavor",
            "the runtime is that of production, with several threads; `start_paused = true` has one",
        ),
        (
            "worker_threads",
            "the runtime is that of production, with several threads; `start_paused = true` has one",
        ),
        (
            "provide",
            "take `app: TestAppBuilder`, and call `app.provide(…).start().await`",
        ),
    ],
};

const SET: &str = "set(\"shop.currency\" = \"EUR\")";

/// What the arguments say.
pub(super) struct Options {
    pub(super) root: Root,
    /// Calls of the methods of `TestAppBuilder`.
    pub(super) calls: TokenStream,
}

impl Options {
    pub(super) fn read(arguments: TokenStream) -> Result<Self> {
        let arguments = Arguments::parse(arguments, &GRAMMAR)?;
        let set = both(arguments.root(), settings(&arguments));
        let time = both(
            arguments.truth("start_paused", "start_paused = true"),
            timeout(&arguments),
        );
        let ((root, set), (paused, timeout)) = both(set, time)?;
        let set = set
            .iter()
            .map(|Setting { key, value }| quote!(.set(#key, #value)));
        let paused = paused.map(|paused| quote!(.start_paused(#paused)));
        let timeout = timeout.map(|limit| {
            let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            quote!(.timeout(::core::time::Duration::from_millis(#millis)))
        });
        Ok(Self {
            root,
            calls: quote!(#(#set)* #paused #timeout),
        })
    }
}

/// `"shop.currency" = "EUR"`.
struct Setting {
    key: LitStr,
    value: Expr,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.parse::<LitStr>().map_err(|error| {
            Error::new(error.span(), format!("a key is a string: write `{SET}`"))
        })?;
        input.parse::<Token![=]>().map_err(|error| {
            Error::new(error.span(), format!("a key takes a value: write `{SET}`"))
        })?;
        Ok(Self {
            key,
            value: input.parse()?,
        })
    }
}

fn settings(arguments: &Arguments) -> Result<Vec<Setting>> {
    let Some(argument) = arguments.get("set") else {
        return Ok(Vec::new());
    };
    let Value::List(tokens) = &argument.value else {
        let message = format!("`set` takes keys and values in parentheses: write `{SET}`");
        return Err(Error::new(argument.name.span(), message));
    };
    let settings = Punctuated::<Setting, Token![,]>::parse_terminated.parse2(tokens.clone())?;
    let mut seen: Vec<String> = Vec::new();
    all(settings.into_iter().map(|setting| {
        let key = setting.key.value();
        let mut mistakes = None;
        if !is_key(&key) {
            let message =
                "a key is names with dots between them, such as \"shop.currency\": the section comes first";
            note(&mut mistakes, Error::new(setting.key.span(), message));
        }
        if seen.contains(&key) {
            let message = format!("`{key}` is set twice");
            note(&mut mistakes, Error::new(setting.key.span(), message));
        }
        seen.push(key);
        mistakes.map_or(Ok(setting), Err)
    }))
}

fn is_key(key: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    key.contains('.')
        && key
            .split('.')
            .all(|name| !name.is_empty() && name.chars().all(allowed))
}

fn timeout(arguments: &Arguments) -> Result<Option<Duration>> {
    let example = "timeout = \"2m\"";
    let Some(text) = arguments.text("timeout", example)? else {
        return Ok(None);
    };
    match period::parse(&text.value()) {
        Ok(limit) if limit.is_zero() => Err(Error::new(
            text.span(),
            "a test needs some time: leave `timeout` out for 60 seconds",
        )),
        Ok(limit) => Ok(Some(limit)),
        Err(message) => Err(Error::new(text.span(), message)),
    }
}
