//! Reads all layers, in their order.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::env::{self, FromEnv};
use super::layer::Layer;
use super::settings::{PendingFile, Settings};
use super::{Arguments, Origin, Profile, dotenv, file, secrets};
use crate::report::Problem;

/// Where configuration comes from. The default is the process: its arguments, its environment, its working folder. Tests
/// give their own, so that no test changes the process.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The command line.
    pub arguments: Arguments,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The application's folder: `config/` and `.env` are in it, and relative paths of the configuration start from it. Those of
    /// variables (`NAME_FILE`, `RUSTBOOT_SECRETS_DIR`) and of files that a client library reads by itself (certificates of Redis,
    /// and in the URL of a database) start from the working folder.
    pub base_dir: PathBuf,
    /// A profile that beats `--profile` and `APP_ENV`.
    pub profile: Option<Profile>,
}

impl Sources {
    /// What the process was started with.
    ///
    /// The base folder is `RUSTBOOT_BASE_DIR` when that is set, else the working folder. When that one has no `config/`, cargo
    /// runs the program (`cargo run -p …` in a workspace) and the package has a `config/`, it is the folder of the package.
    pub fn process() -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let arguments = std::env::args_os()
            .skip(1)
            .map(|argument| argument.to_string_lossy().into_owned());
        Self {
            arguments: Arguments::parse(arguments),
            base_dir: base_dir(&environment),
            environment,
            profile: None,
        }
    }

    /// Nothing: no arguments, no variables, that folder.
    pub fn empty(base_dir: impl Into<PathBuf>) -> Self {
        Self {
            arguments: Arguments::default(),
            environment: Vec::new(),
            base_dir: base_dir.into(),
            profile: None,
        }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    fn resolve_profile(&self, env_prefix: &str, config_dir: &Path) -> Result<Profile, Problem> {
        if let Some(profile) = &self.profile {
            return Ok(profile.clone());
        }
        if let Some(name) = self.arguments.profile() {
            return Profile::resolve(name, "set by the argument --profile", config_dir);
        }
        for variable in [format!("{env_prefix}_ENV"), "APP_ENV".to_owned()] {
            if let Some(name) = self.variable(&variable).filter(|name| !name.is_empty()) {
                let set_by = format!("set by the environment variable {variable}");
                return Profile::resolve(name, &set_by, config_dir);
            }
        }
        Ok(Profile::dev())
    }
}

fn base_dir(environment: &[(String, String)]) -> PathBuf {
    let variable = |name: &str| {
        environment
            .iter()
            .find(|(n, value)| n == name && !value.is_empty())
            .map(|(_, value)| PathBuf::from(value))
    };
    if let Some(dir) = variable("RUSTBOOT_BASE_DIR") {
        return dir;
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    if !here.join("config").is_dir()
        && let Some(package) = variable("CARGO_MANIFEST_DIR")
        && package.join("config").is_dir()
    {
        return package;
    }
    here
}

/// A value set in code: key, value, and where.
pub(crate) type CodeValue = (String, figment::value::Value, Origin);

/// Everything that configuration is made from, kept so that it can be read again.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    pub(crate) sources: Sources,
    pub(crate) env_prefix: String,
    pub(crate) defaults: Vec<CodeValue>,
    pub(crate) overrides: Vec<CodeValue>,
    /// Keys that count as not set.
    pub(crate) masked: Vec<String>,
}

impl Inputs {
    /// Reads all layers. What cannot be read is a problem, and the rest is there all the same.
    pub(crate) fn load(&self, problems: &mut Vec<Problem>) -> Settings {
        let mut settings = load(&self.sources, &self.env_prefix, problems);
        settings.push_below(code_layer("defaults of the application", &self.defaults));
        settings.push(override_layer("overrides", &self.overrides));
        for key in &self.masked {
            settings.mask(key);
        }
        settings
    }
}

/// Size and time of a file, or that there is none.
pub(crate) type FileStates = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

