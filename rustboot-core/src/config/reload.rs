//! Reading the configuration again while the application runs.
//!
//! The new configuration is loaded, bound and verified whole, like at start, and only then do the readers see it. One that is
//! not valid changes nothing. Asked for by SIGHUP, by [`AppContext::reload_config`], and with `config.watch = true` by
//! looking at the files: once a second, by size and time, which also works on network drives and for Kubernetes' mounts,
//! where notifications of the operating system do not come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::bind::{self, Binding, UnknownKey};
use super::load::{FileStates, file_states};
use super::secret_source::{self, Fetched};
use super::settings::{Settings, entry_field, keys_of};
use super::{ConfigDef, Describe, Field, Properties};
use crate::app::AppContext;
use crate::error::{Error, Result};
use crate::lifecycle::Restart;
use crate::report::{Problem, Report};
use crate::schedule;
use crate::source::Location;

/// `[config]`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub(crate) struct ReloadConfig {
    /// Whether changed files take effect without a restart.
    pub(crate) watch: bool,
}

impl Describe for ReloadConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "watch",
                "bool",
                "Whether changed files and secrets take effect without a restart. SIGHUP does that in any case.",
            )
            .typed::<bool>()
            .default_text("false")
            .restart(),
        ]
    }
}

impl Properties for ReloadConfig {
    const PREFIX: &'static str = "config";
    const NAME: &'static str = "ReloadConfig";
    const LOCATION: Location = Location::new(file!(), line!());
}

/// Called after a reload that changed something.
pub(crate) type ConfigListener = Arc<dyn Fn(&AppContext, &ConfigChange) + Send + Sync>;

/// Called after every reload that was valid.
pub(crate) type ReloadListener = Arc<dyn Fn(&AppContext) + Send + Sync>;

/// What a reload changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigChange {
    /// The keys that have another value now.
    pub keys: Vec<String>,
    /// Those of them that only a new process will see.
    pub needs_restart: Vec<String>,
}

