//! The attribute macros of Rustboot. Use them through the `rustboot` crate, where they are documented with examples.
//!
//! Every macro but `#[cached]`, which is a rewrite, leaves the user's item as it was written (`#[named]` on its parameters is
//! taken away, since the compiler does not know it) and puts a definition beside it, in a `const _` that adds no name to
//! the user's scope. The expansions name `::core`, `::std` and `::rustboot::__private` only (`crate = path` replaces the
//! `::rustboot`); whatever they do can be written by hand against the public types of the same names.
//!
//! A mistake is an error that points at the tokens it is about, and all mistakes of an item are reported together. Nothing
//! here panics.

mod app;
mod arguments;
mod background;
mod beside;
mod cached;
mod component;
mod config;
mod function;
mod group;
mod health;
mod hook;
mod mistakes;
mod parameter;
mod period;
mod place;
mod problem;
mod root;
mod route;
#[cfg(test)]
mod same_code;
mod schedule;
mod size;
mod suggest;
mod test;
mod type_text;
mod wiring;

use proc_macro::TokenStream;

/// The `main` of an application.
#[proc_macro_attribute]
pub fn app(arguments: TokenStream, item: TokenStream) -> TokenStream {
    app::expand(arguments.into(), item.into()).into()
}

/// A function that makes a component.
#[proc_macro_attribute]
pub fn component(arguments: TokenStream, item: TokenStream) -> TokenStream {
    component::expand(arguments.into(), item.into()).into()
}

/// A struct whose fields are configuration keys.
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    config::expand(arguments.into(), item.into()).into()
}

/// A handler of `GET` requests.
#[proc_macro_attribute]
pub fn get(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("GET"), arguments.into(), item.into()).into()
}

/// A handler of `POST` requests.
#[proc_macro_attribute]
pub fn post(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("POST"), arguments.into(), item.into()).into()
}

/// A handler of `PUT` requests.
#[proc_macro_attribute]
pub fn put(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("PUT"), arguments.into(), item.into()).into()
}

/// A handler of `DELETE` requests.
#[proc_macro_attribute]
pub fn delete(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("DELETE"), arguments.into(), item.into()).into()
}

/// A handler of `PATCH` requests.
#[proc_macro_attribute]
pub fn patch(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("PATCH"), arguments.into(), item.into()).into()
}

/// A handler of `HEAD` requests.
#[proc_macro_attribute]
pub fn head(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("HEAD"), arguments.into(), item.into()).into()
}

/// A handler of `OPTIONS` requests.
#[proc_macro_attribute]
pub fn options(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(Some("OPTIONS"), arguments.into(), item.into()).into()
}

/// A handler of requests with the method that is its first argument.
#[proc_macro_attribute]
pub fn route(arguments: TokenStream, item: TokenStream) -> TokenStream {
    route::expand(None, arguments.into(), item.into()).into()
}

/// A module whose routes have something in common.
#[proc_macro_attribute]
pub fn routes(arguments: TokenStream, item: TokenStream) -> TokenStream {
    group::expand(arguments.into(), item.into()).into()
}

/// What the routes of the module around it have in common.
#[proc_macro]
pub fn route_group(arguments: TokenStream) -> TokenStream {
    group::expand_inside(arguments.into()).into()
}

/// An error that says what a client gets.
#[proc_macro_derive(Problem, attributes(problem))]
pub fn problem(item: TokenStream) -> TokenStream {
    problem::expand(item.into()).into()
}

/// A function that asks a cache before it runs.
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    cached::expand(arguments.into(), item.into()).into()
}

/// A key as `#[cached]` makes it.
#[proc_macro]
pub fn cache_key(input: TokenStream) -> TokenStream {
    cached::expand_key(input.into()).into()
}

/// A function that runs again and again.
#[proc_macro_attribute]
pub fn scheduled(arguments: TokenStream, item: TokenStream) -> TokenStream {
    schedule::expand(arguments.into(), item.into()).into()
}

/// A function that looks how a part of the application is.
#[proc_macro_attribute]
pub fn health(arguments: TokenStream, item: TokenStream) -> TokenStream {
    health::expand(arguments.into(), item.into()).into()
}

/// A function that runs in the background.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    background::expand(arguments.into(), item.into()).into()
}

/// A function that runs once before the port is bound.
#[proc_macro_attribute]
pub fn on_start(arguments: TokenStream, item: TokenStream) -> TokenStream {
    hook::expand(hook::Phase::Start, arguments.into(), item.into()).into()
}

/// A function that runs once after the last request.
#[proc_macro_attribute]
pub fn on_stop(arguments: TokenStream, item: TokenStream) -> TokenStream {
    hook::expand(hook::Phase::Stop, arguments.into(), item.into()).into()
}

/// A test of the application.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(arguments.into(), item.into()).into()
}
