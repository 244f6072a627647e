//! SIGTERM and SIGINT as one request to stop. Only the process's own `run` listens; embedded applications and tests do not.

use std::sync::Arc;

use super::StopReason;
use super::shutdown::StopRequest;
use crate::app::AppContext;
use crate::error::{Error, Result};

/// What a second signal ends the process with: 128 + SIGINT.
const FORCED: i32 = 130;

/// Starts to listen. Done before anything else, so that a signal during the start is not lost.
///
/// # Errors
/// When the operating system refuses the handlers.
#[cfg(unix)]
pub(crate) fn listen(stop: Arc<StopRequest>) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let context = |error: std::io::Error| Error::from(error).context("cannot listen for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(context)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(context)?;
    detach(async move {
        let mut seen = false;
        loop {
            let reason = tokio::select! {
                signal = terminate.recv() => signal.map(|()| StopReason::Terminate),
                signal = interrupt.recv() => signal.map(|()| StopReason::Interrupt),
            };
            let Some(reason) = reason else { return };
            if seen {
                force();
            }
            seen = true;
            stop.request(reason);
        }
    });
    Ok(())
}

/// Starts to listen for Ctrl-C.
///
/// # Errors
/// Never on this system.
#[cfg(not(unix))]
pub(crate) fn listen(stop: Arc<StopRequest>) -> Result<()> {
    detach(async move {
        let mut seen = false;
        while tokio::signal::ctrl_c().await.is_ok() {
            if seen {
                force();
            }
            seen = true;
            stop.request(StopReason::Interrupt);
        }
    });
    Ok(())
}

/// SIGHUP reads the configuration again, as daemons do. In a terminal it means that the window was closed, and keeps its
/// meaning: the process ends.
///
/// # Errors
/// When the operating system refuses the handler.
#[cfg(unix)]
pub(crate) fn reload_on_hangup(app: &AppContext, workers: &tokio::runtime::Handle) -> Result<()> {
    use std::io::IsTerminal as _;
    use tokio::signal::unix::{SignalKind, signal};
    if std::io::stdin().is_terminal() || std::io::stderr().is_terminal() {
        return Ok(());
    }
    let mut hangup = signal(SignalKind::hangup())
        .map_err(|error| Error::from(error).context("cannot listen for signals"))?;
    let (context, workers) = (app.clone(), workers.clone());
    detach(async move {
        while hangup.recv().await.is_some() {
            let context = context.clone();
            // Listeners belong to the application. What came of it is in the log.
            let reloaded = workers.spawn(async move { context.reload_config().await.is_ok() });
            let _logged = reloaded.await.is_ok();
        }
    });
    Ok(())
}

/// There is no such signal here.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(crate) fn reload_on_hangup(_app: &AppContext, _workers: &tokio::runtime::Handle) -> Result<()> {
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "it has to outlive every task: the second signal ends a stop that hangs"
)]
fn detach(future: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(future));
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the second signal means: now"
)]
fn force() -> ! {
    std::process::exit(FORCED)
}
