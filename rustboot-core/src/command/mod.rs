//! What the words on the command line do: `run`, `check`, `config`, `migrate`, `version` and `help` here, the others
//! (`routes`, `health`, `openapi`) come from modules by `Module::commands`.
//!
//! A command gets the [`Assembly`]: configuration bound, wiring checked, and no component built. Before that, two lists here
//! decide by the first word: for those in `OFFLINE` no secret source is asked, and only for those in `builds_components`
//! the servers are started that nobody configured; `--connect` lifts both. `version` and `help` need no configuration.
//!
//! What is not here: taking arguments apart (`config::args`), and starting and stopping (`lifecycle`).

mod check;
mod config;
mod migrate;

use crate::app::{AppBuilder, AppInfo, Assembly, RunningApp, StartError};
use crate::component::BoxFuture;
use crate::config::{Arguments, nearest};
use crate::error::{Error, Result};

/// A command of the application's binary.
#[derive(Clone, Copy)]
pub struct Command {
    /// The word on the command line.
    pub name: &'static str,
    /// One line for `help`.
    pub help: &'static str,
    /// Does it; the result is the exit code.
    pub run: fn(Assembly) -> BoxFuture<'static, Result<u8>>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.name)
    }
}

/// What every application has.
pub(crate) fn built_in() -> Vec<Command> {
    vec![
        Command {
            name: "run",
            help: "serve (the default)",
            run: |assembly| Box::pin(async { Ok(assembly.start().await?.wait().await) }),
        },
        Command {
            name: "check",
            help: "load, validate and wire without opening a connection; --connect also builds the components and checks health",
            run: |assembly| Box::pin(check::check(assembly)),
        },
        Command {
            name: "config",
            help: "print the effective configuration with the origin of every value (--format json); `config schema`, `config default`",
            run: |assembly| Box::pin(async move { config::config(&assembly) }),
        },
        Command {
            name: "migrate",
            help: "run the database migrations, and nothing else; `migrate status` lists them",
            run: |assembly| Box::pin(migrate::migrate(assembly)),
        },
    ]
}

/// Options of the commands; a key of the configuration has a dot.
const OPTIONS: [&str; 4] = ["format", "connect", "help", "version"];

/// Commands that open no connection. Anything else may need what the secret sources have.
const OFFLINE: [&str; 5] = ["check", "config", "routes", "openapi", "health"];

/// What may follow the commands of the framework; those of modules read their words themselves.
const SECOND_WORDS: [(&str, &[&str]); 7] = [
    ("run", &[]),
    ("check", &[]),
    ("config", &["schema", "default"]),
    ("migrate", &["status"]),
    ("routes", &[]),
    ("openapi", &[]),
    ("health", &[]),
];

/// What is wrong with the words behind a command: one that is overlooked may have been meant to do something.
fn stray_word(words: &[&str]) -> Option<String> {
    let (name, rest) = words.split_first()?;
    let (_, known) = SECOND_WORDS.iter().find(|(command, _)| command == name)?;
    let stray = match rest {
        [word, stray, ..] if known.contains(word) => stray,
        [word, ..] if !known.contains(word) => word,
        _ => return None,
    };
    let hint = match nearest(stray, known.iter().copied().chain(OPTIONS)) {
        Some(near) if OPTIONS.contains(&near) => format!(", did you mean `--{near}`?"),
        Some(near) => format!(", did you mean `{near}`?"),
        None => String::new(),
    };
    Some(format!("`{name}` takes no `{stray}`{hint}"))
}

/// Whether the secret sources are read for what the command line says.
pub(crate) fn asks_secret_sources(arguments: &Arguments) -> bool {
    let offline = |word| OFFLINE.contains(word);
    arguments.has("connect") || !arguments.words().first().is_some_and(offline)
}

/// Whether the components are built for what the command line says, and so whether the servers that they need are started.
pub(crate) fn builds_components(arguments: &Arguments) -> bool {
    let builds = |word: &&str| ["run", "migrate"].contains(word);
    arguments.has("connect") || arguments.words().first().is_none_or(builds)
}

/// `version` and `help` work whatever state the configuration is in.
pub(crate) fn answer_without_configuration(app: &AppBuilder) -> Option<String> {
    let (arguments, info) = (app.arguments(), app.app_info());
    let word = arguments.words().first().copied();
    if word == Some("version") || arguments.has("version") {
        let commit = info
            .git_commit
            .map_or(String::new(), |commit| format!(", commit {commit}"));
        return Some(format!(
            "{} {} ({}{commit})\n",
            info.name, info.version, info.rustc
        ));
    }
    if word == Some("help") || arguments.has("help") {
        return Some(help(info, &app.known_commands()));
    }
    None
}

/// What became of a command.
pub(crate) enum Done {
    /// It is over, with that exit code.
    Ended(u8),
    /// The application serves.
    Serving(Box<RunningApp>),
}

fn help(info: &AppInfo, commands: &[Command]) -> String {
    let mut text = format!(
        "{} {}\n\nUsage: {} [COMMAND] [OPTIONS]\n\nCommands:\n",
        info.name, info.version, info.name
    );
    for command in commands {
        text += &format!("  {:<9} {}\n", command.name, command.help);
    }
    text.push_str("  version   print name and version\n  help      print this\n\n");
    text.push_str("Options:\n");
    text.push_str(
        "  --profile NAME       dev, prod, test, or one with a file config/app.NAME.toml\n",
    );
    text.push_str("  --set KEY=VALUE      set a configuration key, as in --set server.port=9090\n");
    text.push_str("  --KEY=VALUE          the same, for a key with a dot: --server.port=9090\n");
    text.push_str("  --format json        for `config` and `routes`\n");
    text.push_str(
        "  --connect            for `check`: ask the secret sources, build the components, look at health (69 when DOWN);\n                       for `config`: ask the secret sources\n",
    );
    text
}

/// Runs the command that the command line names.
pub(crate) async fn run(assembly: Assembly) -> std::result::Result<Done, StartError> {
    let arguments = assembly.arguments().clone();
    let words = arguments.words();
    let name = words.first().copied().unwrap_or("run");
    let names = || {
        assembly
            .commands
            .iter()
            .map(|command| command.name)
            .chain(["version", "help"])
    };
    if let Some(unknown) = arguments
        .option_names()
        .find(|option| !OPTIONS.contains(option))
    {
        let hint = nearest(unknown, OPTIONS.into_iter().chain(["profile", "set"]))
            .map_or(String::new(), |near| format!(", did you mean --{near}"));
        return Err(StartError::Failed(Error::internal(format!(
            "there is no option --{unknown}{hint}; `help` lists them, and configuration keys have a dot"
        ))));
    }
    if let Some(stray) = stray_word(&words) {
        return Err(StartError::Failed(Error::internal(stray)));
    }
    let Some(command) = assembly
        .commands
        .iter()
        .find(|command| command.name == name)
        .copied()
    else {
        let hint =
            nearest(name, names()).map_or(String::new(), |near| format!(", did you mean `{near}`"));
        return Err(StartError::Failed(Error::internal(format!(
            "there is no command `{name}`{hint}; the commands are {}",
            names().collect::<Vec<_>>().join(", ")
        ))));
    };
    if command.name == "run" {
        return Ok(Done::Serving(Box::new(assembly.start().await?)));
    }
    Ok(Done::Ended((command.run)(assembly).await?))
}
