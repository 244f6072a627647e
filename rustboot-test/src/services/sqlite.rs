//! A file in a temporary folder.

use std::path::Path;

use rustboot_core::app::ProvidedService;
use rustboot_core::component::BoxFuture;
use rustboot_core::{AppInfo, Error, Result};
use tempfile::TempDir;

use super::Lent;

struct Folder(TempDir);

impl Lent for Folder {
    fn give_back(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.0.close().map_err(|error| {
                Error::internal("the folder of the test's SQLite database was not removed")
                    .with_source(error)
            })
        })
    }
}

pub(super) fn fresh(key: &str, info: &AppInfo) -> Result<(ProvidedService, Box<dyn Lent>)> {
    let folder = tempfile::Builder::new()
        .prefix(&format!("{}-", info.name))
        .tempdir()
        .map_err(|error| {
            Error::internal("no folder could be made for the test's SQLite database")
                .with_source(error)
        })?;
    let file = folder.path().join(format!("{}.db", info.name));
    let service = ProvidedService::at(key, url_of(&file), "an SQLite file of the test's own");
    Ok((service, Box::new(Folder(folder))))
}

/// `sqlite:/tmp/…/app.db`, with what would mean something in a URL written as `%3F` and the like.
fn url_of(file: &Path) -> String {
    let path = file.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite:{path}")
}
