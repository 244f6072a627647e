//! What clients may send, and the rules for it. Every broken rule is one entry in `errors` of the answer. Rules that are code have
//! their twin for the OpenAPI document beside them: a client that keeps to the document is not refused.

use std::time::Duration;

use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

/// A link to make.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
pub(crate) struct NewLink {
    /// Where it leads.
    #[garde(length(chars, max = 2048), custom(web_address))]
    #[schemars(regex(pattern = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$"))]
    pub(crate) url: String,
    /// What the short URL ends with. Without one, one is made.
    #[garde(inner(custom(usable_code)))]
    #[schemars(regex(pattern = "^[A-Za-z0-9_-]{3,32}$"), extend("not" = {"enum": RESERVED}))]
    pub(crate) code: Option<String>,
    /// How long it lives: `90s`, `1h`, `7d`. Without it, for good.
    #[garde(inner(custom(lifetime)))]
    #[schemars(regex(pattern = "^[1-9][0-9]{0,3}(ms|s|m|h|d)$"))]
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
    /// How many links at most.
    #[serde(default = "twenty")]
    #[garde(range(min = 1, max = 100))]
    pub(crate) limit: u32,
    /// The `next` of the page before.
    #[garde(skip)]
    pub(crate) after: Option<i64>,
}

fn twenty() -> u32 {
    20
}

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
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let is_address = rest.is_some_and(|rest| {
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        let of_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        !host.is_empty()
            && host.chars().all(of_host)
            && (1..=5).contains(&port.len())
            && port.chars().all(|c| c.is_ascii_digit())
            && path.chars().all(|c| c.is_ascii_graphic())
    });
    match is_address {
        true => Ok(()),
        false => Err(garde::Error::new("is not an http or https address")),
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
            "is not a time such as 90s, 1h or 7d, of at most four digits",
        )),
    }
}

fn parse_lifetime(ttl: &str) -> Option<Duration> {
    let (number, unit) = ttl.split_at(ttl.find(|c: char| !c.is_ascii_digit())?);
    let is_number = (1..=4).contains(&number.len()) && !number.starts_with('0');
    let number: u64 = is_number.then(|| number.parse().ok())??;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        "d" => 86_400 * 1000,
        _ => return None,
    };
    Some(Duration::from_millis(number * milliseconds))
}
