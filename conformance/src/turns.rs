//! A task that runs on one replica only, and leaves a trace of who ran it: several processes do so at once.
//!
//! Whoever runs it has a file `inside` of his own making, with his process in it. That it is there already is a bug of the
//! framework, unless whoever made it is dead.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustboot::core::schedule::fencing_token;
use rustboot::prelude::{Config, Error, Result, config, scheduled};
use rustboot::tokio::time::sleep;

#[config(prefix = "turns")]
struct Turns {
    /// Where the traces go.
    folder: Option<PathBuf>,
}

#[scheduled(
    every = "50ms",
    initial_delay = "0s",
    singleton,
    enabled = "${turns.enabled:-false}"
)]
async fn turn(turns: Config<Turns>) -> Result<()> {
    let folder = turns.folder.as_deref();
    let folder = folder.ok_or_else(|| Error::internal("turns.folder is not set"))?;
    let path = folder.join("inside");
    let make = || OpenOptions::new().write(true).create_new(true).open(&path);
    let mut inside = match make() {
        Ok(inside) => inside,
        Err(_) => {
            // Gone meanwhile: then somebody was inside at the same time.
            let other = fs::read_to_string(&path);
            if other.as_ref().map_or(true, |other| is_alive(other)) {
                trace(folder, &format!("met {other:?}"))?;
            }
            fs::remove_file(&path)?;
            make()?
        }
    };
    let _leaves = Leaves(path);
    write!(inside, "{}", std::process::id())?;
    let token = fencing_token().ok_or_else(|| Error::internal("a singleton without a token"))?;
    trace(folder, &format!("{token}"))?;
    sleep(Duration::from_millis(10)).await;
    Ok(())
}

/// Removes the file, also when the run is dropped because its lease is lost.
struct Leaves(PathBuf);

impl Drop for Leaves {
    fn drop(&mut self) {
        // The folder goes with the test.
        let _gone = fs::remove_file(&self.0);
    }
}

/// A process that was killed is there until somebody asks how it ended, and one that was killed right here left no name.
fn is_alive(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn trace(folder: &Path, what: &str) -> Result<()> {
    let path = folder.join("turns");
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let line = format!("{} {what}\n", std::process::id());
    file.write_all(line.as_bytes())?;
    Ok(())
}
