//! Facts that take time to look up, behind a cache that all replicas share. The facts are files, so that a test and several
//! processes know the same ones; each look-up leaves a line.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use rustboot::prelude::*;
use rustboot::tokio::time::sleep;

#[config(prefix = "facts")]
struct Facts {
    /// Where the facts are.
    folder: Option<PathBuf>,
    /// How long a look-up takes.
    #[config(default = "5ms")]
    takes: Duration,
}

impl Facts {
    fn path(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.as_ref();
        let folder = folder.ok_or_else(|| Error::internal("facts.folder is not set"))?;
        Ok(folder.join(name))
    }
}

#[cached(key = "fact:{name}", ttl = "10m")]
async fn look_up(cache: &Cache, facts: &Config<Facts>, name: &str) -> Result<Option<String>> {
    let fact = fs::read_to_string(facts.path(name)?).ok();
    let path = facts.path("looked-up")?;
    let mut looked_up = OpenOptions::new().create(true).append(true).open(path)?;
    looked_up.write_all(format!("{name}\n").as_bytes())?;
    // What was read may be old by the time it is kept.
    sleep(facts.takes).await;
    Ok(fact)
}

#[get("/facts/{name}")]
async fn fact(cache: Cache, facts: Config<Facts>, Path(name): Path<String>) -> Result<String> {
    Ok(look_up(&cache, &facts, &name).await?.unwrap_or_default())
}

/// Changes a fact.
#[put("/facts/{name}")]
async fn change(
    cache: Cache,
    facts: Config<Facts>,
    Path(name): Path<String>,
    fact: String,
) -> Result<StatusCode> {
    // Whoever reads it reads the old one or the new one.
    let new = facts.path(&format!("{name}.new"))?;
    fs::write(&new, fact)?;
    fs::rename(&new, facts.path(&name)?)?;
    cache.remove(&cache_key!("fact:{name}")).await;
    Ok(StatusCode::NO_CONTENT)
}
