//! Who a server runs as when root starts it.

use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Result, ServerError};

/// An account without rights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// Nobody in particular when this process is not root's; else the first of these accounts that there is.
    pub(crate) fn for_server(server: &'static str, names: &[&str]) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        names
            .iter()
            .find_map(|name| {
                Some(Self {
                    uid: number("-u", name)?,
                    gid: number("-g", name)?,
                })
            })
            .map(Some)
            .ok_or_else(|| ServerError::Refused {
                doing: format!("{server} does not run as root"),
                answer: format!("found none of the accounts {}", names.join(", ")),
            })
    }
}

/// `id` asks the same sources as the system does.
fn number(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    let number = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    (number != 0).then_some(number)
}

/// A folder for data, made for this user when it is not there, with its absolute path.
pub(crate) fn folder_for(folder: Option<PathBuf>, user: Option<User>) -> Result<Option<PathBuf>> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    let doing = || format!("cannot use the folder {}", folder.display());
    if !folder.exists() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder.parent().unwrap_or(&folder))
            .and_then(|()| std::fs::DirBuilder::new().mode(0o700).create(&folder))
            .map_err(ServerError::io(doing()))?;
        if let Some(user) = user {
            chown(&folder, Some(user.uid), Some(user.gid)).map_err(ServerError::io(doing()))?;
        }
    }
    folder
        .canonicalize()
        .map(Some)
        .map_err(ServerError::io(doing()))
}
