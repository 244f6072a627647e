//! What `#[scheduled]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream) -> Vec<String> {
    mistakes(expand(
        arguments,
        quote!(
            async fn tick() {}
        ),
    ))
}

#[test]
fn a_task_with_a_period() {
    let item = quote!(
        async fn expire(catalog: Inject<Catalog>) -> Result<()> {
            body()
        }
    );
    let expected = quote! {
        async fn expire(catalog: Inject<Catalog>) -> Result<()> { body() }
        const _: () = {
            ::rustboot::__private::inventory::submit! {
                ::rustboot::__private::TaskDef {
                    name: "expire",
                    trigger: ::rustboot::__private::Trigger::Every(::core::time::Duration::from_millis(60000u64)),
                    initial_delay: ::core::option::Option::None,
                    location: ::rustboot::__private::Location::new(::core::file!(), ::core::line!()),
                    dependencies: || {
                        use ::rustboot::__private::Otherwise as _;
                        [::rustboot::__private::Probe::<Inject<Catalog>>::dependency()].into_iter().flatten().collect()
                    },
                    call: |__r| {
                        let __a0 = <Inject<Catalog> as ::rustboot::__private::Injectable>::inject(__r)?;
                        ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                            <Result<()> as ::rustboot::__private::Outcome>::into_result(expire(__a0).await)
                        }))
                    },
                }
            }
        };
    };
    assert_same_code(expand(quote!(every = "1m"), item), expected);
}

#[test]
fn a_task_with_a_pause_and_a_first_wait() {
    let expansion = expand(
        quote!(delay = "30s", initial_delay = "0s"),
        quote!(
            async fn tick() {}
        ),
    );
    let text = expansion.to_string();
    assert!(
        text.contains("Delay (:: core :: time :: Duration :: from_millis (30000u64))"),
        "{text}"
    );
    assert!(
        text.contains("Some (:: core :: time :: Duration :: from_millis (0u64))"),
        "{text}"
    );
}

#[test]
fn exactly_one_trigger() {
    assert_eq!(
        mistakes_of(quote!()),
        [
            "when does it run? Write `#[scheduled(every = \"1m\")]`, or `delay = \"30s\"` to count from the end of a run"
        ]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", delay = "1m")),
        ["`every` counts from start to start, `delay` from end to start: write one of them"]
    );
    assert_eq!(
        mistakes_of(quote!(cron = "* * * * *")),
        ["cron is not supported yet; use every or delay"]
    );
}

#[test]
fn every_wrong_duration_is_reported() {
    assert_eq!(
        mistakes_of(quote!(every = "0s", initial_delay = "5min")),
        [
            "`every` has to be longer than nothing: write `every = \"1m\"`",
            "unknown unit `min`, did you mean `m`?",
        ]
    );
    assert_eq!(
        mistakes_of(quote!(every = 60)),
        ["`every` takes a string: write `every = \"1m\"`"]
    );
}
