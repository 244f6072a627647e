//! An application that runs, and the handle that stops it.

use std::fmt;
use std::sync::Arc;

use super::{AppContext, Assembly};
use crate::lifecycle::{StopReason, StopRequest, stop};

/// Stops the application from anywhere inside or outside of it.
#[derive(Clone)]
pub struct AppHandle(Arc<StopRequest>);

impl AppHandle {
    pub(crate) fn new(stop: Arc<StopRequest>) -> Self {
        Self(stop)
    }

    /// Asks the application to stop, as SIGTERM does, and returns at once. Asking again changes nothing.
    pub fn stop(&self) {
        self.0.request(StopReason::Requested);
    }
}

impl fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppHandle")
    }
}

/// An application that runs inside this process.
///
/// [`RunningApp::wait`] or [`RunningApp::stop`] end it in order. Dropping it only asks: handlers see the shutdown and tasks
/// are cancelled, but nobody waits, and hooks do not run.
#[derive(Debug)]
pub struct RunningApp {
    assembly: Assembly,
    addresses: Vec<String>,
}

impl RunningApp {
    pub(crate) fn new(assembly: Assembly, addresses: Vec<String>) -> Self {
        Self {
            assembly,
            addresses,
        }
    }

    /// What its servers listen on: `http://127.0.0.1:8080`.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// The application as its parts see it.
    pub fn context(&self) -> &AppContext {
        &self.assembly.context
    }

    /// For stopping it from elsewhere.
    pub fn handle(&self) -> AppHandle {
        self.context().handle()
    }

    /// Waits until something asks it to stop, and goes through the stop sequence. Returns the exit code: 0 when nothing was
    /// cut off, else 1.
    pub async fn wait(self) -> u8 {
        let reason = self.context().stop_request().requested().await;
        let losses = stop::stop(&self.assembly, &reason).await;
        u8::from(!losses.none() || matches!(reason, StopReason::TaskFailed(_)))
    }

    /// Stops it. Returns the exit code, as [`RunningApp::wait`] does.
    pub async fn stop(self) -> u8 {
        self.handle().stop();
        self.wait().await
    }
}

impl Drop for RunningApp {
    fn drop(&mut self) {
        self.context().shutdown().request();
        self.context().tasks().cancelled().cancel();
    }
}
