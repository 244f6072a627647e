//! Which events are logged: reading `RUST_LOG` syntax, strictly.
//!
//! `EnvFilter` takes a misspelt level (`inof`) for the name of a module and then logs nothing. Here that is an error.

use std::error::Error;
use std::fmt;

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{Directive, LevelFilter, Targets};

/// Used where the text is blank.
const DEFAULT: &str = "info";
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
/// What other logging systems call their levels.
const FOREIGN: [(&str, &str); 7] = [
    ("warning", "warn"),
    ("err", "error"),
    ("fatal", "error"),
    ("critical", "error"),
    ("information", "info"),
    ("notice", "info"),
    ("verbose", "debug"),
];

/// A directive of a log filter that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFilter {
    directive: String,
    reason: String,
}

impl InvalidFilter {
    /// The directive, as it was written.
    pub fn directive(&self) -> &str {
        &self.directive
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for InvalidFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid log filter directive `{}`: {}",
            self.directive, self.reason
        )
    }
}

impl Error for InvalidFilter {}

/// A filter that was read.
pub(super) struct Filter {
    /// The directives, tidied up.
    pub(super) text: String,
    pub(super) env: EnvFilter,
    /// The same without the directives about spans, to ask about a target that no event has yet.
    targets: Targets,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidFilter> {
        let mut directives: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|directive| !directive.is_empty())
            .collect();
        if directives.is_empty() {
            directives.push(DEFAULT);
        }
        // Without a level for everything else, everything else is off, as RUST_LOG has it.
        let mut env = EnvFilter::builder()
            .with_default_directive(LevelFilter::OFF.into())
            .parse_lossy("");
        let mut plain: Vec<&str> = Vec::new();
        for directive in &directives {
            env = env.add_directive(parse_directive(directive)?);
            if directive.parse::<Targets>().is_ok() {
                plain.push(directive);
            }
        }
        // Each was read before, so the default is for "none of them".
        let targets = plain.join(",").parse().unwrap_or_default();
        Ok(Self {
            text: directives.join(","),
            env,
            targets,
        })
    }

    /// Whether events of `target` at `level` pass, outside of any span.
    pub(super) fn would_enable(&self, target: &str, level: Level) -> bool {
        self.targets.would_enable(target, &level)
    }
}

/// Whether a text is a filter.
///
/// # Errors
/// The first directive that cannot be meant.
pub(crate) fn check(text: &str) -> Result<(), InvalidFilter> {
    Filter::parse(text).map(drop)
}

fn parse_directive(directive: &str) -> Result<Directive, InvalidFilter> {
    let invalid = |reason: String| InvalidFilter {
        directive: directive.to_owned(),
        reason,
    };
    if let Some(level) = meant_level(directive) {
        return Err(invalid(format!(
            "did you mean `{level}`? (for a target of that name, write `{directive}=trace`)"
        )));
    }
    directive
        .parse()
        .map_err(|error: tracing_subscriber::filter::ParseError| {
            let level = directive
                .rsplit_once('=')
                .and_then(|(_, level)| meant_level(level.trim()));
            match level {
                Some(level) => invalid(format!("did you mean `{level}`?")),
                None => invalid(format!("{error}; expected `level` or `target=level`")),
            }
        })
}

/// The level that a bare word is a misspelling of.
fn meant_level(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    if LEVELS.contains(&word.as_str()) {
        return None;
    }
    let foreign = FOREIGN
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, level)| *level);
    foreign.or_else(|| {
        LEVELS
            .into_iter()
            .find(|level| strsim::osa_distance(&word, level) == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> InvalidFilter {
        Filter::parse(text)
            .err()
            .unwrap_or_else(|| panic!("{text:?} was accepted"))
    }

    #[test]
    fn reads_rust_log_syntax() {
        let filter = Filter::parse(" info , hyper=warn,,my_app::billing=debug").unwrap();
        assert_eq!(filter.text, "info,hyper=warn,my_app::billing=debug");
        assert!(filter.would_enable("access", Level::INFO));
        assert!(!filter.would_enable("access", Level::DEBUG));
        assert!(!filter.would_enable("hyper::proto", Level::INFO));
        assert!(filter.would_enable("my_app::billing", Level::DEBUG));
        for text in [
            "OFF",
            "my_app",
            "[span{id=1}]=trace,warn",
            "access=off,info",
            "3",
        ] {
            Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn blank_means_the_default() {
        for text in ["", " ", ","] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(filter.text, "info");
            assert!(filter.would_enable("anything", Level::INFO));
        }
    }

    #[test]
    fn what_is_not_named_is_off() {
        let filter = Filter::parse("my_app=debug").unwrap();
        assert!(!filter.would_enable("access", Level::ERROR));
        assert_eq!(filter.env.max_level_hint(), Some(LevelFilter::DEBUG));
    }

    #[test]
    fn a_misspelt_level_is_not_a_target() {
        assert_eq!(error("inof,hyper=warn").directive(), "inof");
        assert!(error("inof").to_string().contains("did you mean `info`?"));
        assert!(error("WARNING").reason().contains("`warn`"));
        assert!(
            error("info,hyper=inof")
                .to_string()
                .contains("`hyper=inof`: did you mean `info`?")
        );
        assert_eq!(error("info,hyper=loud").directive(), "hyper=loud");
    }
}
