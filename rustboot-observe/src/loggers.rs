//! `/loggers`: what is logged, and changing it while the application runs, for a while or until the next start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustboot_core::config::parse_duration;
use rustboot_core::lifecycle::Restart;
use rustboot_core::management::{Call, Endpoint, Exposure, Reply};
use rustboot_core::{AppContext, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::logs::{InvalidFilter, Logs};

/// The name under which the level for everything else goes.
const ROOT: &str = "root";

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The configured filter, and what was changed since.
#[derive(Clone)]
pub(crate) struct Loggers(Arc<Inner>);

struct Inner {
    logs: Logs,
    state: Mutex<State>,
}

struct State {
    configured: String,
    changes: BTreeMap<String, Change>,
    /// Grows with each change, so that a timer knows whether its change is still the one in force.
    generation: u64,
}

#[derive(Clone)]
struct Change {
    level: String,
    until: Option<Timestamp>,
    generation: u64,
}

/// The body of a `PUT`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `null` takes a change back.
    level: Option<String>,
    /// How long it holds; without it until the process ends.
    #[serde(rename = "for")]
    lasts: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    levels: [&'static str; 6],
    filter: String,
    configured: String,
    loggers: BTreeMap<String, Logger>,
}

#[derive(Serialize)]
struct Logger {
    level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Whether it was changed at run time.
    changed: bool,
}

/// How many levels may be changed at a time: each of them costs every statement that is seen for the first time.
const MOST_CHANGES: usize = 100;

/// Whether it is one that a filter can name: a module path, or anything that a statement has as its `target`.
fn is_target(target: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '-' | '.');
    target.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && target.chars().all(is_part)
}

/// What a target without a level of its own has: that of the longest name which it begins with, as in the filter.
fn inherited(loggers: &BTreeMap<String, Logger>, target: &str) -> Logger {
    let above = loggers
        .iter()
        .filter(|(name, _)| *name != ROOT && target.starts_with(*name));
    let nearest = above.max_by_key(|(name, _)| name.len());
    let level = nearest.map(|(_, logger)| &logger.level);
    let level = level.or_else(|| Some(&loggers.get(ROOT)?.level));
    Logger {
        level: level.map_or("off", String::as_str).to_owned(),
        until: None,
        changed: false,
    }
}

impl Loggers {
    pub(crate) fn new(logs: Logs) -> Self {
        let configured = logs.filter();
        Self(Arc::new(Inner {
            logs,
            state: Mutex::new(State {
                configured,
                changes: BTreeMap::new(),
                generation: 0,
            }),
        }))
    }

    pub(crate) fn endpoints(&self) -> [Endpoint; 3] {
        let (all, one, change) = (self.clone(), self.clone(), self.clone());
        [
            Endpoint::new("/loggers", Exposure::Internal, move |_| {
                let reply = Reply::json(200, &all.show());
                async move { reply }
            }),
            Endpoint::new("/loggers/{target}", Exposure::Internal, move |call| {
                let reply = one.reply_for(&call.parameter.unwrap_or_default());
                async move { reply }
            }),
            Endpoint::writable("/loggers/{target}", move |call| {
                let reply = change.put(&call).into();
                async move { reply }
            }),
        ]
    }