/// How the files look that configuration comes from.
pub(crate) fn file_states(sources: &Sources, env_prefix: &str, profile: &Profile) -> FileStates {
    let base = &sources.base_dir;
    let mut paths = vec![
        base.join("config/app.toml"),
        base.join(format!("config/app.{profile}.toml")),
        base.join(".env"),
        base.join(format!(".env.{profile}")),
    ];
    let secrets = std::fs::read_dir(secrets_dir(sources))
        .into_iter()
        .flatten();
    paths.extend(secrets.filter_map(|entry| Some(entry.ok()?.path())));
    let named = sources.environment.iter();
    paths.extend(
        named
            .filter(|(name, _)| env::file_variable_key(name, env_prefix).is_some())
            .map(|(_, path)| PathBuf::from(path)),
    );
    paths.sort();
    let state = |path: PathBuf| {
        // Follows links: Kubernetes swaps a link, and the file behind it is another one then.
        let state = std::fs::metadata(&path).ok();
        (
            path,
            state.map(|state| (state.len(), state.modified().ok())),
        )
    };
    paths.into_iter().map(state).collect()
}

fn secrets_dir(sources: &Sources) -> &str {
    sources
        .variable("RUSTBOOT_SECRETS_DIR")
        .unwrap_or(secrets::DEFAULT_DIR)
}

/// Reads everything below the overrides. Problems do not stop it: the more it knows, the better the report.
fn load(sources: &Sources, env_prefix: &str, problems: &mut Vec<Problem>) -> Settings {
    let base = &sources.base_dir;
    // Without it everything would be as if nothing were configured.
    if sources
        .variable("RUSTBOOT_BASE_DIR")
        .is_some_and(|dir| !dir.is_empty())
        && !base.is_dir()
    {
        let what = format!("{} is no folder", base.display());
        problems
            .push(Problem::new("RUSTBOOT_BASE_DIR", what).note(
                "help: name the folder that has config/, or unset it for the working folder",
            ));
    }
    let config_dir = base.join("config");
    let profile = sources
        .resolve_profile(env_prefix, &config_dir)
        .unwrap_or_else(|problem| {
            problems.push(problem);
            Profile::dev()
        });

    let mut dotenv_files = Vec::new();
    let mut variables = Vec::new();
    for name in [".env".to_owned(), format!(".env.{profile}")] {
        let read = dotenv::read(&base.join(&name), &name, problems);
        variables.extend(read.iter().map(|v| (v.name.clone(), v.value.clone())));
        dotenv_files.push((name, read));
    }
    variables.extend(sources.environment.iter().cloned());

    let mut settings = Settings::new(profile.clone(), env_prefix.to_owned(), variables);
    // Before they are read: a change in between is then seen as one.
    settings.files = file_states(sources, env_prefix, &profile);
    for name in ["app.toml".to_owned(), format!("app.{profile}.toml")] {
        if let Some(layer) =
            file::read(&config_dir.join(&name), &format!("config/{name}"), problems)
        {
            settings.push(layer);
        }
    }
    for (name, variables) in &dotenv_files {
        let read = env::read(
            name,
            variables
                .iter()
                .map(|v| (v.name.as_str(), v.value.as_str())),
            env_prefix,
            |variable| Origin::File {
                path: name.clone(),
                line: variables
                    .iter()
                    .rev()
                    .find(|v| v.name == variable)
                    .and_then(|v| v.line),
            },
        );
        push_environment(&mut settings, read, name);
    }
    let pairs = || {
        sources
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let read = env::read("environment", pairs(), env_prefix, |name| Origin::Env {
        name: name.to_owned(),
    });
    push_environment(&mut settings, read, "the environment");

    settings.push(secrets::read_dir(Path::new(secrets_dir(sources)), problems));
    let files = secrets::read_variables(pairs(), env_prefix);
    settings.push(files.layer);
    for unread in files.unread {
        if unread.certain {
            problems.push(unread.problem);
        } else {
            settings.pending_files.push(PendingFile {
                key: unread.key,
                problem: unread.problem,
            });
        }
    }

    settings.push(sources.arguments.layer(problems));
    settings
}

fn push_environment(settings: &mut Settings, read: FromEnv, source: &str) {
    settings.push(read.well_known);
    settings.push(read.prefixed);
    for name in read.strays {
        settings.warnings.push(format!(
            "{name} in {source} is not a key: sections and keys are separated by `__`"
        ));
    }
}

/// A layer of values set in code that beat everything else.
pub(crate) fn override_layer(name: &str, values: &[CodeValue]) -> Layer {
    let mut layer = code_layer(name, values);
    layer.beats_secrets = true;
    layer
}

/// A layer of values set in code.
pub(crate) fn code_layer(name: &str, values: &[CodeValue]) -> Layer {
    let mut layer = Layer::new(name, Origin::Default);
    for (key, value, origin) in values {
        layer.set(key, value.clone(), origin.clone());
    }
    layer
}
