//! Secret sources: registered by modules and users, read before the sections that they fill are bound.

use std::sync::Arc;

use super::StartError;
use super::builder::AppBuilder;
use crate::command;
use crate::config::SecretSource;
use crate::config::secret_source::{self, ErasedSource, Fetched, Refusal};
use crate::config::settings::keys_of;
use crate::error::{Error, ErrorKind, Result};
use crate::report::Problem;

/// What the builder knows of them.
#[derive(Default)]
pub(super) struct SecretSources {
    pub(super) all: Vec<Arc<dyn ErasedSource>>,
    /// How many of them are done with.
    read: usize,
    /// How many modules have had a chance to register theirs.
    asked_modules: usize,
    /// Those that could not be reached: the start fails, after everything else has been looked at.
    unreachable: Vec<Refusal>,
    /// Keys that are missing, unless a source that was not read has them.
    pub(super) awaited: Vec<Problem>,
}

impl SecretSources {
    pub(super) fn has_unreachable(&self) -> bool {
        !self.unreachable.is_empty()
    }
}

impl AppBuilder {
    /// Adds a store of secrets. It is read before any section of the configuration is bound, at the same time as the others;
    /// what it gives beats files, variables and secret files, and is beaten by the command line.
    ///
    /// In `main`, call it first: a source that is added there is read when `main` returns, or when
    /// [`AppBuilder::read_secret_sources`] is called, and must not give a key of a section that has been bound by then
    /// (`log`, and what `main` itself asked for). A module has [`Module::secret_sources`](super::Module::secret_sources).
    pub fn secret_source(&mut self, source: impl SecretSource) -> &mut Self {
        self.secrets.all.push(Arc::new(source));
        self
    }

    /// Reads the secret sources that have been added and not been read, all at the same time. Happens by itself before and
    /// after each module is configured; call it when the very next line needs one of their keys.
    ///
    /// The commands that open no connection (`check`, `config`, `routes`, …) do not read them, unless `--connect` is given.
    ///
    /// # Errors
    /// When a source fails or is too slow. That is reported with all other problems; pass it on with `?`.
    pub async fn read_secret_sources(&mut self) -> Result<()> {
        let first = self.secrets.read;
        let new = self.secrets.all[first..].to_vec();
        self.secrets.read = self.secrets.all.len();
        if new.is_empty() {
            return Ok(());
        }
        if !command::asks_secret_sources(&self.sources.arguments) {
            let names = new.iter().map(|source| source.name().to_owned());
            self.load().unread_sources.extend(names);
            return Ok(());
        }
        let mut failed = None;
        for outcome in secret_source::fetch(&new, first).await {
            match outcome {
                Ok(fetched) => self.take_secrets(fetched),
                Err(refusal) => {
                    failed = Some(refusal.error.kind());
                    self.refused(refusal);
                }
            }
        }
        match failed {
            Some(kind) => Err(Error::new(kind, "a secret source could not be read")),
            None => Ok(()),
        }
    }

    fn take_secrets(&mut self, fetched: Fetched) {
        for def in &self.section_defs {
            let bound: Vec<String> = keys_of(def).into_iter().map(|(key, _)| key).collect();
            for key in fetched
                .layer
                .keys()
                .filter(|key| bound.iter().any(|b| b == key))
            {
                let problem = Problem::new(key, "read before the secret source was there that has it")
                    .note(fetched.layer.origin(key).sentence())
                    .note("help: register the source in `Module::secret_sources`, or first thing in `main`");
                self.report.configuration.push(problem);
            }
        }
        let settings = self.load();
        settings.push_secrets(fetched.layer);
        settings.warnings.extend(fetched.warnings);
    }

    fn refused(&mut self, refusal: Refusal) {
        self.load().unread_sources.push(refusal.source.clone());
        if refusal.is_misconfigured() {
            self.report.configuration.push(refusal.problem());
        } else {
            self.secrets.unreachable.push(refusal);
        }
    }

    /// Lets the modules that have not been asked register their sources, and reads what is new.
    pub(super) async fn gather_secrets(&mut self) -> Result<()> {
        while let Some(module) = self.modules.get(self.secrets.asked_modules).cloned() {
            self.secrets.asked_modules += 1;
            self.current_module = module.name().to_owned();
            let registered = module.secret_sources(self);
            if registered.is_err() {
                // Whatever is missing now may be what that source has.
                let name = module.name().to_owned();
                self.load().unread_sources.push(name);
            }
            self.forgive_reported(registered, module.name())?;
        }
        // Its error is kept: everything else is looked at first.
        let _kept = self.read_secret_sources().await.is_ok();
        Ok(())
    }

    /// A problem of the configuration, unless a source that was not read may have the key that it is about.
    pub(super) fn blame(&mut self, problem: Problem) {
        let settings = self.load();
        if settings.unread_sources.is_empty() || settings.origin(&problem.subject).is_some() {
            self.report.configuration.push(problem);
        } else {
            self.secrets.awaited.push(problem);
        }
    }

    /// Why the start fails when nothing but the sources is wrong; `None` when all of them could be reached.
    pub(super) fn unreachable_sources(&mut self) -> Option<StartError> {
        let kind = self.secrets.unreachable.first()?.error.kind();
        let refusals = std::mem::take(&mut self.secrets.unreachable);
        if !self.report.is_empty() {
            let problems = refusals.iter().map(Refusal::problem);
            self.report.configuration.extend(problems);
            return None;
        }
        let each: Vec<String> = refusals
            .iter()
            .map(|refusal| format!("the secret source {}: {}", refusal.source, refusal.text()))
            .collect();
        Some(StartError::Failed(Error::new(kind, each.join("\nerror: "))))
    }

    /// A module that is configured by keys which only a source has cannot be checked without it.
    pub(super) fn skipped(&mut self, module: &str) {
        let settings = self.load();
        let sources = settings.unread_sources.join(", ");
        let keys: Vec<&str> = self
            .secrets
            .awaited
            .iter()
            .map(|problem| problem.subject.as_str())
            .collect();
        let problem = Problem::new(
            format!("module {module}"),
            format!("cannot be configured without {}", keys.join(", ")),
        )
        .note(format!(
            "they may come from the secret source {sources}, which was not asked"
        ))
        .note("help: pass --connect, or set them for this check");
        self.report.configuration.push(problem);
    }

    pub(super) fn is_awaiting(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Configuration && !self.secrets.awaited.is_empty()
    }
}
