//! Turns the merged values into structs, and collects every problem on the way.
//!
//! A serde implementation stops at its first error. To find the others, the binder runs it again: keys that are known to
//! fail are served last, so that each run gets as far as the next unknown failure. Structs need nothing but
//! `Deserialize` for that, nested ones and foreign ones included.

mod access;
mod de;
mod error;
mod scalar;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use figment::value::{Dict, Tag, Value};
use serde::de::DeserializeOwned;

use self::de::ValueDe;
pub(crate) use self::scalar::items;
pub use self::scalar::parse_duration;
use super::layer::join;
use super::mask;
use super::properties::{ConfigDef, Field, Properties};
use super::settings::Settings;
use super::{Origin, env, nearest};
use crate::report::Problem;

/// The binding of one section.
pub(crate) struct Binding<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) def: &'a ConfigDef,
    pub(crate) problems: &'a mut Vec<Problem>,
    /// Keys that are missing here, and that a secret source may have that has not been asked.
    pub(crate) awaited: &'a mut Vec<Problem>,
    pub(crate) unknown: &'a mut Vec<UnknownKey>,
}

impl Binding<'_> {
    fn missing(&mut self, problem: Problem) {
        if self.settings.unread_sources.is_empty() {
            self.problems.push(problem);
        } else {
            self.awaited.push(problem);
        }
    }
}

/// A key below a bound section that nothing reads. Whether it is a problem is known when all sections are bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    pub(crate) key: String,
    pub(crate) nearest: Option<String>,
}

/// What the deserializers of one section share.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) secret_keys: BTreeSet<String>,
    /// Keys that failed in an earlier run.
    pub(super) failed: BTreeSet<String>,
    pub(super) unknown: RefCell<Vec<UnknownKey>>,
    /// Whether the value at hand is inside a `Secret`.
    pub(super) inside_secret: Cell<bool>,
}

