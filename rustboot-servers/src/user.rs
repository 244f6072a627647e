//! Who a server runs as when root starts it.

use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Result, ServerError};

/// An account without rights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    name: &'static str,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// Nobody in particular when this process is not root's; else the first of these accounts that there is.
    pub(crate) fn for_server(server: &'static str, names: &[&'static str]) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        names
            .iter()
            .find_map(|name| {
                Some(Self {
                    name,
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

    /// Whether a folder lets it through to what is inside, as far as its mode says; access lists are not looked at.
    fn may_enter(self, folder: &Path) -> bool {
        folder.metadata().is_ok_and(|found| {
            let mode = found.mode();
            if found.uid() == self.uid {
                mode & 0o100 != 0
            } else if found.gid() == self.gid {
                mode & 0o010 != 0
            } else {
                mode & 0o001 != 0
            }
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
    let refused = || ServerError::io(doing());
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(parent)
        .map_err(refused())?;
    let parent = parent.canonicalize().map_err(refused())?;
    if let Some(user) = user
        && let Some(closed) = parent.ancestors().find(|it| !user.may_enter(it))
    {
        return Err(ServerError::Closed {
            account: user.name,
            closed: closed.to_owned(),
            folder,
        });
    }
    if !folder.exists() {
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(refused())?;
        if let Some(user) = user {
            chown(&folder, Some(user.uid), Some(user.gid)).map_err(refused())?;
        }
    }
    folder.canonicalize().map(Some).map_err(refused())
}
