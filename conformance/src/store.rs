//! A source of secrets as an application writes one: lines of `key value` in a file.

use rustboot::prelude::*;
use rustboot::tokio::task::spawn_blocking;
use rustboot::{ErrorKind, SecretSource, SecretValues};

pub(crate) struct Store(pub(crate) String);

impl SecretSource for Store {
    fn name(&self) -> &str {
        "store"
    }

    async fn fetch(&self) -> Result<SecretValues> {
        let path = self.0.clone();
        let text = spawn_blocking(move || std::fs::read_to_string(path)).await?;
        let text = text.map_err(|error| {
            Error::new(ErrorKind::Configuration, "its file cannot be read").with_source(error)
        })?;
        let mut values = SecretValues::default();
        for (line, entry) in text.lines().enumerate() {
            if let Some((key, value)) = entry.split_once(' ') {
                let place = format!("line {}", line + 1);
                values.set(key, place, Secret::new(value.to_owned()));
            }
        }
        Ok(values)
    }
}