impl Context<'_> {
    pub(super) fn is_secret(&self, key: &str) -> bool {
        self.inside_secret.get() || self.secret_keys.contains(key) || mask::is_sensitive(key)
    }

    /// Whether a key, or one below it, failed before.
    pub(super) fn is_tainted(&self, key: &str) -> bool {
        self.failed.iter().any(|failed| {
            failed == key
                || failed
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

/// Binds `T` at its prefix. `None` when there was a problem, which is then in the binding.
pub(crate) fn section<T: Properties>(binding: &mut Binding<'_>) -> Option<T> {
    let empty = Value::Dict(Tag::Default, Dict::new());
    let prefix = binding.def.prefix;
    let settings = binding.settings;
    let value = settings.find(prefix).unwrap_or(&empty);
    let fields = T::fields();

    let mut missing = Vec::new();
    find_missing(value, prefix, &fields, &mut missing);
    for (key, field) in &missing {
        let secret = field.secret || mask::is_sensitive(key);
        let problem = Problem::new(key, "required, and not set")
            .note(needed_by(binding.def))
            .note(settings.ways_to_set(key, secret));
        binding.missing(problem);
    }

    let mut context = Context {
        settings,
        secret_keys: secret_keys(prefix, &fields),
        failed: missing.iter().map(|(key, _)| key.clone()).collect(),
        unknown: RefCell::default(),
        inside_secret: Cell::new(false),
    };
    let bound = bind_all::<T>(value, prefix, &mut context, binding);
    for unknown in context.unknown.into_inner() {
        if !binding.unknown.contains(&unknown) {
            binding.unknown.push(unknown);
        }
    }
    let bound = bound.filter(|_| missing.is_empty())?;

    let mut checks = Vec::new();
    bound.check(&mut checks);
    for (key, message) in &checks {
        let key = join(prefix, key);
        // A rule of the user may quote what it found.
        let mut problem = Problem::new(&key, mask::without_credentials(message));
        if let Some(origin) = settings.origin(&key) {
            problem = problem.note(origin.sentence());
        }
        binding.problems.push(problem);
    }
    checks.is_empty().then_some(bound)
}

fn bind_all<T: DeserializeOwned>(
    value: &Value,
    prefix: &str,
    context: &mut Context<'_>,
    binding: &mut Binding<'_>,
) -> Option<T> {
    loop {
        context.unknown.borrow_mut().clear();
        let error = match T::deserialize(ValueDe::new(value, prefix.to_owned(), context)) {
            Ok(bound) => return Some(bound),
            Err(error) => error,
        };
        let key = error.key.unwrap_or_else(|| prefix.to_owned());
        if !context.failed.insert(key.clone()) {
            return None;
        }
        let found = context.settings.find(&key).filter(|_| error.foreign);
        let mut problem = Problem::new(
            &key,
            with_found(error.message, found, context.is_secret(&key)),
        );
        match origin(context.settings, &key).filter(|_| !error.missing) {
            Some(origin) => problem = problem.note(origin.sentence()),
            None => {
                let secret = context.is_secret(&key);
                problem = problem
                    .note(needed_by(binding.def))
                    .note(context.settings.ways_to_set(&key, secret));
            }
        }
        let problem = match error.help {
            Some(help) => problem.note(format!("help: {help}")),
            None => problem,
        };
        if error.missing {
            binding.missing(problem);
        } else {
            binding.problems.push(problem);
        }
    }
}

/// A message of somebody else's type, with the text that it does not like.
fn with_found(message: String, found: Option<&Value>, is_secret: bool) -> String {
    match found {
        Some(Value::String(_, text)) if !is_secret && !message.contains(text.as_str()) => {
            format!("{message}, found {:?}", mask::without_credentials(text))
        }
        _ => message,
    }
}

/// Where the value of a key came from. The items of a list that is one text, as in a variable, came with the list.
fn origin(settings: &Settings, key: &str) -> Option<Origin> {
    settings.origin(key).or_else(|| {
        let (list, item) = key.rsplit_once('.')?;
        item.parse::<usize>().ok()?;
        settings.origin(list)
    })
}

/// Whether nothing but well-known variables sets a section. They are there for every program, and not meant for this one.
fn set_by_platform(settings: &Settings, section: &str) -> bool {
    let below = format!("{section}.");
    settings
        .leaves()
        .iter()
        .filter(|(key, _, _)| key.starts_with(&below))
        .all(|(_, _, origin)| matches!(origin, Origin::Env { name } if env::is_well_known(name)))
}

fn needed_by(def: &ConfigDef) -> String {
    format!("needed by `{}` ({})", def.name, def.location)
}

fn find_missing(value: &Value, prefix: &str, fields: &[Field], missing: &mut Vec<(String, Field)>) {
    let Value::Dict(_, dict) = value else {
        return;
    };
    let empty = Value::Dict(Tag::Default, Dict::new());
    for field in fields {
        let key = join(prefix, field.name);
        match (field.nested, dict.get(field.name)) {
            (Some(nested), Some(value)) => find_missing(value, &key, &nested(), missing),
            (Some(nested), None) if !field.optional => {
                find_missing(&empty, &key, &nested(), missing)
            }
            (None, None) if !field.optional && field.default.is_none() => {
                missing.push((key, *field))
            }
            _ => {}
        }
    }
}

fn secret_keys(prefix: &str, fields: &[Field]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for field in fields {
        let key = join(prefix, field.name);
        if let Some(nested) = field.nested {
            keys.extend(secret_keys(&key, &nested()));
        }
        if field.secret {
            keys.insert(key);
        }
    }
    keys
}

/// Decides over the unknown keys once every section is bound: problems and warnings.
pub(crate) fn judge_unknown(
    settings: &Settings,
    unknown: &[UnknownKey],
    prefixes: &[&str],
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    for UnknownKey { key, nearest } in unknown {
        let is_section = prefixes.iter().any(|prefix| {
            prefix == key
                || prefix
                    .strip_prefix(key.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        });
        if is_section {
            continue;
        }
        let Some(origin) = settings.origin(key) else {
            continue;
        };
        let hint = nearest
            .as_ref()
            .map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        if origin.is_ours_alone() {
            problems.push(Problem::new(key, format!("unknown key{hint}")).note(origin.sentence()));
        } else {
            let hint = nearest.as_ref().map_or(String::new(), |near| {
                let section = key.rsplit_once('.').map_or("", |(section, _)| section);
                format!(
                    ", did you mean {}?",
                    env::name_of(&join(section, near), &settings.env_prefix)
                )
            });
            warnings.push(format!("nothing reads {key} ({origin}){hint}"));
        }
    }
    for section in settings.sections() {
        let known = prefixes
            .iter()
            .any(|prefix| prefix.split('.').next() == Some(section));
        if !known && !set_by_platform(settings, section) {
            let hint = nearest(section, prefixes.iter().copied())
                .map_or(String::new(), |near| format!(", did you mean [{near}]?"));
            let origin = settings
                .origin(section)
                .map_or(String::new(), |origin| format!(" ({origin})"));
            warnings.push(format!(
                "nothing reads the section [{section}]{origin}{hint}"
            ));
        }
    }
}
