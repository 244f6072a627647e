//! `#[rustboot::app]`: an async `main` becomes the `main` of a process, with the facts about the build in an `AppInfo`.
//!
//! The user's function stays as it is, inside of the new one.

mod commit;
mod migrations;
mod moment;
#[cfg(test)]
mod scratch;
pub(crate) mod surroundings;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr, Result, Type};

use crate::arguments::{Arguments, Grammar};
use crate::function::{Function, Wanted};
use crate::mistakes::{both, note};
use crate::place::{generated_at, location};
use crate::root::Root;
use crate::wiring::outcome;

use surroundings::Surroundings;

const GRAMMAR: Grammar = Grammar {
    attribute: "rustboot::app",
    known: &["env_prefix", "crate"],
    declined: &[
        ("name", "the name is that of the package in Cargo.toml"),
        (
            "version",
            "the version is that of the package in Cargo.toml",
        ),
    ],
};

const WANTED: Wanted = Wanted {
    attribute: "rustboot::app",
    purpose: "`async fn main() {}`",
    must_be_async: true,
};

/// What the arguments say.
struct Options {
    root: Root,
    env_prefix: String,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand_in(Surroundings::read(), arguments, item)
}

fn expand_in(
    surroundings: Result<Surroundings>,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let given = both(options(arguments), main(item.clone()));
    match both(surroundings, given) {
        Ok((surroundings, (options, function))) => {
            expansion(&surroundings, &options, &function, &item)
        }
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            if !is_main(&item) {
                return quote!(#item #mistakes);
            }
            // An async `main` would be a second error, and no `main` at all a third.
            quote! {
                #[allow(dead_code, unused)]
                fn main() {
                    #item
                }
                #mistakes
            }
        }
    }
}

fn expansion(
    surroundings: &Surroundings,
    options: &Options,
    function: &Function,
    item: &TokenStream,
) -> TokenStream {
    let private = options.root.private();
    let (visibility, ident) = (&function.visibility, &function.signature.ident);
    let info = info(&private, surroundings, &options.env_prefix, ident);
    let outcome = outcome(&private, &function.signature.output);
    let app = function.parameters().first().map(|_| quote!(__app));
    let body = quote_spanned! {generated_at(ident.span())=>
        ::std::boxed::Box::pin(async move { #outcome::into_result(#ident(#app).await) })
    };
    quote! {
        #visibility fn #ident() -> ::std::process::ExitCode {
            #item
            static __INFO: #private::AppInfo = #info;
            fn __configure<'a>(
                __app: &'a mut #private::AppBuilder,
            ) -> #private::BoxFuture<'a, #private::Result<()>> {
                #body
            }
            // For tests, which do not run this function.
            #private::inventory::submit! {
                #private::AppDef { info: &__INFO, configure: __configure }
            }
            #private::main(__INFO, __configure)
        }
    }
}

/// The `AppInfo` of the package that is being compiled, declared at that name.
pub(crate) fn info(
    private: &TokenStream,
    surroundings: &Surroundings,
    env_prefix: &str,
    ident: &Ident,
) -> TokenStream {
    let Surroundings {
        git_commit,
        built_at,
        migrations,
    } = surroundings;
    let location = location(private, ident);
    let git_commit = match git_commit {
        Some(commit) => quote!(::core::option::Option::Some(#commit)),
        None => quote!(::core::option::Option::None),
    };
    let files = migrations.iter().map(|path| format!("/{path}"));
    quote! {
        #private::AppInfo {
            name: ::core::env!("CARGO_PKG_NAME"),
            version: ::core::env!("CARGO_PKG_VERSION"),
            git_commit: {
                // Mentioned so that cargo compiles this again when the variable changes.
                const _: ::core::option::Option<&str> = ::core::option_env!("RUSTBOOT_GIT_COMMIT");
                #git_commit
            },
            built_at: ::core::option::Option::Some(#built_at),
            rustc: #private::RUSTC,
            env_prefix: #env_prefix,
            resources: &[#(#private::Resource {
                path: #migrations,
                contents: ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #files)),
            }),*],
            location: ::core::option::Option::Some(#location),
        }
    }
}

fn options(arguments: TokenStream) -> Result<Options> {
    let arguments = Arguments::parse(arguments, &GRAMMAR)?;
    let (root, env_prefix) = both(arguments.root(), env_prefix(&arguments))?;
    Ok(Options { root, env_prefix })
}

fn env_prefix(arguments: &Arguments) -> Result<String> {
    let Some(text) = arguments.text("env_prefix", "env_prefix = \"SHOP\"")? else {
        return Ok("APP".to_owned());
    };
    check_prefix(&text)?;
    Ok(text.value())
}

fn check_prefix(text: &LitStr) -> Result<()> {
    let prefix = text.value();
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let starts_well = prefix.starts_with(|c: char| c.is_ascii_uppercase());
    let message = if prefix.ends_with('_') {
        let bare = prefix.trim_end_matches('_');
        format!("the underscore after the prefix is understood: write \"{bare}\"")
    } else if !starts_well || !prefix.chars().all(allowed) {
        "a prefix of environment variables is upper case letters, digits and `_`, such as \"SHOP\""
            .to_owned()
    } else if prefix.contains("__") {
        "`__` separates the parts of a key: write the prefix with single underscores".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(text.span(), message))
}

/// Whether the item is a function called `main`, right or wrong.
fn is_main(item: &TokenStream) -> bool {
    let mut tokens = item
        .clone()
        .into_iter()
        .skip_while(|token| token.to_string() != "fn");
    tokens.nth(1).is_some_and(|name| name.to_string() == "main")
}

fn main(item: TokenStream) -> Result<Function> {
    let function = Function::read(item, &WANTED)?;
    let mut mistakes = None;
    let ident = &function.signature.ident;
    if ident != "main" {
        let message = "the application is the whole program: put `#[rustboot::app]` on `main`";
        note(&mut mistakes, Error::new(ident.span(), message));
    }
    let parameters: Vec<&Type> = function.parameters().iter().map(|p| p.ty).collect();
    if let Some(ty) = parameters.first()
        && !matches!(ty, Type::Reference(reference) if reference.mutability.is_some())
    {
        let message = "`main` takes nothing, or `app: &mut AppBuilder`";
        note(&mut mistakes, Error::new_spanned(ty, message));
    }
    for ty in parameters.iter().skip(1) {
        let message = "`main` takes at most `app: &mut AppBuilder`; components are injected into hooks, tasks and handlers";
        note(&mut mistakes, Error::new_spanned(ty, message));
    }
    mistakes.map_or(Ok(function), Err)
}