impl ConfigChange {
    /// Whether anything below a section changed.
    pub fn affects(&self, section: &str) -> bool {
        self.keys.iter().any(|key| {
            key.strip_prefix(section)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Checks what can be said only when every section is bound. Oddities go to the warnings of the settings.
pub(crate) fn verify(
    settings: &mut Settings,
    unknown: &[UnknownKey],
    sections: &[ConfigDef],
    problems: &mut Vec<Problem>,
) {
    let mut prefixes: Vec<&str> = sections.iter().map(|def| def.prefix).collect();
    prefixes.extend_from_slice(&settings.read_alone);
    let mut warnings = Vec::new();
    bind::judge_unknown(settings, unknown, &prefixes, problems, &mut warnings);
    let known: Vec<String> = sections
        .iter()
        .flat_map(|def| keys_of(def).into_iter().map(|(key, _)| key))
        .collect();
    for pending in &settings.pending_files {
        if known.contains(&pending.key) && !known.contains(&format!("{}_file", pending.key)) {
            problems.push(pending.problem.clone());
        }
    }
    problems.extend_from_slice(settings.placeholder_problems());
    settings.warnings.append(&mut warnings);
}

/// Loads, verifies and swaps.
pub(crate) async fn reload(app: &AppContext) -> std::result::Result<ConfigChange, Report> {
    let outcome = match secrets_again(app).await {
        Err(report) => Ok(Err(report)),
        Ok(secrets) => {
            let context = app.clone();
            // Reading files blocks.
            tokio::task::spawn_blocking(move || reload_now(&context, secrets)).await
        }
    };
    let outcome = outcome.unwrap_or_else(|_| {
        let problem = Problem::new(
            "config",
            "reading the configuration again panicked; the log has the place",
        );
        Err(Report {
            configuration: vec![problem],
            ..Report::default()
        })
    });
    match &outcome {
        Ok(change) if change.keys.is_empty() => {
            tracing::info!(target: "rustboot::config", "configuration read again: nothing changed");
        }
        Ok(change) => {
            tracing::info!(target: "rustboot::config", keys = change.keys.join(", "), "configuration reloaded");
            if !change.needs_restart.is_empty() {
                tracing::warn!(
                    target: "rustboot::config",
                    keys = change.needs_restart.join(", "),
                    "these keys changed and need a restart to take effect"
                );
            }
            for listener in &app.parts().config_listeners {
                listener(app, change);
            }
        }
        Err(report) => {
            tracing::error!(target: "rustboot::config", "the new configuration is not valid, and nothing was changed\n{report}");
        }
    }
    if outcome.is_ok() {
        for listener in &app.parts().reload_listeners {
            listener(app);
        }
    }
    outcome
}

/// Asks the secret sources again. The values of one that cannot be reached stay as they are: that it is down for a while
/// must not keep a change of the files from taking effect.
async fn secrets_again(app: &AppContext) -> std::result::Result<Vec<Fetched>, Report> {
    let mut secrets = Vec::new();
    let mut report = Report::default();
    for outcome in secret_source::fetch(&app.parts().secret_sources, 0).await {
        match outcome {
            Ok(fetched) => secrets.push(fetched),
            Err(refusal) if refusal.is_misconfigured() => {
                report.configuration.push(refusal.problem());
            }
            Err(refusal) => {
                tracing::warn!(
                    target: "rustboot::config",
                    source = refusal.source,
                    error = refusal.text(),
                    "a secret source cannot be read again, and its values stay as they are"
                );
                let kept = app.settings().layer_named(&refusal.layer).cloned();
                secrets.extend(kept.map(|layer| Fetched {
                    layer,
                    warnings: Vec::new(),
                }));
            }
        }
    }
    if report.is_empty() {
        Ok(secrets)
    } else {
        Err(report)
    }
}

fn reload_now(
    app: &AppContext,
    secrets: Vec<Fetched>,
) -> std::result::Result<ConfigChange, Report> {
    let parts = app.parts();
    let mut report = Report::default();
    let mut settings = parts.inputs.load(&mut report.configuration);
    if !report.is_empty() {
        return Err(report);
    }
    for fetched in secrets {
        settings.push_secrets(fetched.layer);
        settings.warnings.extend(fetched.warnings);
    }
    for def in &parts.section_defs {
        settings.learn(def);
    }
    let mut unknown = Vec::new();
    let mut replacements = Vec::new();
    for def in &parts.section_defs {
        let mut binding = Binding {
            settings: &settings,
            def,
            problems: &mut report.configuration,
            // Nothing is awaited: all sources were asked.
            awaited: &mut Vec::new(),
            unknown: &mut unknown,
        };
        replacements.extend((def.rebind)(&mut binding).map(|replacement| (def, replacement)));
    }
    // Tasks are set up at start and stay as they are, but a file that no next start would accept is not accepted now.
    let tasks = schedule::resolve(&parts.task_defs, &settings);
    settings.read_alone = tasks.keys;
    report.configuration.extend(tasks.problems.configuration);
    verify(
        &mut settings,
        &unknown,
        &parts.section_defs,
        &mut report.configuration,
    );
    if !report.is_empty() {
        report.sort();
        return Err(report);
    }

    let change = difference(&app.settings(), &settings, &parts.section_defs);
    for (def, replacement) in replacements {
        // A section without a change keeps its value, so that readers' chains do not grow.
        if change.affects(def.prefix)
            && let Some(cell) = parts.sections.get(&(def.type_id)())
        {
            replacement(&**cell);
        }
    }
    parts.settings.store(Arc::new(settings));
    Ok(change)
}

fn difference(old: &Settings, new: &Settings, sections: &[ConfigDef]) -> ConfigChange {
    let leaves = |settings: &Settings| -> BTreeMap<String, figment::value::Value> {
        settings
            .leaves()
            .into_iter()
            .map(|(key, value, _)| (key, value.clone()))
            .collect()
    };
    let (before, after) = (leaves(old), leaves(new));
    let mut keys: Vec<String> = before
        .keys()
        .chain(after.keys())
        .filter(|key| before.get(*key) != after.get(*key))
        .cloned()
        .collect();
    keys.sort();
    keys.dedup();
    let fixed: Vec<String> = sections
        .iter()
        .flat_map(keys_of)
        .filter(|(_, field)| field.restart)
        .map(|(key, _)| key)
        .chain(new.read_alone.iter().map(|key| (*key).to_owned()))
        .collect();
    let needs_restart = keys
        .iter()
        .filter(|key| {
            let entry = || sections.iter().find_map(|def| entry_field(def, key));
            fixed.contains(key) || entry().is_some_and(|field| field.restart)
        })
        .cloned()
        .collect();
    ConfigChange {
        keys,
        needs_restart,
    }
}

/// Reloads whenever a file changed. Runs until the application stops.
pub(crate) fn watch(app: &AppContext) {
    let context = app.clone();
    app.spawn("config watch", Restart::OnFailure, move || {
        let context = context.clone();
        async move {
            let mut seen = context.settings().files.clone();
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let now = look(&context).await?;
                if now != seen {
                    seen = now;
                    // What is wrong with it is in the log; the next change is another chance.
                    let _logged = context.reload_config().await.is_ok();
                }
            }
        }
    });
}

async fn look(app: &AppContext) -> Result<FileStates> {
    let context = app.clone();
    let look = move || {
        let inputs = &context.parts().inputs;
        file_states(&inputs.sources, &inputs.env_prefix, context.profile())
    };
    tokio::task::spawn_blocking(look).await.map_err(Error::from)
}
