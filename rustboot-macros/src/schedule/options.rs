//! What stands between the parentheses of `#[scheduled]`, read and checked.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr, Result};

use super::{cron, reference};
use crate::arguments::{Arguments, Grammar};
use crate::mistakes::{all, both};
use crate::period;
use crate::place::generated_at;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "scheduled",
    known: &[
        "every",
        "delay",
        "cron",
        "zone",
        "name",
        "initial_delay",
        "jitter",
        "timeout",
        "overlap",
        "max_concurrent",
        "enabled",
        "singleton",
        "crate",
    ],
    declined: &[
        ("fixed_rate", "write `every = \"1m\"`"),
        ("fixed_delay", "write `delay = \"1m\"`"),
        ("interval", "write `every = \"1m\"`"),
        ("leader", "write `singleton`: it runs on one replica only"),
        ("lock", "write `singleton`: it runs on one replica only"),
    ],
};

/// What the arguments say.
pub(super) struct Options {
    pub(super) root: Root,
    pub(super) name: Option<LitStr>,
    pub(super) trigger: Trigger,
    /// The calls after `TaskOptions::new()`: the method, and what makes its argument.
    pub(super) settings: Vec<Setting>,
}

/// When the function runs.
pub(super) enum Trigger {
    /// From start to start.
    Every(Period),
    /// From end to start.
    Delay(Period),
    /// By the clock.
    Cron(LitStr, LitStr),
}

/// A length of time, or where the configuration has it.
pub(super) enum Period {
    Fixed(Duration),
    Configured(LitStr),
}

