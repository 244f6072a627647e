//! Configuration: layers of values, each knowing where it came from, bound to structs when the application starts.
//!
//! Lowest to highest; maps merge key by key, anything else replaces:
//!
//! | layer | where | code |
//! |---|---|---|
//! | defaults | `#[config(default = …)]`, [`AppBuilder::default_value`](crate::app::AppBuilder::default_value) | `layer` |
//! | `config/app.toml`, then `config/app.{profile}.toml` | files | `file` |
//! | `.env`, then `.env.{profile}` | files of variables | `dotenv` |
//! | environment | `APP_SERVER__PORT`, and well-known names such as `PORT` | `env` |
//! | secrets | `/run/secrets`, `NAME_FILE` variables | `secrets` |
//! | secrets | stores that are asked: Vault | `secret_source` |
//! | command line | `--set key=value`, `--server.port=9090` | `args` |
//! | overrides in code | tests, and servers that were started for the application (`app::services`) | `layer` |
//!
//! figment merges the layers and remembers which one a value came from; `bind` turns the result into structs and collects
//! every problem instead of stopping at the first. A reload does all of it again beside what is there (`reload`), and puts the
//! sections that changed into their cells (`live`). `print` and `reference` write it down for people: effective values with their
//! origin and without secrets (`mask`), a JSON Schema, a default file.
//!
//! What it will not do: change the process environment, expand placeholders in the text of a file (a value must never change
//! the structure), print a secret.

pub(crate) mod args;
pub(crate) mod bind;
mod dotenv;
mod env;
mod file;
pub(crate) mod layer;
mod live;
pub(crate) mod load;
pub(crate) mod mask;
mod nearest;
mod origin;
mod placeholder;
pub(crate) mod print;
pub(crate) mod profile;
mod properties;
pub(crate) mod reference;
pub(crate) mod reload;
pub(crate) mod secret_source;
mod secrets;
pub(crate) mod settings;
mod shape;
mod size;
#[cfg(test)]
mod tests;

pub use args::Arguments;
pub use bind::parse_duration;
pub use live::Config;
pub(crate) use live::ConfigCell;
pub use load::Sources;
pub(crate) use nearest::nearest;
pub use origin::Origin;
pub use profile::Profile;
pub use properties::{ConfigDef, DefaultValue, Describe, Field, Properties};
pub use reload::ConfigChange;
pub use secret_source::{SecretSource, SecretValues};
pub use shape::Shape;
pub use size::ByteSize;
