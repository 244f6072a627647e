//! The migrations of an application, found next to its `Cargo.toml` and compiled into it.
//!
//! Each is included with `include_str!`, so that cargo compiles the application again when one changes. One that is new
//! changes nothing that cargo has seen; the guide says to touch `main.rs` or to watch `migrations` from a build script.

use std::fs;
use std::path::Path;

/// The SQL files below `migrations/`, as paths below the crate's directory with `/` between the parts, sorted.
pub(crate) fn list(crate_dir: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let root = crate_dir.join("migrations");
    if root.is_dir() {
        collect(&root, "migrations", &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(dir: &Path, relative: &str, found: &mut Vec<String>) -> Result<(), String> {
    let unreadable = |error| format!("cannot read {}: {error}", dir.display());
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(format!(
                "{} has a name that is not UTF-8",
                entry.path().display()
            ));
        };
        let relative = format!("{relative}/{name}");
        // Of the entry itself: a link to a directory is not followed, since it may lead back here.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            collect(&entry.path(), &relative, found)?;
        } else if name.ends_with(".sql") && entry.path().is_file() {
            found.push(relative);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::scratch::Scratch;

    #[test]
    fn files_are_found_at_any_depth_and_sorted() {
        let dir = Scratch::new("migrations");
        for file in [
            "0002_b.sql",
            "0001_a.sql",
            "sqlite/0001_a.sql",
            "README.md",
            "x.sql/0003_c.sql",
        ] {
            dir.write(&format!("migrations/{file}"), "select 1;");
        }
        assert_eq!(
            list(&dir.path("")).unwrap(),
            [
                "migrations/0001_a.sql",
                "migrations/0002_b.sql",
                "migrations/sqlite/0001_a.sql",
                "migrations/x.sql/0003_c.sql",
            ]
        );
    }

    #[test]
    fn no_directory_is_no_migrations() {
        let dir = Scratch::new("no-migrations");
        assert_eq!(list(&dir.path("")).unwrap(), Vec::<String>::new());
    }
}
