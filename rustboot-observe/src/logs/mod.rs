//! Logs: a non-blocking stream of lines, what goes into it, and how a line looks.
//!
//! [`Logs::install`] puts it all together for the process. It reads no configuration files and no `RUST_LOG`: whoever
//! calls it has done so.

mod access;
mod buffer;
mod config;
pub(crate) mod count;
mod filter;
mod format;
mod lines;
pub(crate) mod panic;
mod writer;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

pub use access::{AccessLog, AccessRecord, AccessRoute, ClientAddress, UserAgent};
pub use config::{LogConfig, LogFormat};
pub use filter::InvalidFilter;
pub(crate) use filter::check as check_filter;
pub use writer::{EventWriter, LogWriter};

use count::Counts;
use filter::Filter;
use format::Style;
use lines::Lines;

/// The logs of an app. Clones share everything.
///
/// Dropping it changes nothing: the subscriber of a process stays for good, and so does its writer. End with
/// [`Logs::flush`].
#[derive(Clone)]
pub struct Logs(Arc<Inner>);

struct Inner {
    writer: LogWriter,
    access: AccessLog,
    /// `log.access`
    access_wanted: AtomicBool,
    /// The filter as text. Held while it changes, so that text and filters agree.
    filter: Mutex<String>,
    installed: Option<Installed>,
}

/// What is ours only when the process had no subscriber before.
struct Installed {
    reload: reload::Handle<EnvFilter, Registry>,
    /// Whether records of the `log` crate come to us.
    log_crate: bool,
}

impl Logs {
    /// Makes `writer` the log of the process: `tracing` events and records of the `log` crate that pass the filter,
    /// access lines, and panics. Events are counted (`log_events_total`).
    ///
    /// `format` is the one to use, with the profile's default already chosen ([`LogConfig::format_for`]). Colours are
    /// used by `pretty` on a terminal, unless `NO_COLOR` is set.
    ///
    /// Where the process has a global subscriber already (the user's, or that of another app), it stays: the access
    /// log works all the same, events and panics go the way they went before, and [`Logs::installed`] is false.
    ///
    /// # Errors
    ///
    /// When a directive of `config.level` cannot be read; nothing is installed then.
    pub fn install(
        config: &LogConfig,
        format: LogFormat,
        writer: LogWriter,
    ) -> Result<Self, InvalidFilter> {
        let filter = Filter::parse(&config.level)?;
        let style = Style {
            format,
            ansi: writer.is_terminal() && colours_wanted(),
        };
        writer.set_style(style);
        let access_enabled = config.access && access_passes(&filter);
        let access = AccessLog::new(writer.clone(), style, access_enabled, &count::PROCESS);
        let installed = install_subscriber(filter.env, style, writer.clone());
        panic::install_hook();
        if installed.is_some() {
            panic::log_to(writer.clone(), style);
        }
        Ok(Self(Arc::new(Inner {
            writer,
            access,
            access_wanted: AtomicBool::new(config.access),
            filter: Mutex::new(filter.text),
            installed,
        })))
    }

    /// A log of JSON lines for those threads only that make the dispatcher theirs, and nothing for the process. It begins with
    /// the defaults of the configuration; see [`Logs::configure`].
    pub(crate) fn apart(writer: LogWriter, counts: &'static Counts) -> (Self, Dispatch) {
        let style = Style {
            format: LogFormat::Json,
            ansi: false,
        };
        writer.set_style(style);
        let config = LogConfig::default();
        let (filter, reload) = reload::Layer::new(EnvFilter::new(&config.level));
        let lines = Lines {
            writer: writer.clone(),
            style,
            counts,
        };
        let dispatch = Dispatch::new(Registry::default().with(filter).with(lines));
        // The first one makes the records of `log` events, and which dispatcher gets them is asked for each.
        let log_crate = LogTracer::builder()
            .with_max_level(LevelFilter::TRACE.as_log())
            .init()
            .is_ok();
        let logs = Self(Arc::new(Inner {
            access: AccessLog::new(writer.clone(), style, config.access, counts),
            writer,
            access_wanted: AtomicBool::new(config.access),
            filter: Mutex::new(config.level),
            installed: Some(Installed { reload, log_crate }),
        }));
        (logs, dispatch)
    }

    /// Takes over what the configuration says, once it is known.
    pub(crate) fn configure(&self, config: &LogConfig) -> Result<(), InvalidFilter> {
        self.0.access_wanted.store(config.access, Ordering::Relaxed);
        self.set_filter(&config.level)
    }

    /// Whether `tracing` events come to this log. False when the process had another subscriber before.
    pub fn installed(&self) -> bool {
        self.0.installed.is_some()
    }

    /// The access log.
    pub fn access(&self) -> AccessLog {
        self.0.access.clone()
    }

    /// How lines look.
    pub(crate) fn style(&self) -> Style {
        self.0.access.style()
    }

    /// The stream that all lines go to.
    pub fn writer(&self) -> &LogWriter {
        &self.0.writer
    }

    /// What is logged now, in `RUST_LOG` syntax.
    pub fn filter(&self) -> String {
        self.0
            .filter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes what is logged, at once and in all threads. Replaces the whole filter; blank means `info`. Where
    /// [`Logs::installed`] is false, only the access log follows.
    ///
    /// # Errors
    ///
    /// When a directive cannot be read; nothing changes then.
    pub fn set_filter(&self, filter: &str) -> Result<(), InvalidFilter> {
        let filter = Filter::parse(filter)?;
        let mut text = self.0.filter.lock().unwrap_or_else(PoisonError::into_inner);
        self.0
            .access
            .set_enabled(self.0.access_wanted.load(Ordering::Relaxed) && access_passes(&filter));
        if let Some(installed) = &self.0.installed {
            // Fails only when the subscriber is gone, and a global one never is.
            installed.reload.reload(filter.env).ok();
            if installed.log_crate {
                tracing_log::log::set_max_level(LevelFilter::current().as_log());
            }
        }
        *text = filter.text;
        Ok(())
    }

    /// Waits, blocking the thread, until everything logged so far is out. False when `limit` passed first or the sink
    /// fails; see [`LogWriter::flush`].
    pub fn flush(&self, limit: Duration) -> bool {
        self.0.writer.flush(limit)
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs")
            .field("filter", &self.filter())
            .field("installed", &self.installed())
            .field("writer", &self.0.writer)
            .finish_non_exhaustive()
    }
}

fn access_passes(filter: &Filter) -> bool {
    filter.would_enable(access::TARGET, tracing::Level::INFO)
}

/// <https://no-color.org>: set to anything but an empty text, it means no.
fn colours_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `None` when the process has a subscriber already.
fn install_subscriber(filter: EnvFilter, style: Style, writer: LogWriter) -> Option<Installed> {
    let (filter, reload) = reload::Layer::new(filter);
    let subscriber = Registry::default().with(filter).with(Lines {
        writer,
        style,
        counts: &count::PROCESS,
    });
    tracing::subscriber::set_global_default(subscriber).ok()?;
    // Only now is the highest level known. An application that has a logger of its own keeps it.
    let log_crate = LogTracer::builder()
        .with_max_level(LevelFilter::current().as_log())
        .init()
        .is_ok();
    Some(Installed { reload, log_crate })
}