    /// The configuration has another filter now; what was changed by hand stays changed.
    pub(crate) fn configure(&self, filter: &str) -> Result<(), InvalidFilter> {
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.configured, filter.to_owned());
        let applied = self.apply(&state);
        if applied.is_err() {
            state.configured = before;
        }
        applied
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Whole values are assigned under it, so that a panic leaves nothing half-way.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, state: &State) -> Result<(), InvalidFilter> {
        let mut filter = state.configured.clone();
        for (target, change) in &state.changes {
            let directive = match target.as_str() {
                ROOT => change.level.clone(),
                target => format!("{target}={}", change.level),
            };
            // A later directive for the same target replaces an earlier one.
            filter = if filter.is_empty() {
                directive
            } else {
                format!("{filter},{directive}")
            };
        }
        self.0.logs.set_filter(&filter)
    }

    fn show(&self) -> Shown {
        let state = self.lock();
        let mut loggers = BTreeMap::new();
        for directive in state
            .configured
            .split(',')
            .map(str::trim)
            .filter(|d| !d.is_empty())
        {
            let (target, level) = directive.split_once('=').unwrap_or((ROOT, directive));
            loggers.insert(
                target.to_owned(),
                Logger {
                    level: level.to_owned(),
                    until: None,
                    changed: false,
                },
            );
        }
        for (target, change) in &state.changes {
            loggers.insert(
                target.clone(),
                Logger {
                    level: change.level.clone(),
                    until: change.until.map(|until| until.to_string()),
                    changed: true,
                },
            );
        }
        Shown {
            levels: LEVELS,
            filter: self.0.logs.filter(),
            configured: state.configured.clone(),
            loggers,
        }
    }

    fn reply_for(&self, target: &str) -> Reply {
        if !is_target(target) {
            return Reply::not_found();
        }
        let mut loggers = self.show().loggers;
        let logger = loggers
            .remove(target)
            .unwrap_or_else(|| inherited(&loggers, target));
        Reply::json(200, &logger)
    }

    fn put(&self, call: &Call) -> Result<Reply> {
        let target = call.parameter.clone().unwrap_or_default();
        if !is_target(&target) {
            return Err(Error::bad_request(
                "a target is a module path, such as my_app::billing, or root",
            ));
        }
        let wanted: Wanted = serde_json::from_slice(&call.body).map_err(|error| {
            Error::bad_request(format!(
                "expected {{\"level\":\"debug\",\"for\":\"10m\"}}: {error}"
            ))
        })?;
        let invalid = |pointer: &str, detail: String| {
            Error::invalid("the level was not changed").with_field(pointer, detail)
        };
        let lasts = match &wanted.lasts {
            None => None,
            Some(text) => Some(
                parse_duration(text)
                    .filter(|lasts| !lasts.is_zero())
                    .ok_or_else(|| {
                        invalid("/for", "expected a duration such as 30s or 10m".to_owned())
                    })?,
            ),
        };
        let level = wanted.level.map(|level| level.to_ascii_lowercase());
        if let Some(level) = &level
            && !LEVELS.contains(&level.as_str())
        {
            return Err(invalid(
                "/level",
                format!("expected one of {}", LEVELS.join(", ")),
            ));
        }
        if level.is_some() && !self.has_room(&target) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "{MOST_CHANGES} levels are changed already: take one back with {{\"level\":null}}"
                ),
            ));
        }
        self.change(&call.app, &target, level, lasts)
            .map_err(|error| invalid("/level", error.to_string()))?;
        Ok(Reply::json(200, &self.show()))
    }

    fn has_room(&self, target: &str) -> bool {
        let changes = &self.lock().changes;
        changes.len() < MOST_CHANGES || changes.contains_key(target)
    }

    fn change(
        &self,
        app: &AppContext,
        target: &str,
        level: Option<String>,
        lasts: Option<Duration>,
    ) -> Result<(), InvalidFilter> {
        let mut state = self.lock();
        state.generation += 1;
        let generation = state.generation;
        let before = state.changes.get(target).cloned();
        match level {
            Some(level) => {
                tracing::info!(target: "rustboot::loggers", logger = target, level, lasts = lasts.map(tracing::field::debug), "log level changed");
                let until = lasts.and_then(|lasts| Timestamp::now().checked_add(lasts).ok());
                let change = Change {
                    level,
                    until,
                    generation,
                };
                state.changes.insert(target.to_owned(), change);
            }
            None => {
                state.changes.remove(target);
            }
        }
        if let Err(error) = self.apply(&state) {
            // Or no other change would ever be taken again.
            match before {
                Some(before) => state.changes.insert(target.to_owned(), before),
                None => state.changes.remove(target),
            };
            return Err(error);
        }
        drop(state);
        if let Some(lasts) = lasts {
            self.revert_after(app, target.to_owned(), generation, lasts);
        }
        Ok(())
    }

    fn revert_after(&self, app: &AppContext, target: String, generation: u64, lasts: Duration) {
        let loggers = self.clone();
        app.spawn("log level timer", Restart::Never, move || {
            let (loggers, target) = (loggers.clone(), target.clone());
            async move {
                tokio::time::sleep(lasts).await;
                loggers.revert(&target, generation)?;
                Ok(())
            }
        });
    }

    fn revert(&self, target: &str, generation: u64) -> Result<(), InvalidFilter> {
        let mut state = self.lock();
        // Somebody may have changed it again, and that one has a timer of its own.
        if state
            .changes
            .get(target)
            .is_some_and(|change| change.generation == generation)
        {
            state.changes.remove(target);
            self.apply(&state)?;
            tracing::info!(target: "rustboot::loggers", logger = target, "log level is back to what is configured");
        }
        Ok(())
    }
}
