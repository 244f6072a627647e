//! What a test's applications logged.

use std::fmt;
use std::ops::Deref;

use rustboot_observe::Capture;
use serde_json::{Map, Value};

/// One line of the log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LogLine {
    /// When it was written (RFC 3339, UTC).
    pub timestamp: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// The module path, or what the event says: `access`, `panic`.
    pub target: String,
    /// The text.
    pub message: String,
    /// The id of the request that it belongs to.
    pub request_id: Option<String>,
    /// Its other fields.
    pub fields: Map<String, Value>,
}

impl LogLine {
    fn read(line: &str) -> Option<Self> {
        let Value::Object(mut fields) = serde_json::from_str(line).ok()? else {
            return None;
        };
        let mut take = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        Some(Self {
            timestamp: take("timestamp").unwrap_or_default(),
            level: take("level").unwrap_or_default(),
            target: take("target").unwrap_or_default(),
            message: take("message").unwrap_or_default(),
            request_id: take("request_id"),
            fields,
        })
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.target, self.message)?;
        for (name, value) in &self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

/// Lines of the log, in the order in which they were written. A slice of them, with ways to choose some.
#[derive(Debug, Clone, Default)]
pub struct Logs(Vec<LogLine>);

impl Logs {
    pub(crate) fn of(capture: &Capture) -> Self {
        let lines = capture.lines();
        Self(
            lines
                .iter()
                .filter_map(|line| LogLine::read(line))
                .collect(),
        )
    }

    /// Those for which something is true.
    #[must_use]
    pub fn such_that(self, is_true: impl Fn(&LogLine) -> bool) -> Self {
        Self(self.0.into_iter().filter(|line| is_true(line)).collect())
    }

    /// Those whose message contains a text.
    #[must_use]
    pub fn message(self, text: &str) -> Self {
        self.such_that(|line| line.message.contains(text))
    }

    /// Those of a level: `ERROR`.
    #[must_use]
    pub fn level(self, level: &str) -> Self {
        self.such_that(|line| line.level.eq_ignore_ascii_case(level))
    }

    /// Those whose target is this, or below it: `shop` has `shop::orders`.
    #[must_use]
    pub fn target(self, target: &str) -> Self {
        self.such_that(|line| {
            let rest = line.target.strip_prefix(target);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }

    /// Those of a request ([`TestResponse::request_id`](crate::TestResponse::request_id)).
    #[must_use]
    pub fn request(self, id: &str) -> Self {
        self.such_that(|line| line.request_id.as_deref() == Some(id))
    }

    /// Says that there is at least one, and gives the first.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn assert_any(&self) -> &LogLine {
        match self.0.first() {
            Some(line) => line,
            None => panic!("no such line was logged"),
        }
    }

    /// Says that there is none.
    ///
    /// # Panics
    /// When there is one; the message has them.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.0.is_empty(), "this was logged:\n{self}");
    }
}

impl Deref for Logs {
    type Target = [LogLine];

    fn deref(&self) -> &[LogLine] {
        &self.0
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
