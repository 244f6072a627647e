//! What `#[on_start]` and `#[on_stop]` expand to.

use quote::quote;

use super::{Phase, expand};
use crate::same_code::{assert_same_code, mistakes};

#[test]
fn a_hook_takes_what_it_needs() {
    let item = quote!(
        async fn warm(catalog: Inject<Catalog>) -> Result<()> {
            body()
        }
    );
    let expected = quote! {
        async fn warm(catalog: Inject<Catalog>) -> Result<()> { body() }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::HookDef {
                    name: "warm",
                    phase: ::rustboot::__private::HookPhase::Start,
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: || {
                        use ::rustboot::__private::Otherwise as _;
                        [::rustboot::__private::Probe::<Inject<Catalog>>::dependency()].into_iter().flatten().collect()
                    },
                    call: |__r| {
                        let __a0 = <Inject<Catalog> as ::rustboot::__private::Injectable>::inject(__r)?;
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            <Result<()> as ::rustboot::__private::Outcome>::into_result(warm(__a0).await)
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(Phase::Start, quote!(), item), expected);
}

#[test]
fn a_hook_may_need_and_return_nothing() {
    let item = quote!(
        async fn flush() {}
    );
    let expected = quote! {
        async fn flush() {}
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::HookDef {
                    name: "flush",
                    phase: ::rustboot::__private::HookPhase::Stop,
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: ::std::vec::Vec::new,
                    call: |__r| {
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            <() as ::rustboot::__private::Outcome>::into_result(flush().await)
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(Phase::Stop, quote!(), item), expected);
}

#[test]
fn there_are_no_arguments_and_no_blocking_hooks() {
    assert_eq!(
        mistakes(expand(
            Phase::Start,
            quote!(order = 1),
            quote!(
                fn warm() {}
            )
        )),
        [
            "hooks run in the order of the components that they take: take the component that must be there first",
            "`#[on_start]` needs an async function: write `async fn warm`",
        ]
    );
    assert_eq!(
        mistakes(expand(
            Phase::Stop,
            quote!("flush"),
            quote!(
                async fn flush() {}
            )
        )),
        ["expected the name of an argument; `#[on_stop]` knows `crate`"]
    );
}
