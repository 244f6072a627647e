//! The process: command line in, exit code out.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use super::AppBuilder;
use crate::command;
use crate::error::Error;
use crate::lifecycle::{StopRequest, signal};
use crate::report::Report;

/// Why an application did not start.
#[derive(Debug)]
pub enum StartError {
    /// Configuration or wiring; everything that is wrong with them.
    Report(Report),
    /// Anything else.
    Failed(Error),
}

impl StartError {
    /// The exit code of the process: 78 for configuration and wiring, 69 for a dependency that could not be reached in
    /// time, 1 for anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Report(_) => 78,
            Self::Failed(error) => error.kind().exit_code(),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(report) => report.fmt(f),
            Self::Failed(error) => writeln!(f, "error: {error}"),
        }
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl AppBuilder {
    /// Does what the command line says: serves, or runs one of the built-in commands. Listens for signals.
    ///
    /// Never fails: what goes wrong is printed on stderr, and in the exit code.
    pub async fn run(self) -> ExitCode {
        let stop = Arc::new(StopRequest::default());
        if let Some(text) =
            command::answer_without_configuration(&self.sources.arguments, &self.info)
        {
            print(&text);
            return ExitCode::SUCCESS;
        }
        let outcome = async {
            signal::listen(Arc::clone(&stop))?;
            let assembly = self.assemble_for(stop).await?;
            command::run(assembly).await
        };
        match outcome.await {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                complain(&error);
                ExitCode::from(error.exit_code())
            }
        }
    }
}

/// On stderr for people; where nobody watches, also in the log, which is what gets collected.
fn complain(error: &StartError) {
    let mut stderr = std::io::stderr();
    if !stderr.is_terminal() {
        tracing::error!(target: "rustboot", exit_code = error.exit_code(), "{}", error.to_string().trim_end());
    }
    // With stderr closed there is nobody left to tell.
    let _closed = write!(stderr, "{error}");
}

pub(crate) fn print(text: &str) {
    // `app config | head` closes the pipe; that is no failure.
    let _closed = std::io::stdout().write_all(text.as_bytes());
}

/// Runs an application's future on a runtime of its own, and leaves without waiting for threads that block.
///
/// The number of worker threads is that of the cores, or `TOKIO_WORKER_THREADS`.
pub fn block_on(future: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let code = runtime.block_on(future);
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            complain(&StartError::Failed(
                Error::from(error).context("the runtime could not be started"),
            ));
            ExitCode::FAILURE
        }
    }
}
