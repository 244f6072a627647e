//! How rustboot-observe joins an application: first of all modules, so that the others can log, and flushed last.

use std::time::Duration;

use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::lifecycle::{HookPhase, Restart};
use rustboot_core::management::{Endpoint, Exposure, Reply};
use rustboot_core::source::Location;
use rustboot_core::{AppBuilder, Error, Module, Result};

use crate::capture::Capture;
use crate::loggers::Loggers;
use crate::logs::{InvalidFilter, LogConfig, LogFormat, LogWriter, Logs, check_filter};
use crate::metrics::Metrics;

/// Logs and metrics.
#[derive(Debug, Clone, Copy, Default)]
pub struct ObserveModule;

/// How long the end of the process waits for the log to be written.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// How old the counts of the log may be in a recorder that is not ours; see [`Metrics::upkeep`].
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

impl Describe for LogConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "level",
                "String",
                "What is logged, in RUST_LOG syntax: info,sqlx=warn,my_app::billing=debug.",
            )
            .typed::<String>()
            .default_text("info"),
            Field::new(
                "format",
                "LogFormat",
                "How lines look: pretty, json, compact or logfmt.",
            )
            .typed::<LogFormat>()
            .restart()
            .default_by_profile("pretty", "json"),
            Field::new(
                "access",
                "bool",
                "Whether each request is logged (target `access`, level INFO).",
            )
            .typed::<bool>()
            .restart()
            .default_text("true"),
        ]
    }
}

impl Properties for LogConfig {
    const PREFIX: &'static str = "log";
    const NAME: &'static str = "LogConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}

impl Module for ObserveModule {
    fn name(&self) -> &str {
        "observe"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        wire_metrics(app, Metrics::install());
        self.logs(app)
    }
}

/// Logs and metrics of one application among several in this process, for tests: they go to a [`Capture`] and nowhere else.
///
/// The format is JSON whatever `log.format` says, since a program reads it.
#[derive(Debug, Clone)]
pub struct CapturedModule(pub Capture);

impl Module for CapturedModule {
    fn name(&self) -> &str {
        "observe"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        wire_metrics(app, self.0.metrics().clone());
        let config = app.config::<LogConfig>()?;
        let logs = self.0.logs().clone();
        match logs.configure(&config) {
            Ok(()) => wire_logs(app, logs, "captured, metrics at /metrics".to_owned()),
            Err(invalid) => invalid_level(app, &invalid),
        }
        Ok(())
    }
}

impl ObserveModule {
    fn logs(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<LogConfig>()?;
        let is_dev = app.profile().is_dev();
        let mut config = (*config).clone();
        // The commands print their answer on stdout, where nothing else may be.
        let writer = if app.is_serving() {
            LogWriter::stdout()
        } else {
            // Not used here, but by the application that is asked about.
            if let Err(invalid) = check_filter(&config.level) {
                invalid_level(app, &invalid);
            }
            "warn".clone_into(&mut config.level);
            LogWriter::stderr()
        };
        let format = config.format_for(is_dev);
        let logs = match Logs::install(&config, format, writer) {
            Ok(logs) => logs,
            Err(invalid) => {
                invalid_level(app, &invalid);
                return Ok(());
            }
        };
        let state = if logs.installed() {
            format!("logs as {format:?}, metrics at /metrics")
        } else {
            "the process has a subscriber of its own, which gets the logs; metrics at /metrics"
                .to_owned()
        };
        let last = logs.clone();
        // Whether that was in time, there is nobody left to tell.
        app.at_exit(move || {
            last.flush(FLUSH_LIMIT);
        });
        wire_logs(app, logs, state);
        Ok(())
    }
}

fn invalid_level(app: &mut AppBuilder, invalid: &InvalidFilter) {
    app.config_problem(
        "log.level",
        &invalid.to_string(),
        "write a level, and levels for targets after it: info,sqlx=warn,my_app::billing=debug",
    );
}

/// What an application does with its log.
fn wire_logs(app: &mut AppBuilder, logs: Logs, state: String) {
    app.attach(logs.access()).active(state);
    let flushed = logs.clone();
    app.hook(HookPhase::Flush, "logs", Vec::new(), move |_| {
        let logs = flushed.clone();
        async move {
            // It blocks, and the runtime may have other things to end.
            let flushed = tokio::task::spawn_blocking(move || logs.flush(FLUSH_LIMIT)).await?;
            if flushed {
                Ok(())
            } else {
                Err(Error::internal(format!(
                    "the log could not be written within {FLUSH_LIMIT:?}"
                )))
            }
        }
    });
    let loggers = Loggers::new(logs.clone());
    for endpoint in loggers.endpoints() {
        app.endpoint(endpoint);
    }
    app.on_config_change(move |app, change| {
        let config = app
            .config::<LogConfig>()
            .filter(|_| change.affects("log.level"));
        if let Some(config) = config
            && let Err(invalid) = loggers.configure(&config.level)
        {
            tracing::error!(target: "rustboot::config", %invalid, "log.level was not changed");
        }
    });
    app.attach(logs);
}

/// What an application does with its metrics.
fn wire_metrics(app: &mut AppBuilder, metrics: Metrics) {
    let info = *app.app_info();
    metrics.app_info(info.name, info.version, app.profile().as_str());
    let rendered = metrics.clone();
    app.endpoint(Endpoint::new("/metrics", Exposure::Management, move |_| {
        let text = rendered.render();
        async move { Reply::text(200, "text/plain; version=0.0.4; charset=utf-8", text) }
    }));
    app.hook(
        HookPhase::Start,
        "metrics upkeep",
        Vec::new(),
        move |resolver| {
            let metrics = metrics.clone();
            resolver
                .app()
                .spawn("metrics upkeep", Restart::OnFailure, move || {
                    let metrics = metrics.clone();
                    async move {
                        loop {
                            tokio::time::sleep(UPKEEP_EVERY).await;
                            metrics.upkeep();
                        }
                    }
                });
            async { Ok(()) }
        },
    );
}
