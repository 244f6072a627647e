//! What `#[rustboot::test]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::*;
use crate::same_code::{assert_same_code, mistakes};

fn surroundings() -> Result<Surroundings> {
    Ok(Surroundings {
        git_commit: None,
        built_at: 0,
        migrations: Vec::new(),
    })
}

fn mistakes_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    mistakes(expand_in(surroundings(), arguments, item))
}

#[test]
fn a_test_with_everything() {
    let item = quote! {
        #[should_panic]
        async fn it_works(app: TestApp) -> Result<()> { Ok(()) }
    };
    let arguments = quote!(
        set("shop.currency" = "EUR", "shop.limit" = 5),
        start_paused = true,
        timeout = "2m",
        crate = boot
    );
    let expected = quote! {
        #[::core::prelude::v1::test]
        #[should_panic]
        fn it_works() {
            async fn it_works(app: TestApp) -> Result<()> { Ok(()) }
            boot::__private::testing::run(
                boot::__private::testing::TestDef {
                    name: ::core::concat!(::core::module_path!(), "::", ::core::stringify!(it_works)),
                    location: boot::__private::Location::new(::core::file!(), ::core::line!()),
                    info: boot::__private::AppInfo {
                        name: ::core::env!("CARGO_PKG_NAME"),
                        version: ::core::env!("CARGO_PKG_VERSION"),
                        git_commit: {
                            const _: ::core::option::Option<&str> = ::core::option_env!("RUSTBOOT_GIT_COMMIT");
                            ::core::option::Option::None
                        },
                        built_at: ::core::option::Option::Some(0i64),
                        rustc: boot::__private::RUSTC,
                        env_prefix: "APP",
                        resources: &[],
                        location: ::core::option::Option::Some(
                            boot::__private::Location::new(::core::file!(), ::core::line!())
                        ),
                    },
                    folder: ::core::env!("CARGO_MANIFEST_DIR"),
                },
                |__test| __test
                    .set("shop.currency", "EUR")
                    .set("shop.limit", 5)
                    .start_paused(true)
                    .timeout(::core::time::Duration::from_millis(120000u64)),
                it_works,
            )
        }
    };
    assert_same_code(expand_in(surroundings(), arguments, item), expected);
}

#[test]
fn a_test_that_takes_nothing_still_starts_the_application() {
    let item = quote!(
        async fn it_starts() {}
    );
    let text = expand_in(surroundings(), quote!(), item).to_string();
    assert!(
        text.contains("| _ : :: rustboot :: __private :: testing :: TestApp | it_starts ()"),
        "{text}"
    );
}

#[test]
fn all_mistakes_are_told() {
    assert_eq!(
        mistakes_of(
            quote!(
                set("currency" = "EUR", "a.b" = 1, "a.b" = 2),
                timeout = "5",
                flavor = "multi_thread"
            ),
            quote!(
                fn f() {}
            )
        ),
        [
            "the runtime is that of production, with several threads; `start_paused = true` has one",
            "`#[rustboot::test]` needs an async function: write `async fn f`",
        ]
    );
    assert_eq!(
        mistakes_of(
            quote!(set("currency" = "EUR", "a.b" = 1, "a.b" = 2), timeout = "5"),
            quote!(
                #[tokio::test]
                async fn f(app: TestApp, db: PgDb) {}
            )
        ),
        [
            "a key is names with dots between them, such as \"shop.currency\": the section comes first",
            "`a.b` is set twice",
            "`5` needs a unit: write `5s` for seconds (ms, s, m, h, d)",
            "`#[rustboot::test]` makes the test: remove this attribute",
            "a test takes one `TestApp` or `TestAppBuilder`; components are taken from it: `app.component::<Catalog>()`",
        ]
    );
}

#[test]
fn settings_are_told_how_they_look() {
    let mistake = |arguments: TokenStream| {
        mistakes_of(
            arguments,
            quote!(
                async fn f() {}
            ),
        )
        .remove(0)
    };
    let example = "write `set(\"shop.currency\" = \"EUR\")`";
    assert_eq!(
        mistake(quote!(set = "a.b")),
        format!("`set` takes keys and values in parentheses: {example}")
    );
    assert_eq!(
        mistake(quote!(set(shop.currency = "EUR"))),
        format!("a key is a string: {example}")
    );
    assert_eq!(
        mistake(quote!(set("shop.currency"))),
        format!("a key takes a value: {example}")
    );
    assert_eq!(
        mistake(quote!(timeout = "0s")),
        "a test needs some time: leave `timeout` out for 60 seconds"
    );
}
