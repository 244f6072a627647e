//! Configuration through the public door: sources in, structs or a report out.

mod binding;
mod cases;
mod layers;
mod reloading;
mod reporting;
mod sources;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::app::{AppBuilder, AppInfo, StartError};
use crate::config::{Arguments, ByteSize, Describe, Field, Properties, Sources};
use crate::report::Report;
use crate::secret::Secret;
use crate::source::Location;

/// A folder with files, a set of variables, a command line.
pub(super) struct World {
    dir: TempDir,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl World {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // No test may see what is in the machine's own /run/secrets.
        let secrets = dir.path().join("secrets");
        Self {
            environment: vec![("RUSTBOOT_SECRETS_DIR".into(), secrets.display().to_string())],
            dir,
            arguments: Vec::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn file(self, name: &str, text: &str) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(super) fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(super) fn builder(&self) -> AppBuilder {
        let mut sources = Sources::empty(self.dir.path());
        sources.environment = self.environment.clone();
        sources.arguments = Arguments::parse(self.arguments.clone());
        let mut builder = AppBuilder::new(AppInfo::new("test", "1.0.0"));
        builder.sources(sources).without_collected_items();
        builder
    }

    /// The bound section.
    pub(super) fn bind<T: Properties + Clone>(&self) -> T {
        match self.builder().config::<T>() {
            Ok(config) => T::clone(&config),
            Err(_) => panic!("{}", self.report::<T>()),
        }
    }

    /// The report of a start with that section.
    pub(super) fn report<T: Properties>(&self) -> Report {
        match self.assemble::<T>() {
            Err(StartError::Report(report)) => report,
            Err(other) => panic!("not a report: {other}"),
            Ok(_) => Report::default(),
        }
    }

    pub(super) fn assemble<T: Properties>(&self) -> Result<crate::app::Assembly, StartError> {
        let mut builder = self.builder();
        // Its error is in the report.
        let _reported = builder.config::<T>();
        futures_util::FutureExt::now_or_never(builder.assemble()).expect("nothing waits")
    }
}

/// One field of each kind.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Shop {
    pub(super) currency: String,
    pub(super) port: u16,
    pub(super) rate: f64,
    pub(super) open: bool,
    pub(super) hold: Duration,
    pub(super) upload: ByteSize,
    pub(super) region: Option<String>,
    pub(super) workers: Option<u8>,
    pub(super) payments: Vec<String>,
    pub(super) sizes: Vec<u32>,
    pub(super) labels: HashMap<String, String>,
    pub(super) mode: Mode,
    pub(super) delivery: Delivery,
    pub(super) api_key: Secret<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    Open,
    ByInvitation,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Delivery {
    pub(super) radius: u32,
    #[serde(rename = "carrier-name")]
    pub(super) carrier: Option<String>,
}

impl Describe for Delivery {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("radius", "u32", "Kilometres.")
                .typed::<u32>()
                .default_text("10"),
            Field::new("carrier-name", "Option<String>", "Who drives.")
                .typed::<Option<String>>()
                .optional(true),
        ]
    }
}

impl Describe for Shop {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("currency", "String", "")
                .typed::<String>()
                .default_text("EUR"),
            Field::new("port", "u16", "")
                .typed::<u16>()
                .default_text("1"),
            Field::new("rate", "f64", "")
                .typed::<f64>()
                .default_text("0.5"),
            Field::new("open", "bool", "")
                .typed::<bool>()
                .default_text("true"),
            Field::new("hold", "Duration", "")
                .typed::<Duration>()
                .default_text("30s"),
            Field::new("upload", "ByteSize", "")
                .typed::<ByteSize>()
                .default_text("1MiB"),
            Field::new("region", "Option<String>", "")
                .typed::<Option<String>>()
                .optional(true),
            Field::new("workers", "Option<u8>", "")
                .typed::<Option<u8>>()
                .optional(true),
            Field::new("payments", "Vec<String>", "")
                .typed::<Vec<String>>()
                .default_list(&["card", "cash"]),
            Field::new("sizes", "Vec<u32>", "")
                .typed::<Vec<u32>>()
                .default_list(&[]),
            Field::new("labels", "HashMap<String, String>", "")
                .typed::<HashMap<String, String>>()
                .optional(true),
            Field::new("mode", "Mode", "")
                .typed::<Mode>()
                .default_text("open"),
            Field::new("delivery", "Delivery", "")
                .typed::<Delivery>()
                .nested(Some(Delivery::fields)),
            Field::new("api_key", "Secret<String>", "")
                .typed::<Secret<String>>()
                .default_text("none")
                .secret(true),
        ]
    }
}

impl Properties for Shop {
    const PREFIX: &'static str = "shop";
    const NAME: &'static str = "Shop";
    const LOCATION: Location = Location::new("src/main.rs", 7);
}

/// What the contract's sample report is about.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "only bound")]
pub(super) struct Needy {
    pub(super) currency: String,
    pub(super) port: u16,
    pub(super) api_key: Secret<String>,
    pub(super) depth: Deep,
}

#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "only bound")]
pub(super) struct Deep {
    pub(super) level: u8,
}

impl Describe for Deep {
    fn fields() -> Vec<Field> {
        vec![Field::new("level", "u8", "").typed::<u8>()]
    }
}

impl Describe for Needy {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("currency", "String", "").typed::<String>(),
            Field::new("port", "u16", "")
                .typed::<u16>()
                .default_text("1"),
            Field::new("api_key", "Secret<String>", "")
                .typed::<Secret<String>>()
                .secret(true),
            Field::new("depth", "Deep", "")
                .typed::<Deep>()
                .nested(Some(Deep::fields)),
        ]
    }
}

impl Properties for Needy {
    const PREFIX: &'static str = "needy";
    const NAME: &'static str = "Needy";
    const LOCATION: Location = Location::new("src/main.rs", 7);
}
