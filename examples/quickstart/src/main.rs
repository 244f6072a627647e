//! A link shortener: the first example to read.
//!
//! - this file: the application, its configuration, what it does on its own
//! - `links.rs`: a component that keeps links in SQLite, or with the feature `postgres` in PostgreSQL; redirects are cached
//! - `api.rs`: the handlers
//! - `tests.rs`: what is expected of it, with the test kit
//! - `migrations/`: its tables, `config/`: its settings
//!
//! `make run` starts it; `curl localhost:8080/health` looks at it.

mod api;
mod input;
mod links;
#[cfg(test)]
mod tests;

use rustboot::prelude::*;

use links::{Db, Links};

#[rustboot::app]
async fn main() {}

/// What can be set under `[links]`.
#[config(prefix = "links")]
struct LinksConfig {
    /// How many characters a generated code has.
    #[config(default = 7)]
    code_length: usize,
    /// What short URLs start with, such as `https://sho.rt`. Unset: the address that the client used.
    public_url: Option<String>,
}

#[component]
async fn links(db: Db, cache: Cache, config: Config<LinksConfig>) -> Links {
    Links::new(db, cache, config)
}

/// Hits are counted in memory, so that a redirect waits for no disk.
#[scheduled(every = "1s")]
async fn write_hits(links: Inject<Links>) -> Result<()> {
    links.write_hits().await
}

/// By now the last request is answered, and the database is still there.
#[on_stop]
async fn write_last_hits(links: Inject<Links>) -> Result<()> {
    links.write_hits().await
}
