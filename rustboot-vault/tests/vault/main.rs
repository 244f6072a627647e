//! Secrets from a Vault: a double that speaks its protocol over real sockets, and a start that needs what it has.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "runs only in tests, where a panic is the report and the runtime ends what was spawned"
)]

mod double;
mod failing;
mod logging_in;
mod settings;
mod tls;
mod trace;

use std::path::Path;

use rustboot_core::app::{AppInfo, Assembly, Module};
use rustboot_core::config::{Arguments, Describe, Field, Properties, Sources};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, Config, Result, Secret};
use rustboot_vault::VaultModule;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use double::{Double, State};

/// What must be nowhere but in the configuration.
const CANARY: &str = "canary7f3a9";
const TOKEN: &str = "hvs.canary7f3a9-token";

#[derive(Debug, Clone, Deserialize)]
struct Shop {
    api_key: Secret<String>,
    pin: Option<Secret<u32>>,
}

impl Describe for Shop {
    fn fields() -> Vec<Field> {
        vec![
            Field::new("api_key", "Secret<String>", "")
                .typed::<Secret<String>>()
                .secret(true),
            Field::new("pin", "Option<Secret<u32>>", "")
                .typed::<Option<Secret<u32>>>()
                .optional(true)
                .secret(true),
        ]
    }
}

impl Properties for Shop {
    const PREFIX: &'static str = "shop";
    const NAME: &'static str = "Shop";
    const LOCATION: Location = Location::new("src/main.rs", 7);
}

/// The application's own part: it cannot do without its section. It comes before the Vault, as user code does.
struct NeedsShop;

impl Module for NeedsShop {
    fn name(&self) -> &str {
        "needs shop"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.config::<Shop>().map(drop)
    }
}

/// A folder with files, variables, and a command line.
struct World {
    dir: TempDir,
    sources: Sources,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut sources = Sources::empty(dir.path());
        let secrets = dir.path().join("secrets").display().to_string();
        sources
            .environment
            .push(("RUSTBOOT_SECRETS_DIR".to_owned(), secrets));
        Self { dir, sources }
    }

    /// The usual way: an address and a token from the environment, paths from a file.
    fn with_token(double: &Double) -> Self {
        Self::at(double).env("VAULT_TOKEN", TOKEN)
    }

    fn at(double: &Double) -> Self {
        Self::new().env("VAULT_ADDR", &double.address).file(
            "config/app.toml",
            "[vault]\npaths = [\"shop\"]\ntimeout = \"5s\"\n",
        )
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources
            .environment
            .push((name.to_owned(), value.to_owned()));
        self
    }

    fn args(mut self, args: &[&str]) -> Self {
        self.sources.arguments = Arguments::parse(args.iter().copied());
        self
    }

    fn file(self, name: &str, text: &str) -> Self {
        write(self.dir.path(), name, text);
        self
    }

    async fn assemble(&self) -> std::result::Result<Assembly, (u8, String)> {
        let mut builder = AppBuilder::new(AppInfo::new("shop", "1.0.0"));
        builder
            .sources(self.sources.clone())
            .without_collected_items()
            .module(NeedsShop)
            .module(VaultModule);
        let assembled = builder.assemble().await;
        assembled.map_err(|error| (error.exit_code(), error.to_string()))
    }

    /// Exit code and report of a start that fails.
    async fn failure(&self) -> (u8, String) {
        let (code, text) = self.assemble().await.unwrap_err();
        assert!(!text.contains(CANARY), "{text}");
        (code, text)
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn shop(assembly: &Assembly) -> Config<Shop> {
    assembly.context().config::<Shop>().unwrap()
}

/// One document, and who may read it.
fn stocked() -> State {
    let mut state = State::default();
    state.documents.insert(
        "secret/data/shop".to_owned(),
        json!({ "shop__api_key": CANARY }),
    );
    state.tokens.push(TOKEN.to_owned());
    state
}
