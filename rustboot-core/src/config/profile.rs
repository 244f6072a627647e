//! Which of the environments this process runs in.

use std::fmt;
use std::path::Path;

use super::nearest;
use crate::report::Problem;

/// The profile of a process: `dev`, `prod`, `test`, or one that has a file `config/app.{profile}.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile(String);

impl Profile {
    /// Development: the default.
    pub fn dev() -> Self {
        Self("dev".to_owned())
    }

    /// Production.
    pub fn prod() -> Self {
        Self("prod".to_owned())
    }

    /// Tests.
    pub fn test() -> Self {
        Self("test".to_owned())
    }

    /// Its name, with the aliases resolved.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `dev`, where defaults favour the person at the keyboard.
    pub fn is_dev(&self) -> bool {
        self.0 == "dev"
    }

    /// Resolves a name.
    ///
    /// An unknown name is a problem that lists the known ones: a typo must not start production with the settings of
    /// development.
    pub(crate) fn resolve(name: &str, set_by: &str, config_dir: &Path) -> Result<Self, Problem> {
        let name = match name {
            "development" => "dev",
            "production" => "prod",
            name => name,
        };
        if ["dev", "prod", "test"].contains(&name) {
            return Ok(Self(name.to_owned()));
        }
        let valid = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if valid && config_dir.join(format!("app.{name}.toml")).is_file() {
            return Ok(Self(name.to_owned()));
        }
        let mut known = vec!["dev".to_owned(), "prod".to_owned(), "test".to_owned()];
        known.extend(profiles_with_a_file(config_dir));
        known.sort();
        known.dedup();
        let suggestion = nearest(name, known.iter().map(String::as_str))
            .map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        Err(Problem::new(
            "profile",
            format!("there is no profile `{name}`{suggestion}"),
        )
        .note(set_by)
        .note(format!(
            "help: the profiles that exist are {}; a file config/app.{}.toml makes another",
            known.join(", "),
            if valid { name } else { "NAME" },
        )))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn profiles_with_a_file(config_dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(config_dir) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let profile = name.strip_prefix("app.")?.strip_suffix(".toml")?;
            (!profile.is_empty()).then(|| profile.to_owned())
        })
        .collect()
}
