//! Unix sockets: for a proxy on the same machine, or in a container that shares a folder.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustboot_core::{Error, Result};
use rustix::net::RecvFlags;
use socket2::{Domain, SockAddr, Type};
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};

use super::address::SocketMode;
use super::socket::empty;
use super::tcp::BACKLOG;

/// The name of a socket, which goes with its listener.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number: another process may have taken over the name.
    identity: (u64, u64),
}

impl SocketFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        // Whoever has removed it first, it is gone.
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(target: "rustboot::web", path = %self.path.display(), %error, "the socket was not removed");
        }
    }
}

/// Another process that opens the same name holds the lock for microseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(1);
const LOCK_AGAIN: Duration = Duration::from_millis(5);

/// Opens a socket by name. What a process that was killed has left there is taken over.
///
/// # Errors
/// When somebody listens there, something else has the name, or the folder is not there or not writable.
pub(super) async fn open(path: &Path, mode: SocketMode) -> Result<(UnixListener, SocketFile)> {
    // Two processes that find the same leftover would remove each other's socket.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let _lock = match folder {
        Some(folder) => lock(folder).await,
        None => None,
    };
    bind(path, mode).map_err(|error| unopened(path, error))
}

/// Holds the lock of a folder for as long as it is kept. Without it (another process that keeps it, a file system that knows
/// no locks) things go on.
async fn lock(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    tokio::time::timeout(LOCK_LIMIT, async {
        while let Err(fs::TryLockError::WouldBlock) = folder.try_lock() {
            tokio::time::sleep(LOCK_AGAIN).await;
        }
    })
    .await
    .ok()?;
    Some(folder)
}

fn bind(path: &Path, mode: SocketMode) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    let socket = socket()?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_leftover(path, &address)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    // Until it listens, nobody can connect: the permissions are right before the first client is there.
    fs::set_permissions(path, Permissions::from_mode(mode.bits()))?;
    let found = fs::symlink_metadata(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: (found.dev(), found.ino()),
    };
    socket.listen(BACKLOG.cast_signed())?;
    Ok((UnixListener::from_std(socket.into())?, file))
}

/// One that never blocks.
fn socket() -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Removes a socket that nobody listens on, and nothing else.
fn remove_leftover(path: &Path, address: &SockAddr) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match socket()?.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        // A queue that is full is somebody's as well.
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::ErrorKind::AddrInUse.into())
        }
        Err(error) => Err(error),
    }
}

fn unopened(path: &Path, error: io::Error) -> Error {
    let name = path.display();
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "the socket {name} is in use by another process: stop that, or set server.unix_socket"
            )
        }
        io::ErrorKind::AlreadyExists => {
            format!("{name} is there and is no socket: remove it, or set server.unix_socket")
        }
        io::ErrorKind::NotFound => format!(
            "the folder of the socket {name} does not exist: create it (with systemd: RuntimeDirectory=), or set \
             server.unix_socket"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "the socket {name} may not be created by this user, who has to be able to write to its folder: set \
             server.unix_socket"
        ),
        io::ErrorKind::InvalidInput => format!(
            "the path {name} is too long for a socket, which the operating system limits to about 100 characters: set \
             server.unix_socket"
        ),
        _ => format!("the socket {name} could not be opened"),
    };
    Error::internal(what).with_source(error)
}

/// Its address, as the ready line shows it. A socket of a service manager may have a name and no file.
pub(super) fn url(path: Option<&Path>) -> String {
    path.map_or_else(
        || "unix:(no file)".to_owned(),
        |path| format!("unix:{}", path.display()),
    )
}

/// See [`Socket::close`](super::socket::Socket::close).
pub(super) fn close(listener: UnixListener, file: SocketFile, mut take: impl FnMut(UnixStream)) {
    // From here on nobody finds it, so that the queue can be emptied for good.
    drop(file);
    let Ok(listener) = listener.into_std() else {
        return;
    };
    empty(
        || listener.accept().map(|(stream, _)| stream),
        |stream| {
            let stream = stream
                .set_nonblocking(true)
                .and_then(|()| UnixStream::from_std(stream));
            if let Ok(stream) = stream {
                take(stream);
            }
        },
    );
}

/// Looks at what has come, without taking it. tokio has this for TCP only.
pub(super) async fn peek(stream: &UnixStream, into: &mut [u8]) -> io::Result<usize> {
    stream
        .async_io(Interest::READABLE, || {
            let (length, _) = rustix::net::recv(stream, &mut *into, RecvFlags::PEEK)?;
            Ok(length)
        })
        .await
}
