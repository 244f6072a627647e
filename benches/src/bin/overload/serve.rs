//! The service.

use std::io::{BufRead as _, Write as _};

use rustboot::prelude::*;
use rustboot::{App, Sources};
use rustboot_benches::server::ANNOUNCEMENT;
use tokio::runtime::Builder;

use super::{Failure, PLACES, WORK};

pub(super) const ANSWER: &str = "done";

#[get("/work")]
async fn work() -> &'static str {
    tokio::time::sleep(WORK).await;
    ANSWER
}

/// Serves until stdin ends. One worker: the other core is for the clients.
pub(super) fn serve() -> Result<(), Failure> {
    let nothing = tempfile::tempdir()?;
    let mut sources = Sources::empty(nothing.path());
    let production = ("APP_ENV".to_owned(), "prod".to_owned());
    sources.environment.push(production);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let places = PLACES.to_string();
    let mut app = App::builder();
    app.info(rustboot::app_info!())
        .sources(sources)
        .override_value("server.host", "127.0.0.1")
        .override_value("server.port", "0")
        .override_value("server.max_in_flight", places.as_str())
        .override_value("lifecycle.drain_delay", "0s");
    runtime.block_on(async {
        let assembly = app.assemble().await.map_err(|error| error.to_string())?;
        let running = assembly.start().await.map_err(|error| error.to_string())?;
        let address = running.addresses().first().cloned().unwrap_or_default();
        let address = address.trim_start_matches("http://");
        writeln!(std::io::stderr(), "{ANNOUNCEMENT}{address}")?;
        let ended = || std::io::stdin().lock().lines().for_each(drop);
        tokio::task::spawn_blocking(ended).await?;
        running.stop().await;
        Ok(())
    })
}
