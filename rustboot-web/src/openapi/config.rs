//! `[openapi]`.

use http::Uri;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// What the document says of the whole service, and whether it is served.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct OpenApiConfig {
    /// Whether `/openapi.json` is served. `app openapi` prints the document either way.
    pub enabled: bool,
    /// Whether Swagger UI is served at `/docs`.
    pub ui: bool,
    /// The name of the API. `None`: that of the application.
    pub title: Option<String>,
    /// Its version. `None`: that of the application.
    pub version: Option<String>,
    /// What it is, in Markdown.
    pub description: Option<String>,
    /// Where it is: URLs, absolute or relative to the document. None: the host that the document came from.
    pub servers: Vec<String>,
}

impl Describe for OpenApiConfig {
    fn fields() -> Vec<Field> {
        vec![
            // What it says can be found out by asking, too; a service that hides its API says so.
            Field::new(
                "enabled",
                "bool",
                "Whether /openapi.json is served; `app openapi` prints the document either way.",
            )
            .typed::<bool>()
            .restart()
            .default_text("true"),
            // Its page lets anybody who finds it try every route.
            Field::new(
                "ui",
                "bool",
                "Whether Swagger UI is served at /docs, on the main listener. Only in dev unless it is set.",
            )
            .typed::<bool>()
            .restart()
            .default_by_profile("true", "false"),
            Field::new(
                "title",
                "Option<String>",
                "The name of the API in the document. Unset: that of the application.",
            )
            .typed::<Option<String>>()
            .restart()
            .optional(true),
            Field::new(
                "version",
                "Option<String>",
                "The version of the API in the document. Unset: that of the application.",
            )
            .typed::<Option<String>>()
            .restart()
            .optional(true),
            Field::new(
                "description",
                "Option<String>",
                "What the API is, in Markdown.",
            )
            .typed::<Option<String>>()
            .restart()
            .optional(true),
            Field::new(
                "servers",
                "Vec<String>",
                "Where the API is: https://api.example/v1, or a path such as /v1. None: the root of the host that the document came from.",
            )
            .typed::<Vec<String>>()
            .restart()
            .default_list(&[]),
        ]
    }
}

impl Properties for OpenApiConfig {
    const PREFIX: &'static str = "openapi";
    const NAME: &'static str = "OpenApiConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        for (key, value) in [("title", &self.title), ("version", &self.version)] {
            if value.as_ref().is_some_and(|text| text.trim().is_empty()) {
                problems.push((key.to_owned(), "expected some text, or nothing".to_owned()));
            }
        }
        for server in &self.servers {
            let is_url = server.parse::<Uri>().is_ok_and(|uri| {
                let is_absolute = matches!(uri.scheme_str(), Some("http" | "https"));
                uri.query().is_none() && (is_absolute || server.starts_with('/'))
            });
            if !is_url {
                problems.push((
                    "servers".to_owned(),
                    format!("expected a URL such as https://api.example/v1, or a path such as /v1, found {server:?}"),
                ));
            }
        }
    }
}
