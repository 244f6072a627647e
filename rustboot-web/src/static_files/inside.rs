//! The file system as the directory shows it: what is outside of it is not there.
//!
//! A name is resolved, every symbolic link in it, and has to lie in the directory, resolved as well; then the resolved name is
//! opened. Links from one place of the directory to another are fine: a ConfigMap of Kubernetes consists of them, and git-sync
//! changes one. Somebody who may write into the directory can swap a link between the look and the opening; whoever can do that
//! can put the contents there, too.

use std::fs;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use rustboot_core::component::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeek, ReadBuf, Take};
use tower_http::services::fs::{Backend, File, Metadata};

/// The directory.
#[derive(Debug, Clone)]
pub(super) struct Inside(pub(super) Arc<Path>);

/// A file, as long as it was when it was opened. `Content-Length` says that, so what is appended meanwhile is not sent.
#[derive(Debug)]
pub(super) struct Opened {
    file: Take<tokio::fs::File>,
    known: Known,
}

/// What there is to know about a file or folder.
#[derive(Debug, Clone)]
pub(super) struct Known {
    is_dir: bool,
    length: u64,
    modified: Option<SystemTime>,
}

/// Files that are older than their file systems have been made so: Nix, Bazel and Jib give every file of every version one and the
/// same time, of which nothing follows. 1980-01-02: zip archives begin the day before, in whatever time zone.
const NO_TIME: Duration = Duration::from_secs(315_619_200);

impl Known {
    fn of(metadata: &fs::Metadata) -> io::Result<Self> {
        // A pipe or a device has no end, or none that comes.
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let modified = metadata.modified().ok();
        Ok(Self {
            is_dir: metadata.is_dir(),
            length: metadata.len(),
            modified: modified.filter(|time| *time > SystemTime::UNIX_EPOCH + NO_TIME),
        })
    }
}

impl Inside {
    /// The file or folder behind a name, if it is in the directory.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        // Anew each time: the directory may be a link that a deployment changes.
        let root = self.0.canonicalize().map_err(|error| {
            // Not "not found", which would be the fault of the client.
            io::Error::other(format!("{}: {error}", self.0.display()))
        })?;
        let resolved = path.canonicalize().map_err(as_missing)?;
        if resolved.starts_with(&root) {
            return Ok(resolved);
        }
        tracing::debug!(target: "rustboot::web", file = %path.display(), "not served: it is a link out of the directory");
        Err(ErrorKind::NotFound.into())
    }

    fn look(&self, path: &Path) -> io::Result<Known> {
        Known::of(&fs::metadata(self.resolve(path)?).map_err(as_missing)?)
    }

    fn read(&self, path: &Path) -> io::Result<(fs::File, Known)> {
        let path = self.resolve(path)?;
        // Before it is opened: that waits for somebody at the other end of a pipe.
        Known::of(&fs::metadata(&path).map_err(as_missing)?)?;
        let file = fs::File::open(&path).map_err(|error| {
            if error.kind() == ErrorKind::PermissionDenied {
                tracing::warn!(target: "rustboot::web", file = %path.display(), "not served: it may not be read");
            }
            as_missing(error)
        })?;
        let known = Known::of(&file.metadata()?)?;
        match known.is_dir {
            true => Err(ErrorKind::NotFound.into()),
            false => Ok((file, known)),
        }
    }
}

/// Names of files that cannot be, or are not for us, are not there. What is left is our own fault.
fn as_missing(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::NotADirectory
        | ErrorKind::PermissionDenied
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput => ErrorKind::NotFound.into(),
        _ => error,
    }
}

/// Off the threads that serve requests.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

impl Backend for Inside {
    type File = Opened;
    type Metadata = Known;
    type OpenFuture = BoxFuture<'static, io::Result<Opened>>;
    type MetadataFuture = BoxFuture<'static, io::Result<Known>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let inside = self.clone();
        Box::pin(async move {
            let (file, known) = aside(move || inside.read(&path)).await?;
            let file = tokio::fs::File::from_std(file).take(known.length);
            Ok(Opened { file, known })
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let inside = self.clone();
        Box::pin(aside(move || inside.look(&path)))
    }
}

impl Metadata for Known {
    fn is_dir(&self) -> bool {
        self.is_dir
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.length
    }
}

impl File for Opened {
    type Metadata = Known;
    type MetadataFuture<'a> = std::future::Ready<io::Result<Known>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        std::future::ready(Ok(self.known.clone()))
    }
}

impl AsyncRead for Opened {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(context, buffer)
    }
}

impl AsyncSeek for Opened {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(self.file.get_mut()).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let position = ready!(Pin::new(self.file.get_mut()).poll_complete(context))?;
        let left = self.known.length.saturating_sub(position);
        self.file.set_limit(left);
        Poll::Ready(Ok(position))
    }
}
