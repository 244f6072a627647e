//! What `#[health]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream) -> Vec<String> {
    mistakes(expand(
        arguments,
        quote!(
            async fn look() -> Health {}
        ),
    ))
}

#[test]
fn a_check_with_everything() {
    let item = quote!(
        async fn payments(#[named("eu")] gate: Inject<Gate>) -> Result<()> {
            body()
        }
    );
    let expected = quote! {
        async fn payments(gate: Inject<Gate>) -> Result<()> { body() }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::HealthDef {
                    name: "payments",
                    critical: false,
                    timeout: ::core::option::Option::Some(::core::time::Duration::from_millis(500u64)),
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: || {
                        use ::rustboot::__private::Otherwise as _;
                        [::rustboot::__private::Probe::<Inject<Gate>>::dependency_named("eu")].into_iter().flatten().collect()
                    },
                    check: |__r| {
                        let __a0 = <Inject<Gate> as ::rustboot::__private::TakenByName>::inject_named(__r, "eu")?;
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            <Result<()> as ::rustboot::__private::HealthOutcome>::into_health(payments(__a0).await)
                        }))
                    },
                }
            }
        };
    };
    let arguments = quote!("payments", critical = false, timeout = "500ms");
    assert_same_code(expand(arguments, item), expected);
}

#[test]
fn a_check_has_a_name_that_fits_into_a_path() {
    let missing = "the name is missing: write `#[health(\"payments\")]`";
    assert_eq!(mistakes_of(quote!()), [missing]);
    assert_eq!(
        mistakes_of(quote!(name = "payments")),
        [
            missing,
            "the name comes first, without `name =`: write `#[health(\"payments\")]`"
        ]
    );
    assert_eq!(
        mistakes_of(quote!("pay/ments")),
        ["the name is a part of the path /health/{name}: letters, digits, `-`, `_` and `.`"]
    );
}

#[test]
fn every_wrong_argument_is_reported() {
    assert_eq!(
        mistakes_of(quote!("a", critical = "no", timeout = "0s")),
        [
            "`critical` is true or false: write `critical = false`",
            "`timeout` has to be longer than nothing: write `timeout = \"500ms\"`",
        ]
    );
}

#[test]
fn a_check_says_how_it_is() {
    let item = quote!(
        async fn look() {}
    );
    assert_eq!(
        mistakes(expand(quote!("a"), item)),
        ["a check says how it is: write `-> Health`, or `-> Result<()>` where an error means DOWN"]
    );
}
