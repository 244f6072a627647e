//! From file names to migrations. Everything that can be wrong with them is known before the start.
//!
//! `migrations/0001_links.sql`, `migrations/20240101120000_users.up.sql` with its `.down.sql`. A file in
//! `migrations/sqlite/` (`postgres/`, `mysql/`) is for that database alone, and replaces the one of the same version in
//! `migrations/`. `migrations/NAME/` is the same for the database `[databases.NAME]`. Other folders and other endings are passed
//! over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustboot_core::app::Resource;
use rustboot_core::report::Problem;
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType};

const FOLDER: &str = "migrations/";

/// What sqlx looks for at the begin of a file that must not run in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// The migrations of an application, in their order.
#[derive(Debug, Clone, Default)]
pub struct Migrations {
    up: Vec<File>,
}

/// One migration, with the file that it came from.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) migration: Migration,
}

impl Migrations {
    /// Those of an application's compiled-in files ([`AppInfo::resources`](rustboot_core::AppInfo::resources)) that are for
    /// a driver: `sqlite`.
    ///
    /// # Errors
    /// A problem for each file whose name has no version, and each version that two files have.
    pub fn embedded(resources: &[Resource], driver: &str) -> Result<Self, Vec<Problem>> {
        Self::below(FOLDER, resources, driver)
    }

    /// Those of the database `[databases.NAME]`: the same below `migrations/NAME/`.
    ///
    /// # Errors
    /// As [`Migrations::embedded`].
    pub fn embedded_for(
        name: &str,
        resources: &[Resource],
        driver: &str,
    ) -> Result<Self, Vec<Problem>> {
        Self::below(&format!("{FOLDER}{name}/"), resources, driver)
    }

    fn below(folder: &str, resources: &[Resource], driver: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut common = BTreeMap::new();
        let mut own = BTreeMap::new();
        for resource in resources {
            let Some(name) = resource.path.strip_prefix(folder) else {
                continue;
            };
            let (slot, name) = match name.split_once('/') {
                None => (&mut common, name),
                Some((folder, name)) if folder == driver && !name.contains('/') => (&mut own, name),
                Some(_) => continue,
            };
            if !name.ends_with(".sql") {
                continue;
            }
            let Some(file) = File::new(resource, name) else {
                problems.push(
                    Problem::new(
                        resource.path,
                        "the name has to be a version, an underscore and words",
                    )
                    .note("help: rename it, for example to 0001_links.sql"),
                );
                continue;
            };
            let key = (
                file.migration.version,
                file.migration.migration_type.is_down_migration(),
            );
            if let Some(first) = slot.get(&key).map(|first: &File| first.path) {
                problems.push(
                    Problem::new(
                        resource.path,
                        format!("the version {} is there twice", key.0),
                    )
                    .note(format!("the other one is {first}"))
                    .note("help: give the newer one a higher version"),
                );
                continue;
            }
            slot.insert(key, file);
        }
        common.append(&mut own);
        if !problems.is_empty() {
            return Err(problems);
        }
        let up = common
            .into_iter()
            .filter(|((_, down), _)| !down)
            .map(|(_, file)| file)
            .collect();
        Ok(Self { up })
    }

    /// How many there are, without those that go down.
    pub fn len(&self) -> usize {
        self.up.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.up.is_empty()
    }

    pub(super) fn files(&self) -> &[File] {
        &self.up
    }
}

impl File {
    fn new(resource: &Resource, name: &str) -> Option<Self> {
        let (version, words) = name.split_once('_')?;
        if !version.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let version = version.parse().ok()?;
        let kind = MigrationType::from_filename(name);
        let words = words.strip_suffix(kind.suffix())?.replace('_', " ");
        let sql = SqlStr::from_static(resource.contents);
        let no_transaction = resource.contents.starts_with(NO_TRANSACTION);
        Some(Self {
            path: resource.path,
            migration: Migration::new(version, Cow::Owned(words), kind, sql, no_transaction),
        })
    }
}
