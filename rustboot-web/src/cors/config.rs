//! `[server.cors]`.

use std::time::Duration;

use http::{HeaderName, Method};
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

use crate::origin::AllowedOrigin;

/// Which pages of other origins may use this service. Off until there is an origin. It is for the routes of the application on
/// its main listener; management endpoints are for no pages.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CorsConfig {
    /// Origins whose pages may read answers: `https://app.example`, or `*` for all.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// The same by pattern: `https://*.app.example`, `http://localhost:[*]`.
    pub allowed_origin_patterns: Vec<AllowedOrigin>,
    /// Methods that they may use; `*` for all.
    pub allowed_methods: Vec<String>,
    /// Headers that they may send; `*` for all. Some need no permission: `accept`, and `content-type` as a form has it.
    pub allowed_headers: Vec<String>,
    /// Headers of an answer that they may read, besides the few that they always may; `*` for all.
    pub exposed_headers: Vec<String>,
    /// Whether a browser may send cookies and HTTP authentication, and let the page read the answer.
    pub allow_credentials: bool,
    /// For how long a browser may remember the answer to a preflight. Browsers have limits of their own, of two hours and less.
    pub max_age: Duration,
}

impl CorsConfig {
    /// Whether any page may do anything.
    pub(super) fn is_on(&self) -> bool {
        !(self.allowed_origins.is_empty() && self.allowed_origin_patterns.is_empty())
    }
}

/// What stands for everything.
pub(super) const ALL: &str = "*";

impl Describe for CorsConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "allowed_origins",
                "Vec<AllowedOrigin>",
                "Origins whose pages may read answers, such as https://app.example, or * for all. None: CORS is off.",
            )
            .typed::<Vec<AllowedOrigin>>()
            .restart()
            .default_list(&[]),
            Field::new(
                "allowed_origin_patterns",
                "Vec<AllowedOrigin>",
                "More of them by pattern: https://*.app.example, http://localhost:[3000,3001] or http://localhost:[*].",
            )
            .typed::<Vec<AllowedOrigin>>()
            .restart()
            .default_list(&[]),
            // Methods, headers and time are those of Spring's `applyPermitDefaultValues`.
            Field::new(
                "allowed_methods",
                "Vec<String>",
                "Methods that these pages may use; * for all.",
            )
            .typed::<Vec<String>>()
            .restart()
            .default_list(&["GET", "HEAD", "POST"]),
            Field::new(
                "allowed_headers",
                "Vec<String>",
                "Headers that these pages may send; * for all.",
            )
            .typed::<Vec<String>>()
            .restart()
            .default_list(&[ALL]),
            Field::new(
                "exposed_headers",
                "Vec<String>",
                "Headers of an answer that these pages may read, such as x-request-id; * for all.",
            )
            .typed::<Vec<String>>()
            .restart()
            .default_list(&[]),
            Field::new(
                "allow_credentials",
                "bool",
                "Whether a browser may send cookies and HTTP authentication. The origins have to be named then.",
            )
            .typed::<bool>()
            .restart()
            .default_text("false"),
            Field::new(
                "max_age",
                "Duration",
                "For how long a browser may remember the answer to a preflight.",
            )
            .typed::<Duration>()
            .restart()
            .default_text("30m"),
        ]
    }
}

impl Properties for CorsConfig {
    const PREFIX: &'static str = "server.cors";
    const NAME: &'static str = "CorsConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem = |key: &str, text: String| problems.push((key.to_owned(), text));
        for entry in &self.allowed_origins {
            if !entry.is_any() && !entry.is_one() {
                problem(
                    "allowed_origins",
                    format!("{entry} is a pattern; patterns go into allowed_origin_patterns"),
                );
            }
        }
        if self.allow_credentials {
            // Every site that a user has open could act as that user and read the answers; browsers refuse the `*` itself, and
            // to send back whatever origin asks instead would be the same hole without the guard.
            for (key, origins) in [
                ("allowed_origins", &self.allowed_origins),
                ("allowed_origin_patterns", &self.allowed_origin_patterns),
            ] {
                if origins.iter().any(AllowedOrigin::is_any) {
                    problem(
                        key,
                        "* cannot go with allow_credentials = true: name the origins that may send credentials".to_owned(),
                    );
                }
            }
            if self.exposed_headers.iter().any(|name| name == ALL) {
                problem(
                    "exposed_headers",
                    "* means nothing to a browser with allow_credentials = true: name the headers"
                        .to_owned(),
                );
            }
        }
        for name in &self.allowed_methods {
            if name != ALL && Method::from_bytes(name.as_bytes()).is_err() {
                problem(
                    "allowed_methods",
                    format!("expected a method such as PUT, or *, found {name:?}"),
                );
            }
        }
        for (key, names) in [
            ("allowed_headers", &self.allowed_headers),
            ("exposed_headers", &self.exposed_headers),
        ] {
            for name in names {
                if name != ALL && HeaderName::from_bytes(name.as_bytes()).is_err() {
                    problem(
                        key,
                        format!("expected the name of a header, or *, found {name:?}"),
                    );
                }
            }
        }
    }
}
