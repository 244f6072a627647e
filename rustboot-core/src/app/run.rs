//! The process: command line in, exit code out.

use std::convert::Infallible;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::AppBuilder;
use crate::command::{self, Done};
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

/// Runs an application as a process: does what the command line says, listens for signals, and gives the exit code. What
/// goes wrong is printed on stderr.
///
/// There are two runtimes. The workers (as many as cores, or `TOKIO_WORKER_THREADS`) do the work of the application. The main
/// thread has one of its own for signals and for the stop sequence: a handler that blocks its thread can keep tokio's timers
/// and sockets from being looked at, and a stop whose deadlines hang on those would never end.
pub fn run(app: AppBuilder) -> ExitCode {
    if let Some(text) = command::answer_without_configuration(&app) {
        print(&text);
        return ExitCode::SUCCESS;
    }
    let at_exit = app.at_exit.clone();
    let serves = app.is_serving();
    let runtimes = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .and_then(|workers| {
            let control = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            Ok((workers, control))
        });
    let outcome = match runtimes {
        Ok((workers, control)) => {
            let outcome = control.block_on(async {
                tokio::select! {
                    outcome = live(app, workers.handle()) => outcome,
                    never = pulse(workers.handle()) => match never {},
                }
            });
            // Without waiting for threads that block.
            workers.shutdown_background();
            control.shutdown_background();
            outcome
        }
        Err(error) => Err(Error::from(error)
            .context("the runtime could not be started")
            .into()),
    };
    let code = match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error, serves);
            error.exit_code()
        }
    };
    at_exit.run();
    ExitCode::from(code)
}

/// How long timers and sockets may go unlooked at while a handler blocks a worker. tokio leaves them to the worker that went to
/// sleep last, and does not wake another when that one is kept busy. A task from outside does wake one, which then looks.
const PULSE: Duration = Duration::from_millis(50);

async fn pulse(workers: &tokio::runtime::Handle) -> Infallible {
    loop {
        tokio::time::sleep(PULSE).await;
        drop(workers.spawn(std::future::ready(())));
    }
}

/// On the control runtime: signals, and the stop. Everything else is sent to the workers.
async fn live(app: AppBuilder, workers: &tokio::runtime::Handle) -> Result<u8, StartError> {
    let stop = Arc::new(StopRequest::default());
    signal::listen(Arc::clone(&stop))?;
    let started = workers.spawn(async move {
        let assembly = app.assemble_for(stop).await?;
        command::run(assembly).await
    });
    let done = started
        .await
        .map_err(|_| Error::internal("the start panicked; the log has the place"))??;
    match done {
        Done::Ended(code) => Ok(code),
        Done::Serving(running) => {
            signal::reload_on_hangup(running.context(), workers)?;
            Ok(running.wait().await)
        }
    }
}

/// On stderr for people; where nobody watches a service, also in its log, which is what gets collected. The log of a command
/// is on stderr itself, and would only say it twice.
fn complain(error: &StartError, serves: bool) {
    let mut stderr = std::io::stderr();
    if serves && !stderr.is_terminal() {
        tracing::error!(target: "rustboot", exit_code = error.exit_code(), "{}", error.to_string().trim_end());
    }
    // With stderr closed there is nobody left to tell.
    let _closed = write!(stderr, "{error}");
}

/// Something beside the answer of a command.
pub(crate) fn note(text: &str) {
    let _closed = std::io::stderr().write_all(text.as_bytes());
}

pub(crate) fn print(text: &str) {
    // `app config | head` closes the pipe; that is no failure.
    let _closed = std::io::stdout().write_all(text.as_bytes());
}
