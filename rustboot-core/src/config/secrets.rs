//! Secrets as files: a folder such as `/run/secrets`, and `NAME_FILE` variables.
//!
//! A file's name is the key, with `__` or `.` for nesting, or a well-known name in lower case (`database_url`). Kubernetes
//! mounts a folder of links into `..data`; entries that start with a dot are that machinery and are passed over.

use std::path::{Path, PathBuf};

use figment::value::Value;

use super::Origin;
use super::env::{WELL_KNOWN, file_variable_key};
use super::layer::Layer;
use crate::report::Problem;

/// Larger files are no secrets.
const MAX_BYTES: u64 = 64 * 1024;

/// Where secrets are by default, in Docker and by custom elsewhere.
pub(crate) const DEFAULT_DIR: &str = "/run/secrets";

/// The key that a secret is called by: with `__` or `.` for nesting, or a well-known name. `None` when it has no section.
pub(crate) fn key_of(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let key = WELL_KNOWN
        .iter()
        .find(|(known, _)| known.to_lowercase() == lower)
        .map_or_else(|| lower.replace("__", "."), |(_, key)| (*key).to_owned());
    (key.contains('.') && !key.split('.').any(str::is_empty)).then_some(key)
}

/// Reads a folder. A missing one is empty.
pub(crate) fn read_dir(dir: &Path, problems: &mut Vec<Problem>) -> Layer {
    let shown = dir.display().to_string();
    let mut layer = Layer::new(
        format!("secrets in {shown}"),
        Origin::Secret {
            path: shown.clone(),
            variable: None,
        },
    );
    layer.relaxed = true;
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return layer,
        Err(error) => {
            problems.push(Problem::new(
                shown,
                format!("the folder of secrets cannot be read: {error}"),
            ));
            return layer;
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        // Follows links, as Kubernetes needs.
        if name.starts_with('.') || !path.is_file() {
            continue;
        }
        // A file without nesting is some other program's secret.
        let Some(key) = key_of(name) else {
            continue;
        };
        if let Some(value) = read_file(&path, &path.display().to_string(), problems) {
            layer.set(
                &key,
                Value::from(value),
                Origin::Secret {
                    path: path.display().to_string(),
                    variable: None,
                },
            );
        }
    }
    layer
}

/// A file that a variable names and that cannot be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) key: String,
    /// Whether the variable can only mean a secret file. `APP_TLS__CERT_FILE` may be a plain key `tls.cert_file`.
    pub(crate) certain: bool,
    pub(crate) problem: Problem,
}

/// What the `NAME_FILE` variables gave.
#[derive(Debug)]
pub(crate) struct FromVariables {
    pub(crate) layer: Layer,
    pub(crate) unread: Vec<Unread>,
}

/// Reads the files that `NAME_FILE` variables name.
pub(crate) fn read_variables<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    prefix: &str,
) -> FromVariables {
    let mut layer = Layer::new(
        "files named by variables",
        Origin::Secret {
            path: String::new(),
            variable: None,
        },
    );
    layer.relaxed = true;
    let mut unread = Vec::new();
    for (name, path) in variables {
        let Some(key) = file_variable_key(name, prefix) else {
            continue;
        };
        if path.is_empty() {
            continue;
        }
        let mut problems = Vec::new();
        if let Some(value) = read_file(Path::new(path), &key, &mut problems) {
            layer.set(
                &key,
                Value::from(value),
                Origin::Secret {
                    path: path.to_owned(),
                    variable: Some(name.to_owned()),
                },
            );
        }
        unread.extend(problems.into_iter().map(|problem| {
            Unread {
                key: key.clone(),
                certain: WELL_KNOWN
                    .iter()
                    .any(|(known, _)| name.strip_suffix("_FILE") == Some(known)),
                problem: problem.note(format!(
                    "the environment variable {name} names the file {path}"
                )),
            }
        }));
    }
    FromVariables { layer, unread }
}

/// The text of a file without one trailing newline, which editors and `echo` add.
fn read_file(path: &Path, shown: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let read = || -> std::io::Result<String> {
        let size = std::fs::metadata(path)?.len();
        if size > MAX_BYTES {
            return Err(std::io::Error::other(format!(
                "it is larger than {} KiB",
                MAX_BYTES / 1024
            )));
        }
        std::fs::read_to_string(path)
    };
    match read() {
        Ok(mut text) => {
            if text.ends_with('\n') {
                text.pop();
                if text.ends_with('\r') {
                    text.pop();
                }
            }
            Some(text)
        }
        Err(error) => {
            problems.push(Problem::new(
                shown,
                format!("the secret cannot be read: {error}"),
            ));
            None
        }
    }
}
