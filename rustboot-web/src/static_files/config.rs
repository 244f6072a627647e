//! `[server.static_files]`.

use std::path::PathBuf;

use http::HeaderValue;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

use super::name::is_plain;

/// Files that are served where no route answers. Off until there is a directory.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct StaticFilesConfig {
    /// The directory, relative to the application's folder (`RUSTBOOT_BASE_DIR`, else the working folder). Everything in it is public.
    pub directory: Option<PathBuf>,
    /// The path that the directory has in URLs: `/`, or one such as `/assets`.
    pub path: String,
    /// The file that a folder is answered with.
    pub index: String,
    /// A file of the directory that pages without a file or route are answered with, status 200: of an application in one page.
    pub fallback: Option<String>,
    /// The `Cache-Control` of every file. By default a cache asks each time, which an `ETag` makes cheap.
    pub cache_control: String,
    /// Folders of the directory whose files have a hash of the contents in their names: cached for a year, and not asked for again.
    pub immutable: Vec<String>,
}

impl StaticFilesConfig {
    #[cfg(test)]
    pub(super) fn off() -> Self {
        Self {
            directory: None,
            path: "/".to_owned(),
            index: "index.html".to_owned(),
            fallback: None,
            cache_control: "no-cache".to_owned(),
            immutable: Vec::new(),
        }
    }
}

impl Describe for StaticFilesConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "directory",
                "Option<PathBuf>",
                "The directory whose files are served, all of them and to everybody. Setting it switches static files on.",
            )
            .typed::<Option<PathBuf>>()
            .restart()
            .optional(true),
            Field::new(
                "path",
                "String",
                "The path that the directory has in URLs: /, or one such as /assets.",
            )
            .typed::<String>()
            .restart()
            .default_text("/"),
            Field::new(
                "index",
                "String",
                "The name of the file that a folder is answered with.",
            )
            .typed::<String>()
            .restart()
            .default_text("index.html"),
            Field::new(
                "fallback",
                "Option<String>",
                "A file of the directory that browsers get, with 200, for pages that are no file and no route: for single-page applications.",
            )
            .typed::<Option<String>>()
            .restart()
            .optional(true),
            // A browser that is told nothing guesses how long a file stays as it is, and shows the page of one version with the
            // script of another. Asking costs one 304.
            Field::new(
                "cache_control",
                "String",
                "The Cache-Control of every file. no-cache: a cache may keep it, and asks each time whether it has changed.",
            )
            .typed::<String>()
            .restart()
            .default_text("no-cache"),
            Field::new(
                "immutable",
                "Vec<String>",
                "Folders of the directory whose files have a hash in their names: max-age=31536000, immutable.",
            )
            .typed::<Vec<String>>()
            .restart()
            .default_list(&[]),
        ]
    }
}

impl Properties for StaticFilesConfig {
    const PREFIX: &'static str = "server.static_files";
    const NAME: &'static str = "StaticFilesConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem = |key: &str, text: String| problems.push((key.to_owned(), text));
        if let Some(directory) = &self.directory {
            if directory.as_os_str().is_empty() {
                problem(
                    "directory",
                    "expected the path of a directory, found an empty text".to_owned(),
                );
            } else if cfg!(not(feature = "static-files")) {
                problem(
                    "directory",
                    "this program was built without static files: add the feature `static-files` of rustboot in Cargo.toml, or leave server.static_files out".to_owned(),
                );
            }
        }
        if !is_prefix(&self.path) {
            problem(
                "path",
                format!(
                    "expected / or a path such as /assets, of letters, digits, `.`, `_` and `-`, without a slash at the end; found {:?}",
                    self.path
                ),
            );
        }
        if !is_plain(&self.index) {
            problem(
                "index",
                format!(
                    "expected the name of a file, such as index.html, found {:?}",
                    self.index
                ),
            );
        }
        if let Some(fallback) = &self.fallback
            && !is_below(fallback)
        {
            problem(
                "fallback",
                format!(
                    "expected a file of server.static_files.directory, such as index.html, found {fallback:?}"
                ),
            );
        }
        // What is sent is what is written here, or it is an error: a cache must not have to guess.
        let is_visible = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if self.cache_control.trim().is_empty()
            || !is_visible(&self.cache_control)
            || HeaderValue::from_str(&self.cache_control).is_err()
        {
            problem(
                "cache_control",
                format!(
                    "expected the value of a Cache-Control header, such as no-cache or max-age=3600, found {:?}",
                    self.cache_control
                ),
            );
        }
        for folder in &self.immutable {
            if !is_below(folder) {
                problem(
                    "immutable",
                    format!(
                        "expected a folder of server.static_files.directory, such as assets, found {folder:?}"
                    ),
                );
            }
        }
    }
}

/// Whether it can stand in front of the names of files, the same to the letter in every URL.
fn is_prefix(path: &str) -> bool {
    let is_clear = |segment: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !segment.is_empty() && !segment.bytes().all(|c| c == b'.') && segment.chars().all(allowed)
    };
    path == "/"
        || path
            .strip_prefix('/')
            .is_some_and(|path| path.split('/').all(is_clear))
}

/// Whether it names something below a directory, with slashes on every operating system.
fn is_below(path: &str) -> bool {
    path.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(config: &StaticFilesConfig) -> Vec<String> {
        let mut problems = Vec::new();
        config.check(&mut problems);
        problems.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_cannot_be_meant_names_its_key() {
        let off = StaticFilesConfig::off;
        assert_eq!(faults(&off()), [""; 0]);
        for path in [
            "", "assets", "/assets/", "//", "/a//b", "/..", "/a/../b", "/{*rest}", "/a b",
            "/a%20b", "/a?b",
        ] {
            let path = path.to_owned();
            assert_eq!(faults(&StaticFilesConfig { path, ..off() }), ["path"]);
        }
        for path in ["/assets", "/a/b.c", "/v1-2_3"] {
            let path = path.to_owned();
            assert_eq!(faults(&StaticFilesConfig { path, ..off() }), [""; 0]);
        }
        for index in ["", "a/b", "..", ".index", "a\\b"] {
            let index = index.to_owned();
            assert_eq!(faults(&StaticFilesConfig { index, ..off() }), ["index"]);
        }
        for outside in [
            "",
            "/index.html",
            "../index.html",
            "a/../b",
            "a/",
            ".hidden",
        ] {
            let fallback = Some(outside.to_owned());
            assert_eq!(
                faults(&StaticFilesConfig { fallback, ..off() }),
                ["fallback"]
            );
            let immutable = vec![outside.to_owned()];
            assert_eq!(
                faults(&StaticFilesConfig { immutable, ..off() }),
                ["immutable"]
            );
        }
        for value in ["", " ", "no-cache\r\nx: y", "\u{fc}"] {
            let cache_control = value.to_owned();
            assert_eq!(
                faults(&StaticFilesConfig {
                    cache_control,
                    ..off()
                }),
                ["cache_control"]
            );
        }
        let directory = Some(PathBuf::new());
        assert_eq!(
            faults(&StaticFilesConfig { directory, ..off() }),
            ["directory"]
        );
    }
}