/// One call on `TaskOptions`.
pub(super) enum Setting {
    Period(&'static str, Period),
    Queue,
    Skip,
    Allow(u32),
    Enabled(LitStr),
    Singleton,
}

impl Options {
    pub(super) fn read(arguments: TokenStream) -> Result<Self> {
        let arguments = Arguments::parse(arguments, &GRAMMAR)?;
        let trigger = both(trigger(&arguments), misplaced(&arguments)).map(|(trigger, ())| trigger);
        let settings = both(
            all([
                setting(&arguments, "initial_delay", "10s", false),
                setting(&arguments, "jitter", "5s", true),
                setting(&arguments, "timeout", "30s", true),
            ]),
            all([
                overlap(&arguments),
                enabled(&arguments),
                singleton(&arguments),
            ]),
        );
        let (heads, (trigger, (periods, others))) = both(
            both(arguments.root(), name(&arguments)),
            both(trigger, settings),
        )?;
        let (root, name) = heads;
        Ok(Self {
            root,
            name,
            trigger,
            settings: periods.into_iter().chain(others).flatten().collect(),
        })
    }
}

impl Trigger {
    pub(super) fn tokens(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Every(period) => {
                let period = period.tokens(private);
                quote!(#private::Trigger::Every(#period))
            }
            Self::Delay(pause) => {
                let pause = pause.tokens(private);
                quote!(#private::Trigger::Delay(#pause))
            }
            Self::Cron(expression, zone) => {
                // The macro may be an error of its own, which points at its first token.
                let span = generated_at(expression.span());
                let private = private.clone().into_iter().map(|mut token| {
                    token.set_span(span);
                    token
                });
                let private: TokenStream = private.collect();
                quote_spanned!(span=> #private::cron_trigger!(#expression, #zone))
            }
        }
    }
}

impl Period {
    fn tokens(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Fixed(duration) => {
                // A duration of the attribute was counted in milliseconds of a `u64`.
                let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                quote!(#private::Period::Fixed(::core::time::Duration::from_millis(#millis)))
            }
            Self::Configured(text) => quote!(#private::Period::Configured(#text)),
        }
    }
}

impl Setting {
    pub(super) fn tokens(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Period(method, period) => {
                let method = Ident::new(method, Span::call_site());
                let period = period.tokens(private);
                quote!(.#method(#period))
            }
            Self::Skip => quote!(.overlap(#private::Overlap::Skip)),
            Self::Queue => quote!(.overlap(#private::Overlap::Queue)),
            Self::Allow(max) => quote!(.overlap(#private::Overlap::Allow { max_concurrent: #max })),
            Self::Enabled(text) => quote!(.enabled(#text)),
            Self::Singleton => quote!(.singleton()),
        }
    }
}

fn name(arguments: &Arguments) -> Result<Option<LitStr>> {
    let Some(name) = arguments.text("name", "name = \"nightly-report\"")? else {
        return Ok(None);
    };
    if name.value().trim().is_empty() {
        return Err(Error::new(name.span(), "a name has at least one character"));
    }
    Ok(Some(name))
}

fn trigger(arguments: &Arguments) -> Result<Trigger> {
    let (periods, cron) = both(
        both(
            duration(arguments, "every", "1m", true),
            duration(arguments, "delay", "30s", true),
        ),
        cron_expression(arguments),
    )?;
    match (periods, cron) {
        ((Some(period), None), None) => Ok(Trigger::Every(period)),
        ((None, Some(pause)), None) => Ok(Trigger::Delay(pause)),
        ((None, None), Some((expression, zone))) => Ok(Trigger::Cron(expression, zone)),
        ((None, None), None) => Err(Error::new(
            Span::call_site(),
            "when does it run? Write `#[scheduled(every = \"1m\")]`, `delay = \"30s\"` to count from the end of a run, or `cron = \"0 3 * * *\"`",
        )),
        ((Some(_), Some(_)), _) => Err(at(
            arguments,
            "delay",
            "`every` counts from start to start, `delay` from end to start: write one of them",
        )),
        _ => Err(at(
            arguments,
            "cron",
            "`cron` says when a task runs, and so does the other one: write one of them",
        )),
    }
}

fn cron_expression(arguments: &Arguments) -> Result<Option<(LitStr, LitStr)>> {
    let checked =
        |name: &str, example: &str, check: fn(&str) -> std::result::Result<(), String>| {
            let Some(text) = arguments.text(name, example)? else {
                return Ok(None);
            };
            let value = text.value();
            let written = match reference::read(&value) {
                None => Some(value.as_str()),
                Some(Ok(default)) => default,
                Some(Err(message)) => return Err(Error::new(text.span(), message)),
            };
            match written.map(check) {
                Some(Err(message)) => Err(Error::new(text.span(), message)),
                _ => Ok(Some(text)),
            }
        };
    let (cron, zone) = both(
        checked("cron", "cron = \"0 3 * * *\"", cron::check),
        checked("zone", "zone = \"Europe/Berlin\"", cron::check_zone),
    )?;
    Ok(cron.map(|cron| {
        let zone = zone.unwrap_or_else(|| LitStr::new("UTC", cron.span()));
        (cron, zone)
    }))
}

/// Arguments that mean nothing beside the trigger that there is.
fn misplaced(arguments: &Arguments) -> Result<()> {
    let has = |name| arguments.get(name).is_some();
    let mut mistakes = Vec::new();
    let mut refuse = |name: &str, message: &str| mistakes.push(Err(at(arguments, name, message)));
    if has("zone") && !has("cron") {
        refuse("zone", "`zone` goes with `cron`");
    }
    if has("initial_delay") && has("cron") {
        refuse(
            "initial_delay",
            "`cron` names its times; there is no delay before the first",
        );
    }
    if has("overlap") && has("delay") {
        refuse(
            "overlap",
            "with `delay` the next run comes after the last one ended: they never overlap",
        );
    }
    all(mistakes).map(|_: Vec<()>| ())
}

fn overlap(arguments: &Arguments) -> Result<Option<Setting>> {
    const MAX: &str = "max_concurrent = 4";
    let policy = arguments.text("overlap", "overlap = \"queue\"");
    let (policy, max) = both(policy, arguments.integer("max_concurrent", MAX))?;
    let policy = policy.map(|text| (text.value(), text.span()));
    match (policy.as_ref().map(|(text, _)| text.as_str()), max) {
        (Some("allow"), Some((0, span))) => Err(Error::new(
            span,
            format!("at least one may run: write `{MAX}`"),
        )),
        (Some("allow"), Some((max, _))) => Ok(Some(Setting::Allow(max))),
        (Some("allow"), None) => Err(at(
            arguments,
            "overlap",
            &format!("how many may run at a time? Write `overlap = \"allow\", {MAX}`"),
        )),
        (_, Some(_)) => Err(at(
            arguments,
            "max_concurrent",
            "`max_concurrent` goes with `overlap = \"allow\"`",
        )),
        (Some("skip"), None) => Ok(Some(Setting::Skip)),
        (Some("queue"), None) => Ok(Some(Setting::Queue)),
        (Some(other), None) => Err(Error::new(
            policy
                .as_ref()
                .map_or_else(Span::call_site, |(_, span)| *span),
            format!("`{other}` is no way to overlap: write \"skip\", \"queue\" or \"allow\""),
        )),
        (None, None) => Ok(None),
    }
}

fn enabled(arguments: &Arguments) -> Result<Option<Setting>> {
    const EXAMPLE: &str = "enabled = \"${cleanup.enabled:-true}\"";
    let Some(text) = arguments.text("enabled", EXAMPLE)? else {
        return Ok(None);
    };
    match reference::read(&text.value()) {
        Some(Ok(None | Some("true" | "false"))) => Ok(Some(Setting::Enabled(text))),
        Some(Err(message)) => Err(Error::new(text.span(), message)),
        Some(Ok(Some(_))) | None => Err(Error::new(
            text.span(),
            format!("`enabled` names a key that is true or false: write `{EXAMPLE}`"),
        )),
    }
}

fn singleton(arguments: &Arguments) -> Result<Option<Setting>> {
    let flag = arguments.flag("singleton")?;
    Ok(flag.map(|_| Setting::Singleton))
}

fn setting(
    arguments: &Arguments,
    name: &'static str,
    example: &str,
    positive: bool,
) -> Result<Option<Setting>> {
    let period = duration(arguments, name, example, positive)?;
    Ok(period.map(|period| Setting::Period(name, period)))
}

fn duration(
    arguments: &Arguments,
    name: &str,
    example: &str,
    positive: bool,
) -> Result<Option<Period>> {
    let example = format!("{name} = \"{example}\"");
    let Some(text) = arguments.text(name, &example)? else {
        return Ok(None);
    };
    let value = text.value();
    let (written, configured) = match reference::read(&value) {
        None => (Some(value.as_str()), false),
        Some(Ok(default)) => (default, true),
        Some(Err(message)) => return Err(Error::new(text.span(), message)),
    };
    match written.map(period::parse) {
        Some(Err(message)) => Err(Error::new(text.span(), message)),
        Some(Ok(duration)) if positive && duration.is_zero() => Err(Error::new(
            text.span(),
            format!("`{name}` has to be longer than nothing: write `{example}`"),
        )),
        Some(Ok(duration)) if !configured => Ok(Some(Period::Fixed(duration))),
        _ => Ok(Some(Period::Configured(text))),
    }
}

fn at(arguments: &Arguments, name: &str, message: &str) -> Error {
    let span = arguments
        .get(name)
        .map_or_else(Span::call_site, |argument| argument.name.span());
    Error::new(span, message)
}
