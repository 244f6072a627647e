//! From definitions to tasks: what they leave to the configuration is filled in, and everything is checked before anything
//! starts.

use std::time::Duration;

use figment::value::Value;

use super::reference::Reference;
use super::{Overlap, Period, TaskDef, Trigger};
use crate::component::{BoxFuture, Resolver};
use crate::config::settings::Settings;
use crate::config::{mask, parse_duration};
use crate::error::Result;
use crate::report::{Problem, Report};
use crate::source::Location;

/// When a task runs.
#[derive(Debug, Clone)]
pub(super) enum Times {
    /// From start to start.
    Every(Duration),
    /// From end to start.
    Delay(Duration),
    /// By the clock.
    #[cfg(feature = "cron")]
    Cron(super::cron::CronTimes),
}

/// A task that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(super) name: &'static str,
    pub(super) location: Location,
    pub(super) times: Times,
    /// The same in words.
    pub(super) trigger: String,
    pub(super) initial_delay: Option<Duration>,
    pub(super) jitter: Duration,
    pub(super) timeout: Option<Duration>,
    pub(super) overlap: Overlap,
    pub(super) enabled: bool,
    pub(super) singleton: bool,
    pub(super) call: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<()>>>,
}

/// What became of the definitions.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) tasks: Vec<Task>,
    /// The keys of the configuration that they read, so that nobody takes them for unknown.
    pub(crate) keys: Vec<&'static str>,
    pub(crate) problems: Report,
}

/// Reads and checks all of them.
pub(crate) fn resolve(defs: &[TaskDef], settings: &Settings) -> Resolved {
    let mut resolved = Resolved::default();
    check_names(defs, &mut resolved.problems.wiring);
    for def in defs {
        let mut reader = Reader {
            def,
            settings,
            resolved: &mut resolved,
        };
        if let Some(task) = reader.task() {
            resolved.tasks.push(task);
        }
    }
    resolved
}

/// The name is the label in metrics and the key in `/tasks`: two tasks would be one there.
fn check_names(defs: &[TaskDef], problems: &mut Vec<Problem>) {
    for (index, def) in defs.iter().enumerate() {
        let mut same: Vec<Location> = defs
            .iter()
            .filter(|other| other.name == def.name)
            .map(|other| other.location)
            .collect();
        if same.len() < 2 || defs[..index].iter().any(|other| other.name == def.name) {
            continue;
        }
        same.sort_unstable();
        let mut problem = Problem::new(
            def.title(),
            format!("there are {} of this name", same.len()),
        );
        for location in same {
            problem = problem.note(format!("written at {location}"));
        }
        problems.push(problem.note("help: give all but one a name: #[scheduled(name = \"…\", …)]"));
    }
}

/// A text of a definition, with the key that it came from when it is the configuration's.
struct Text {
    text: String,
    key: Option<&'static str>,
}

/// Reads one definition.
struct Reader<'a> {
    def: &'a TaskDef,
    settings: &'a Settings,
    resolved: &'a mut Resolved,
}

