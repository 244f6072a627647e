//! One server for several processes of an application: the first starts it, and holds a lock for as long as it has it; the
//! others find its URL beside the lock.
//!
//! The lock is the operating system's, and free again however its owner ends. The server is ended then as well, by its keeper, which may
//! take a moment longer; whoever gets the lock in between waits for that.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another process may take to start the server.
const OTHERS_START: Duration = Duration::from_secs(320);

/// How long the server of a process that is gone may take to end.
const OTHERS_END: Duration = Duration::from_secs(20);

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What became of a look for a server.
#[derive(Debug)]
pub(crate) enum Claim {
    /// There is none: this process is to start it.
    Ours(Owner),
    /// Another process has one, at this URL.
    Theirs(String),
}

/// The right to start the server. It ends when this is dropped, and the URL is gone with it.
#[derive(Debug)]
pub(crate) struct Owner {
    url: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
}

/// Where the URL of a server is while it ends: nobody is sent there any more, and it is waited for all the same.
fn ending(url: &Path) -> PathBuf {
    url.with_extension("ending")
}

/// Looks for the server whose files are called like that: `target/rustboot/shop/postgres`.
///
/// # Errors
/// The files cannot be made or locked, or another process holds the lock and comes to nothing.
pub(crate) fn claim(name: &Path) -> io::Result<Claim> {
    if let Some(folder) = name.parent() {
        fs::create_dir_all(folder)?;
    }
    let url = name.with_extension("url");
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(name.with_extension("lock"))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => {
                wait_for_the_end(&url)?;
                wait_for_the_end(&ending(&url))?;
                return Ok(Claim::Ours(Owner { url, _lock: lock }));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if let Ok(url) = fs::read_to_string(&url)
            && address(&url).is_some()
        {
            return Ok(Claim::Theirs(url));
        }
        if began.elapsed() > OTHERS_START {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "another process of the application has been starting it for minutes",
            ));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

impl Owner {
    /// Tells the others where the server is. For the owner of the file alone, since the password is in it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn publish(&self, url: &str) -> io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;

        let draft = self.url.with_extension("url.new");
        let _none = fs::remove_file(&draft);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?
            .write_all(url.as_bytes())?;
        // At once as a whole: nobody reads half of it.
        fs::rename(&draft, &self.url)
    }

    /// Sends nobody to the server any more, since it is about to end. Whoever looks for one from here on waits for the lock, and starts one.
    pub(crate) fn withdraw(&self) {
        let _none = fs::rename(&self.url, ending(&self.url));
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        for url in [&self.url, &ending(&self.url)] {
            let _none = fs::remove_file(url);
        }
    }
}

/// After an owner that was killed, its URL is still here, and its server may be.
fn wait_for_the_end(url: &Path) -> io::Result<()> {
    let Ok(left) = fs::read_to_string(url) else {
        return Ok(());
    };
    let began = Instant::now();
    while let Some(address) = address(&left)
        && TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
    {
        if began.elapsed() > OTHERS_END {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("a process that is gone has left a server on {address}"),
            ));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    fs::remove_file(url)
}

/// Host and port of a URL: `127.0.0.1:23456`.
pub(crate) fn address(url: &str) -> Option<SocketAddr> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let address = authority.rsplit_once('@').map_or(authority, |(_, a)| a);
    address.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_first_owns_it_and_the_others_find_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let name = dir.path().join("shop/postgres");
        let Ok(Claim::Ours(owner)) = claim(&name) else {
            panic!("nobody else is there");
        };
        let waiting = {
            let name = name.clone();
            std::thread::spawn(move || claim(&name))
        };
        owner
            .publish("postgres://u:p@127.0.0.1:5432/shop")
            .expect("a URL");
        match waiting.join().expect("no panic") {
            Ok(Claim::Theirs(url)) => assert_eq!(url, "postgres://u:p@127.0.0.1:5432/shop"),
            other => panic!("{other:?}"),
        }
        drop(owner);
        assert!(!name.with_extension("url").exists());
        assert!(matches!(claim(&name), Ok(Claim::Ours(_))));
    }

    #[test]
    fn what_a_killed_owner_left_is_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let name = dir.path().join("redis");
        // Killed at its work, or while it ended its server.
        for left in ["url", "ending"] {
            let server = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = server.local_addr().expect("an address");
            fs::write(name.with_extension(left), format!("redis://:p@{address}/")).expect("a file");
            let ended = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(200));
                drop(server);
                Instant::now()
            });
            assert!(matches!(claim(&name), Ok(Claim::Ours(_))));
            assert!(ended.join().expect("no panic") <= Instant::now());
            assert!(TcpStream::connect(address).is_err());
        }
    }

    #[test]
    fn nobody_is_sent_to_a_server_that_ends() {
        let dir = tempfile::tempdir().expect("a folder");
        let name = dir.path().join("redis");
        let Ok(Claim::Ours(owner)) = claim(&name) else {
            panic!("nobody else is there");
        };
        owner.publish("redis://127.0.0.1:1/").expect("a URL");
        assert!(matches!(claim(&name), Ok(Claim::Theirs(_))));
        owner.withdraw();
        let next = {
            let name = name.clone();
            std::thread::spawn(move || claim(&name))
        };
        std::thread::sleep(Duration::from_millis(200));
        assert!(!next.is_finished());
        drop(owner);
        let Ok(Ok(Claim::Ours(next))) = next.join() else {
            panic!("it is for the next to start one");
        };
        drop(next);
        assert!(!name.with_extension("ending").exists());
    }

    #[test]
    fn addresses_are_read_from_urls() {
        let read = |url| address(url).map(|address| address.to_string());
        let expected = Some("127.0.0.1:5432".to_owned());
        assert_eq!(read("postgres://u:p@127.0.0.1:5432/shop?x=y"), expected);
        assert_eq!(read("redis://127.0.0.1:5432/"), expected);
        assert_eq!(read("half of a"), None);
    }
}
