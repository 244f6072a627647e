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
                    trigger: ::rustboot::__private::Trigger::Every(
                        ::rustboot::__private::Period::Fixed(::core::time::Duration::from_millis(60000u64))
                    ),
                    options: ::rustboot::__private::TaskOptions::new(),
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
        text.contains("Delay (:: rustboot :: __private :: Period :: Fixed (:: core :: time :: Duration :: from_millis (30000u64)))"),
        "{text}"
    );
    assert!(
        text.contains(". initial_delay (:: rustboot :: __private :: Period :: Fixed (:: core :: time :: Duration :: from_millis (0u64)))"),
        "{text}"
    );
}

#[test]
fn exactly_one_trigger() {
    assert_eq!(
        mistakes_of(quote!()),
        [
            "when does it run? Write `#[scheduled(every = \"1m\")]`, `delay = \"30s\"` to count from the end of a run, or `cron = \"0 3 * * *\"`"
        ]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", delay = "1m")),
        ["`every` counts from start to start, `delay` from end to start: write one of them"]
    );
    assert_eq!(
        mistakes_of(quote!(cron = "* * * * *", delay = "1m")),
        ["`cron` says when a task runs, and so does the other one: write one of them"]
    );
}

fn text_of(arguments: TokenStream) -> String {
    let expansion = expand(
        arguments,
        quote!(
            async fn tick() {}
        ),
    );
    expansion.to_string().replace(' ', "")
}

#[test]
fn cron_goes_through_a_macro_that_knows_the_features() {
    let text = text_of(quote!(cron = "0 3 * * *", zone = "Europe/Berlin"));
    assert!(
        text.contains(r#"trigger:::rustboot::__private::cron_trigger!("03***","Europe/Berlin")"#),
        "{text}"
    );
    let text = text_of(quote!(cron = "${cleanup.cron:-0 3 * * *}"));
    assert!(
        text.contains(r#"cron_trigger!("${cleanup.cron:-03***}","UTC")"#),
        "{text}"
    );
    assert_eq!(
        mistakes_of(quote!(cron = "0 25 * * *", zone = "+02:00")),
        [
            "25 is too much for the hour: the highest is 23",
            "`+02:00` is not the name of a time zone: write one such as `Europe/Berlin` or `UTC`",
        ]
    );
    assert_eq!(
        mistakes_of(quote!(cron = "0 3 * * *", initial_delay = "1m")),
        ["`cron` names its times; there is no delay before the first"]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", zone = "UTC")),
        ["`zone` goes with `cron`"]
    );
}

#[test]
fn the_configuration_may_decide() {
    let text = text_of(quote!(
        every = "${cleanup.every:-1m}",
        enabled = "${cleanup.enabled}",
        jitter = "${cleanup.jitter}"
    ));
    assert!(
        text.contains(
            r#"Every(::rustboot::__private::Period::Configured("${cleanup.every:-1m}"))"#
        ),
        "{text}"
    );
    assert!(text.contains(r#".enabled("${cleanup.enabled}")"#), "{text}");
    assert_eq!(
        mistakes_of(quote!(every = "${cleanup.every:-5min}", enabled = "yes")),
        [
            "unknown unit `min`, did you mean `m`?",
            "`enabled` names a key that is true or false: write `enabled = \"${cleanup.enabled:-true}\"`",
        ]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1${unit}")),
        [
            "`1${unit}` is not a reference: write `${key}` or `${key:-default}`, and nothing around it"
        ]
    );
}

#[test]
fn runs_may_overlap_in_three_ways() {
    let text = text_of(quote!(every = "1m", overlap = "allow", max_concurrent = 4));
    assert!(
        text.contains(
            "TaskOptions::new().overlap(::rustboot::__private::Overlap::Allow{max_concurrent:4u32})"
        ),
        "{text}"
    );
    assert!(text_of(quote!(every = "1m", overlap = "queue")).contains("Overlap::Queue"));
    assert_eq!(
        mistakes_of(quote!(every = "1m", overlap = "always")),
        ["`always` is no way to overlap: write \"skip\", \"queue\" or \"allow\""]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", overlap = "allow")),
        ["how many may run at a time? Write `overlap = \"allow\", max_concurrent = 4`"]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", overlap = "allow", max_concurrent = 0)),
        ["at least one may run: write `max_concurrent = 4`"]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", max_concurrent = "4")),
        ["`max_concurrent` takes a number, without quotes: write `max_concurrent = 4`"]
    );
    assert_eq!(
        mistakes_of(quote!(every = "1m", max_concurrent = 4)),
        ["`max_concurrent` goes with `overlap = \"allow\"`"]
    );
    assert_eq!(
        mistakes_of(quote!(delay = "1m", overlap = "queue")),
        ["with `delay` the next run comes after the last one ended: they never overlap"]
    );
}

#[test]
fn a_task_may_have_another_name() {
    let text = text_of(quote!(every = "1m", name = "billing-tick", timeout = "30s"));
    assert!(text.contains(r#"name:"billing-tick""#), "{text}");
    assert!(text.contains(".timeout("), "{text}");
    assert_eq!(
        mistakes_of(quote!(every = "1m", name = "")),
        ["a name has at least one character"]
    );
}

#[test]
fn a_task_may_run_on_one_replica_only() {
    let text = text_of(quote!(every = "1m", singleton));
    assert!(text.contains("TaskOptions::new().singleton()"), "{text}");
    let text = text_of(quote!(every = "1m", singleton, overlap = "queue"));
    assert!(text.contains(".singleton()"), "{text}");
    for wrong in [
        quote!(every = "1m", singleton = true),
        quote!(every = "1m", singleton("redis")),
    ] {
        assert_eq!(
            mistakes_of(wrong),
            ["`singleton` takes no value: write `singleton`"]
        );
    }
    assert_eq!(
        mistakes_of(quote!(every = "1m", lock = "nightly")),
        ["write `singleton`: it runs on one replica only"]
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
