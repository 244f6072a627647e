//! The command line: a command, options of the framework, and configuration keys.

use figment::value::Value;

use super::Origin;
use super::layer::Layer;
use crate::report::Problem;

/// A command line, taken apart.
///
/// ```
/// use rustboot_core::config::Arguments;
///
/// let args = Arguments::parse(["config", "--format", "json", "--server.port=9090"]);
/// assert_eq!(args.words(), ["config"]);
/// assert_eq!(args.option("format"), Some("json"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    words: Vec<String>,
    profile: Option<String>,
    options: Vec<(String, Option<String>)>,
    settings: Vec<Setting>,
    malformed: Vec<Problem>,
}

#[derive(Debug, Clone)]
struct Setting {
    key: String,
    value: String,
    name: String,
}

/// Options that take a value as the next word.
const WITH_VALUE: [&str; 3] = ["profile", "format", "set"];

impl Arguments {
    /// Takes arguments apart, without the program's name.
    pub fn parse<I: IntoIterator<Item = S>, S: Into<String>>(arguments: I) -> Self {
        let mut args = Self::default();
        let mut rest = arguments.into_iter().map(Into::into);
        while let Some(argument) = rest.next() {
            let Some(body) = argument.strip_prefix("--").filter(|body| !body.is_empty()) else {
                match argument.as_str() {
                    "-h" => args.options.push(("help".to_owned(), None)),
                    "-V" => args.options.push(("version".to_owned(), None)),
                    _ => args.words.push(argument),
                }
                continue;
            };
            let (name, mut value) = match body.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (body.to_owned(), None),
            };
            if value.is_none() && WITH_VALUE.contains(&name.as_str()) {
                value = rest.next();
                if value.is_none() {
                    args.malformed
                        .push(Problem::new(format!("--{name}"), "needs a value after it"));
                    continue;
                }
            }
            args.take(name, value);
        }
        args
    }

    fn take(&mut self, name: String, value: Option<String>) {
        match (name.as_str(), value) {
            ("profile", value) => self.profile = value,
            ("set", Some(pair)) => match pair.split_once('=') {
                Some((key, value)) if is_key(key) => self.settings.push(Setting {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    name: format!("--set {key}"),
                }),
                _ => self.malformed.push(
                    // The pair may hold a secret, so it is not repeated.
                    Problem::new("--set", "expected KEY=VALUE with a dotted key")
                        .note("help: write --set server.port=9090"),
                ),
            },
            (key, Some(value)) if key.contains('.') => {
                if is_key(key) {
                    self.settings.push(Setting {
                        key: key.to_owned(),
                        value,
                        name: format!("--{key}"),
                    });
                } else {
                    self.malformed.push(Problem::new(
                        format!("--{key}"),
                        "is not a configuration key",
                    ));
                }
            }
            (key, None) if key.contains('.') => self.malformed.push(
                Problem::new(format!("--{key}"), "needs a value")
                    .note(format!("help: write --{key}=VALUE")),
            ),
            (_, value) => self.options.push((name, value)),
        }
    }

    /// The words that are not options: the command and what belongs to it.
    pub fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// The value of an option: `--format json`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .and_then(|(_, value)| value.as_deref())
    }

    /// Whether an option was given, with a value or without: `--connect`.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(n, _)| n == name)
    }

    /// The names of the options that were given.
    pub(crate) fn option_names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }

    /// `--profile`.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The layer of `--set` and `--key=value`, and what could not be understood.
    pub(crate) fn layer(&self, problems: &mut Vec<Problem>) -> Layer {
        problems.extend(self.malformed.iter().cloned());
        let mut layer = Layer::new(
            "arguments",
            Origin::Argument {
                name: "--set".to_owned(),
            },
        );
        layer.beats_secrets = true;
        for setting in &self.settings {
            layer.set(
                &setting.key,
                Value::from(setting.value.as_str()),
                Origin::Argument {
                    name: setting.name.clone(),
                },
            );
        }
        layer
    }
}

fn is_key(key: &str) -> bool {
    key.contains('.')
        && key.split('.').all(|segment| {
            !segment.is_empty()
                && segment
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        })
}
