//! What `#[task]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream) -> Vec<String> {
    mistakes(expand(
        arguments,
        quote!(
            async fn consumer() {}
        ),
    ))
}

#[test]
fn a_task_with_parameters() {
    let item = quote!(
        async fn consumer(shutdown: Shutdown) -> Result<()> {
            body()
        }
    );
    let expected = quote! {
        async fn consumer(shutdown: Shutdown) -> Result<()> { body() }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::BackgroundDef {
                    name: "consumer",
                    restart: ::rustboot::__private::Restart::FailApp,
                    ends_itself: || {
                        use ::rustboot::__private::Otherwise as _;
                        [::rustboot::__private::Probe::<Shutdown>::hears_of_the_stop()].contains(&true)
                    },
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: || {
                        use ::rustboot::__private::Otherwise as _;
                        [::rustboot::__private::Probe::<Shutdown>::dependency()].into_iter().flatten().collect()
                    },
                    call: |__r| {
                        let __a0 = <Shutdown as ::rustboot::__private::Injectable>::inject(__r)?;
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            <Result<()> as ::rustboot::__private::Outcome>::into_result(consumer(__a0).await)
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(quote!(restart = "fail-app"), item), expected);
}

#[test]
fn a_task_is_restarted_unless_it_says_otherwise() {
    let text = expand(
        quote!(name = "orders"),
        quote!(
            async fn consumer() {}
        ),
    )
    .to_string();
    assert!(text.contains("name : \"orders\""), "{text}");
    assert!(text.contains("Restart :: OnFailure"), "{text}");
    assert!(text.contains("ends_itself : || false"), "{text}");
}

#[test]
fn mistakes_say_what_to_write() {
    assert_eq!(
        mistakes_of(quote!(restart = "always")),
        [
            "`always` is no way to go on: write \"on-failure\" (again, after a pause), \"never\", or \"fail-app\" (the application stops)"
        ]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m")),
        ["a function that runs again and again is `#[scheduled(every = \"…\")]`"]
    );
    let expansion = expand(
        quote!(),
        quote!(
            fn consumer() {}
        ),
    );
    assert_eq!(
        mistakes(expansion),
        ["`#[task]` needs an async function: write `async fn consumer`"]
    );
}
