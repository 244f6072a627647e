//! What `#[rustboot::app]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::surroundings::Surroundings;
use super::{expand, expand_in};
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    mistakes(expand(arguments, item))
}

#[test]
fn a_main_that_configures() {
    let surroundings = Surroundings {
        git_commit: Some("0123456789ab".to_owned()),
        built_at: 315_532_800,
        migrations: vec!["migrations/0001_a.sql".to_owned()],
    };
    let item = quote! {
        /// The shop.
        async fn main(app: &mut AppBuilder) -> Result<()> { app.provide(1); Ok(()) }
    };
    let expected = quote! {
        fn main() -> ::std::process::ExitCode {
            /// The shop.
            async fn main(app: &mut AppBuilder) -> Result<()> { app.provide(1); Ok(()) }
            static __INFO: boot::__private::AppInfo = boot::__private::AppInfo {
                name: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                git_commit: {
                    const _: ::core::option::Option<&str> = ::core::option_env!("RUSTBOOT_GIT_COMMIT");
                    ::core::option::Option::Some("0123456789ab")
                },
                built_at: ::core::option::Option::Some(315532800i64),
                rustc: boot::__private::RUSTC,
                env_prefix: "SHOP",
                resources: &[boot::__private::Resource {
                    path: "migrations/0001_a.sql",
                    contents: ::core::include_str!(
                        ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/migrations/0001_a.sql")
                    ),
                }],
                location: ::core::option::Option::Some(
                    boot::__private::Location::new(::core::file!(), ::core::line!())
                ),
            };
            fn __configure<'a>(
                __app: &'a mut boot::__private::AppBuilder,
            ) -> boot::__private::BoxFuture<'a, boot::__private::Result<()>> {
                ::std::boxed::Box::pin(async move {
                    <Result<()> as boot::__private::Outcome>::into_result(main(__app).await)
                })
            }
            boot::__private::inventory::submit! {
                boot::__private::AppDef { info: &__INFO, configure: __configure }
            }
            boot::__private::main(__INFO, __configure)
        }
    };
    let arguments = quote!(env_prefix = "SHOP", crate = boot);
    assert_same_code(expand_in(Ok(surroundings), arguments, item), expected);
}

#[test]
fn an_empty_main() {
    let surroundings = Surroundings {
        git_commit: None,
        built_at: 0,
        migrations: Vec::new(),
    };
    let expansion = expand_in(
        Ok(surroundings),
        quote!(),
        quote!(
            async fn main() {}
        ),
    );
    let text = expansion.to_string();
    assert!(
        text.contains(
            "< () as :: rustboot :: __private :: Outcome > :: into_result (main () . await)"
        ),
        "{text}"
    );
    assert!(text.contains("env_prefix : \"APP\""), "{text}");
    assert!(text.contains("resources : & []"), "{text}");
}

#[test]
fn a_wrong_main_is_told_what_main_is() {
    assert_eq!(
        mistakes_of(
            quote!(),
            quote!(
                fn main() {}
            )
        ),
        ["`#[rustboot::app]` needs an async function: write `async fn main`"]
    );
    assert_eq!(
        mistakes_of(
            quote!(),
            quote!(
                async fn run(app: AppBuilder, db: Inject<Db>) {}
            )
        ),
        [
            "the application is the whole program: put `#[rustboot::app]` on `main`",
            "`main` takes nothing, or `app: &mut AppBuilder`",
            "`main` takes at most `app: &mut AppBuilder`; components are injected into hooks, tasks and handlers",
        ]
    );
    assert_eq!(
        mistakes_of(
            quote!(),
            quote!(
                struct Main;
            )
        ),
        ["`#[rustboot::app]` does not go here: put it on `async fn main() {}`"]
    );
}

#[test]
fn a_prefix_is_that_of_environment_variables() {
    let mistake = |prefix: &str| {
        mistakes_of(
            quote!(env_prefix = #prefix),
            quote!(
                async fn main() {}
            ),
        )
        .remove(0)
    };
    assert_eq!(
        mistake("SHOP_"),
        "the underscore after the prefix is understood: write \"SHOP\""
    );
    assert!(mistake("shop").contains("upper case"));
    assert!(mistake("").contains("upper case"));
    assert!(mistake("MY__SHOP").contains("single underscores"));
}

#[test]
fn what_cargo_says_is_not_an_argument() {
    assert_eq!(
        mistakes_of(
            quote!(name = "shop"),
            quote!(
                async fn main() {}
            )
        ),
        ["the name is that of the package in Cargo.toml"]
    );
}

#[test]
fn a_function_that_is_not_main_brings_no_main() {
    let text = expand(
        quote!(),
        quote!(
            async fn serve() {}
        ),
    )
    .to_string();
    assert!(
        text.starts_with("async fn serve () { }") && !text.contains("fn main"),
        "{text}"
    );
}
