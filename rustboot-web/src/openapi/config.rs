//! `[openapi]`.

use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// Whether the document is served.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct OpenApiConfig {
    /// Whether `/openapi.json` is served. `app openapi` prints the document either way.
    pub enabled: bool,
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
        ]
    }
}

impl Properties for OpenApiConfig {
    const PREFIX: &'static str = "openapi";
    const NAME: &'static str = "OpenApiConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}
