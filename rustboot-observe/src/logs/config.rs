//! The `[log]` section as plain data. Reading it from files and variables is the configuration's business.

use serde::Deserialize;

/// The `[log]` section. Every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// What is logged, in `RUST_LOG` syntax: `info`, `info,sqlx=warn,my_app::billing=debug`. Default `info`; an empty
    /// text means the default too.
    pub level: String,
    /// How lines look. Default: `pretty` in dev, `json` otherwise; see [`LogConfig::format_for`].
    pub format: Option<LogFormat>,
    /// Whether each request is logged (target `access`, level INFO). Default true.
    pub access: bool,
}

impl LogConfig {
    /// The configured format, or else the default of the profile.
    pub fn format_for(&self, dev: bool) -> LogFormat {
        self.format.unwrap_or(if dev {
            LogFormat::Pretty
        } else {
            LogFormat::Json
        })
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: None,
            access: true,
        }
    }
}

/// How a log line looks. In configuration the name is in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: short time (UTC), coloured on a terminal.
    Pretty,
    /// One JSON object a line.
    Json,
    /// One plain line.
    Compact,
    /// `key=value` pairs, one line.
    Logfmt,
}
