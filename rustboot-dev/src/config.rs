//! `[dev_services]`.

use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// What is started for an application while it is developed.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DevServicesConfig {
    /// Whether servers are started that are needed and not configured. Default true in dev; nothing is started in any other profile.
    pub enabled: bool,
    /// Where the data is kept, relative to the folder of the application. Default: `rustboot` in the folder that cargo builds into.
    pub folder: Option<String>,
    /// Whether a Docker engine is used for what is not installed. Default true.
    pub docker: bool,
    /// The image for PostgreSQL in a container. Default `postgres:17`.
    pub postgres_image: String,
    /// The image for Redis in a container. Default `redis:7`.
    pub redis_image: String,
}

impl Default for DevServicesConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            folder: None,
            docker: true,
            postgres_image: "postgres:17".to_owned(),
            redis_image: "redis:7".to_owned(),
        }
    }
}

impl Describe for DevServicesConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "enabled",
                "bool",
                "Whether PostgreSQL and Redis are started that are needed and have no URL. Only in the profile dev.",
            )
            .typed::<bool>()
            .restart()
            .default_by_profile("true", "false"),
            Field::new(
                "folder",
                "String",
                "Where the data is kept. Without it, `rustboot` in the folder that cargo builds into.",
            )
            .typed::<String>()
            .optional(true)
            .restart(),
            Field::new(
                "docker",
                "bool",
                "Whether a Docker engine is used for what is not installed.",
            )
            .typed::<bool>()
            .restart()
            .default_text("true"),
            Field::new(
                "postgres_image",
                "String",
                "The image for PostgreSQL in a container.",
            )
            .typed::<String>()
            .restart()
            .default_text("postgres:17"),
            Field::new("redis_image", "String", "The image for Redis in a container.")
                .typed::<String>()
                .restart()
                .default_text("redis:7"),
        ]
    }
}

impl Properties for DevServicesConfig {
    const PREFIX: &'static str = "dev_services";
    const NAME: &'static str = "DevServicesConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}
