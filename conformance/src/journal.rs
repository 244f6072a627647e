//! A file that outlives the process, with one line for each thing that happened, and the hooks that write to it.

use std::fs::OpenOptions;
use std::io::Write as _;

use rustboot::prelude::*;

use crate::settings::Conformance;

/// Appends lines. Without a file, it does nothing.
pub(crate) struct Journal(Option<String>);

impl Journal {
    pub(crate) fn write(&self, line: &str) -> Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        // One call, so that lines of two threads do not mix.
        file.write_all(format!("{line}\n").as_bytes())?;
        Ok(())
    }
}

#[component]
fn journal(settings: Config<Conformance>) -> Journal {
    Journal(settings.journal.clone())
}

#[on_start]
async fn started(journal: Inject<Journal>, settings: Config<Conformance>) -> Result<()> {
    journal.write("on_start")?;
    rustboot::tokio::time::sleep(settings.start_takes).await;
    if settings.fail_start {
        return Err(Error::internal("the start hook was told to fail"));
    }
    Ok(())
}

#[on_stop]
async fn stopped(journal: Inject<Journal>) -> Result<()> {
    journal.write("on_stop")
}
