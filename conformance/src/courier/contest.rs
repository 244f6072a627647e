//! Takes one lock again and again, and leaves a trace of who was inside and when: several processes do so at once.
//!
//! Whoever is inside has a file `inside` of his own making, with his process in it. That it is there already is a bug of the
//! framework, unless whoever made it is dead.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use rustboot::prelude::*;
use rustboot::tokio::time::sleep;

#[config(prefix = "contest")]
struct Contest {
    /// Where the traces go. Without it, nothing is done.
    folder: Option<PathBuf>,
    #[config(default = "2s")]
    lease: Duration,
}

#[task]
async fn contend(lock: Lock, contest: Config<Contest>, shutdown: Shutdown) -> Result<()> {
    let Some(folder) = &contest.folder else {
        return Ok(());
    };
    let lock = lock.with_lease(contest.lease);
    while !shutdown.is_requested() {
        let guard = lock
            .acquire_within("contest", Duration::from_secs(60))
            .await?;
        enter(folder, &guard)?;
        sleep(Duration::from_millis(guard.token() % 4)).await;
        if !guard.is_held() {
            trace(folder, "lost it")?;
        }
        fs::remove_file(folder.join("inside"))?;
        guard.release().await?;
    }
    Ok(())
}

fn enter(folder: &FilePath, guard: &LockGuard) -> Result<()> {
    let path = folder.join("inside");
    let make = || OpenOptions::new().write(true).create_new(true).open(&path);
    let mut inside = match make() {
        Ok(inside) => inside,
        Err(_) => {
            let other = fs::read_to_string(&path)?;
            if is_alive(&other) {
                trace(folder, &format!("met {other}"))?;
            }
            fs::remove_file(&path)?;
            make()?
        }
    };
    write!(inside, "{}", std::process::id())?;
    trace(folder, &format!("entered with {}", guard.token()))
}

/// One that was killed stays in the list until its parent looks.
fn is_alive(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn trace(folder: &FilePath, what: &str) -> Result<()> {
    let mut log = OpenOptions::new()
        .append(true)
        .create(true)
        .open(folder.join("trace"))?;
    // One write, so that lines of several processes do not mix.
    let line = format!("{} {what}\n", std::process::id());
    log.write_all(line.as_bytes())?;
    Ok(())
}