impl Reader<'_> {
    fn task(&mut self) -> Option<Task> {
        let options = self.def.options;
        // All of them are read before anything is given up, for the sake of the report.
        let enabled = options.enabled.map_or(Some(true), |text| self.switch(text));
        let times = self.times();
        let initial_delay = self.optional(options.initial_delay);
        let jitter = self.optional(options.jitter);
        let timeout = self.optional(options.timeout);
        if let (Some((Times::Every(period), _)), Some(Some(jitter))) = (&times, jitter)
            && jitter >= *period
        {
            self.wrong(
                None,
                &format!("its jitter ({jitter:?}) has to be shorter than its period ({period:?})"),
            );
        }
        if let Some(Some(Duration::ZERO)) = timeout {
            self.wrong(None, "its timeout has to be longer than nothing");
        }
        let (times, trigger) = times?;
        Some(Task {
            name: self.def.name,
            location: self.def.location,
            times,
            trigger,
            initial_delay: initial_delay?,
            jitter: jitter?.unwrap_or_default(),
            timeout: timeout?,
            overlap: options.overlap.unwrap_or_default(),
            enabled: enabled?,
            singleton: options.singleton,
            call: self.def.call,
        })
    }

    fn times(&mut self) -> Option<(Times, String)> {
        match self.def.trigger {
            Trigger::Every(period) => {
                let period = self.positive(period)?;
                Some((Times::Every(period), format!("every {period:?}")))
            }
            Trigger::Delay(pause) => {
                let pause = self.positive(pause)?;
                Some((Times::Delay(pause), format!("{pause:?} after the last")))
            }
            #[cfg(feature = "cron")]
            Trigger::Cron { expression, zone } => self.cron(expression, zone),
        }
    }

    #[cfg(feature = "cron")]
    fn cron(&mut self, expression: &'static str, zone: &'static str) -> Option<(Times, String)> {
        use super::{clock, cron};

        let expression = self.text(expression);
        let zone = self.text(zone);
        let parsed = expression.as_ref().map(|text| cron::expression(&text.text));
        if let (Some(text), Some(Err(why))) = (&expression, &parsed) {
            let why = self.shown(text, why, "a cron expression");
            self.wrong(text.key, &why);
        }
        let found = zone.as_ref().map(|text| cron::zone(&text.text));
        if let (Some(text), Some(Err(why))) = (&zone, &found) {
            let why = self.shown(text, why, "the name of a time zone");
            self.wrong(text.key, &why);
        }
        let (expression, zone) = (expression?, zone?);
        let times = cron::CronTimes::new(parsed?.ok()?, found?.ok()?);
        if times.after(clock::now()).is_none() {
            let why = format!("the time {:?} never comes", expression.text);
            self.wrong(expression.key, &why);
        }
        let trigger = format!("cron {} ({})", expression.text, zone.text);
        Some((Times::Cron(times), trigger))
    }

    fn positive(&mut self, period: Period) -> Option<Duration> {
        let duration = self.period(period)?;
        if duration.is_zero() {
            let key = match period {
                Period::Fixed(_) => None,
                Period::Configured(text) => Reference::read(text).map(|found| found.key),
            };
            self.wrong(
                key,
                "a task cannot run all the time: the period has to be longer than nothing",
            );
            return None;
        }
        Some(duration)
    }

    /// The outer `None` is a problem.
    fn optional(&mut self, period: Option<Period>) -> Option<Option<Duration>> {
        match period {
            None => Some(None),
            Some(period) => self.period(period).map(Some),
        }
    }

    fn period(&mut self, period: Period) -> Option<Duration> {
        let text = match period {
            Period::Fixed(duration) => return Some(duration),
            Period::Configured(text) => self.text(text)?,
        };
        let parsed = parse_duration(&text.text);
        if parsed.is_none() {
            let expected = "a duration with its unit, such as 250ms, 30s, 5m or 1h30m";
            let why = format!("expected {expected}, found {:?}", text.text);
            let why = self.shown(&text, &why, expected);
            self.wrong(text.key, &why);
        }
        parsed
    }

    fn switch(&mut self, text: &'static str) -> Option<bool> {
        let text = self.text(text)?;
        match text.text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => {
                let why = format!("expected true or false, found {:?}", text.text);
                let why = self.shown(&text, &why, "true or false");
                self.wrong(text.key, &why);
                None
            }
        }
    }

    /// The text itself, or the value of the key that it names.
    fn text(&mut self, text: &'static str) -> Option<Text> {
        let Some(Reference { key, default }) = Reference::read(text) else {
            let text = text.to_owned();
            return Some(Text { text, key: None });
        };
        self.resolved.keys.push(key);
        let found = match self.settings.find(key) {
            Some(Value::String(_, text)) => Some(text.clone()),
            Some(Value::Bool(_, value)) => Some(value.to_string()),
            Some(Value::Num(_, number)) => number
                .to_i128()
                .map(|n| n.to_string())
                .or_else(|| number.to_u128().map(|n| n.to_string()))
                .or_else(|| number.to_f64().map(|n| n.to_string())),
            Some(Value::Dict(..) | Value::Array(..)) => {
                self.wrong(Some(key), "expected one value, found a section or a list");
                return None;
            }
            Some(Value::Char(_, c)) => Some(c.to_string()),
            Some(Value::Empty(..)) | None => None,
        };
        match (found, default) {
            (Some(text), _) => Some(Text {
                text,
                key: Some(key),
            }),
            (None, Some(default)) => Some(Text {
                text: default.to_owned(),
                key: None,
            }),
            (None, None) => {
                let problem = Problem::new(key, "required, and not set")
                    .note(self.needed_by())
                    .note(self.settings.ways_to_set(key, mask::is_sensitive(key)));
                self.resolved.problems.configuration.push(problem);
                None
            }
        }
    }

    /// A sentence that quotes a value, unless the value's key is named like a secret.
    fn shown(&self, text: &Text, sentence: &str, expected: &str) -> String {
        if text.key.is_some_and(mask::is_sensitive) {
            format!("expected {expected}, found a value that is not shown here")
        } else {
            sentence.to_owned()
        }
    }

    fn needed_by(&self) -> String {
        format!("needed by {} ({})", self.def.title(), self.def.location)
    }

    /// Something is wrong with the value of a key, or with the definition.
    fn wrong(&mut self, key: Option<&str>, why: &str) {
        let problems = &mut self.resolved.problems;
        let Some(key) = key else {
            let problem = Problem::new(self.def.title(), why)
                .note(format!("written at {}", self.def.location));
            problems.wiring.push(problem);
            return;
        };
        let mut problem = Problem::new(key, why);
        if let Some(origin) = self.settings.origin(key) {
            problem = problem.note(origin.sentence());
        }
        problem = problem.note(format!(
            "needed by {} ({})",
            self.def.title(),
            self.def.location
        ));
        problems.configuration.push(problem);
    }
}
