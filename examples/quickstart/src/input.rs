//! What clients may send, and the rules for it. Every broken rule is one entry in `errors` of the answer.

use std::time::Duration;

use garde::Validate;
use rustboot::axum::http::Uri;
use schemars::JsonSchema;
use serde::Deserialize;

/// A link to make.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
pub(crate) struct NewLink {
    #[garde(custom(web_address))]
    pub(crate) url: String,
    #[garde(inner(custom(usable_code)))]
    pub(crate) code: Option<String>,
    /// How long it lives: `90s`, `1h`, `7d`.
    #[garde(inner(custom(lifetime)))]
    ttl: Option<String>,
}

impl NewLink {
    pub(crate) fn ttl(&self) -> Option<Duration> {
        parse_lifetime(self.ttl.as_deref()?)
    }
}

/// A page of the list.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
pub(crate) struct Page {
    #[serde(default = "twenty")]
    #[garde(range(min = 1, max = 100))]
    pub(crate) limit: u32,
    /// The last code of the page before.
    #[garde(skip)]
    pub(crate) after: Option<String>,
}

fn twenty() -> u32 {
    20
}

const LONGEST_URL: usize = 2048;

/// Paths that are something else already.
const RESERVED: [&str; 14] = [
    "api",
    "components",
    "conditions",
    "docs",
    "env",
    "health",
    "info",
    "live",
    "loggers",
    "metrics",
    "ready",
    "routes",
    "startup",
    "tasks",
];

fn web_address(url: &str, _: &()) -> garde::Result {
    if url.chars().count() > LONGEST_URL {
        return Err(garde::Error::new(format!(
            "is longer than {LONGEST_URL} characters"
        )));
    }
    let address = url.parse::<Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    });
    match address {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("is not an http or https address")),
    }
}

fn usable_code(code: &str, _: &()) -> garde::Result {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !(3..=32).contains(&code.len()) || !code.chars().all(allowed) {
        return Err(garde::Error::new(
            "is not 3 to 32 letters, digits, `_` or `-`",
        ));
    }
    if RESERVED.contains(&code) {
        return Err(garde::Error::new("is reserved"));
    }
    Ok(())
}

fn lifetime(ttl: &str, _: &()) -> garde::Result {
    match parse_lifetime(ttl) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new(
            "is not a time such as 90s, 1h or 7d, of at most 100 years",
        )),
    }
}

fn parse_lifetime(ttl: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);
    let ttl = match ttl
        .strip_suffix('d')
        .and_then(|days| days.parse::<u32>().ok())
    {
        Some(days) => Duration::from_secs(u64::from(days) * 86_400),
        None => ttl.parse::<jiff::SignedDuration>().ok()?.try_into().ok()?,
    };
    (!ttl.is_zero() && ttl <= LONGEST).then_some(ttl)
}
