//! A network between a client and a server that can be made to fail.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Where bytes are on their way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    /// The client asked.
    Server,
    /// The server answers.
    Client,
}

/// Stands before a server on 127.0.0.1, and can swallow everything, as a broken network does: connections stay open, new ones
/// are accepted, and nothing arrives. Killing or freezing the server looks different to its clients.
///
/// ```no_run
/// use rustboot_servers::{Proxy, Redis};
///
/// let redis = Redis::start()?;
/// let proxy = Proxy::before(&redis.url())?;
/// let url = proxy.url();
/// proxy.swallow(true); // whoever is connected by `url` hears nothing any more
/// proxy.swallow(false); // what was under way arrives
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it closes all connections.
pub struct Proxy {
    url: String,
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    accepted: AtomicUsize,
}

#[derive(Default)]
struct State {
    swallows: bool,
    closed: bool,
    /// Both ends of each connection, to close them.
    open: HashMap<usize, [TcpStream; 2]>,
}

type Watch = dyn Fn(Towards, &[u8]) + Send + Sync;

impl Proxy {
    /// One before the server of a URL, which names 127.0.0.1 and a port. It listens on a free port.
    ///
    /// # Errors
    /// The URL names another host or no port, or it cannot listen.
    pub fn before(url: &str) -> io::Result<Self> {
        Self::watched(url, |_, _| {})
    }

    /// The same, with somebody who sees all that passes, in the pieces in which it does, just before.
    ///
    /// # Errors
    /// As [`Proxy::before`].
    pub fn watched(
        url: &str,
        watch: impl Fn(Towards, &[u8]) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (start, server, end) = split(url).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected the URL of a server on 127.0.0.1, with its port",
            )
        })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let watch: Arc<Watch> = Arc::new(watch);
        let accepting = Arc::clone(&shared);
        thread::Builder::new()
            .name("rustboot-proxy".to_owned())
            .spawn(move || {
                for client in listener.incoming() {
                    if accepting.state().closed {
                        return;
                    }
                    // A client that is gone already, or a server that is not there: the client sees its connection end.
                    if let Ok(client) = client {
                        let _gone = connect(&accepting, client, server, &watch);
                    }
                }
            })?;
        Ok(Self {
            url: format!("{start}{port}{end}"),
            port,
            shared,
        })
    }

    /// The URL of the server, by way of this. It has the password in it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether nothing arrives from now on. What is swallowed is late, not lost.
    pub fn swallow(&self, everything: bool) {
        self.shared.state().swallows = everything;
        self.shared.changed.notify_all();
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        for [client, server] in state.open.values() {
            end(client, server);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the one who accepts.
        let _woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while everything is swallowed. False when the proxy is gone.
    fn lets_pass(&self) -> bool {
        let state = self.state();
        let held = |state: &mut State| state.swallows && !state.closed;
        let state = self.changed.wait_while(state, held);
        !state.unwrap_or_else(PoisonError::into_inner).closed
    }
}

/// Begins to pass on what comes, in a thread for each direction.
fn connect(
    shared: &Arc<Shared>,
    client: TcpStream,
    server: u16,
    watch: &Arc<Watch>,
) -> io::Result<()> {
    let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ends = [client.try_clone()?, server.try_clone()?];
    let ways = [
        (client.try_clone()?, server.try_clone()?, Towards::Server),
        (server, client, Towards::Client),
    ];
    {
        let mut state = shared.state();
        if state.closed {
            return Ok(());
        }
        state.open.insert(number, ends);
    }
    for (mut from, mut to, towards) in ways {
        let (shared, watch) = (Arc::clone(shared), Arc::clone(watch));
        thread::spawn(move || {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let bytes = buffer.get(..length).unwrap_or_default();
                if !shared.lets_pass() {
                    break;
                }
                watch(towards, bytes);
                if to.write_all(bytes).is_err() {
                    break;
                }
            }
            end(&from, &to);
            shared.state().open.remove(&number);
        });
    }
    Ok(())
}

/// Closes both, whoever else has them.
fn end(one: &TcpStream, other: &TcpStream) {
    // One that is closed already is.
    let _closed = one.shutdown(Shutdown::Both);
    let _closed = other.shutdown(Shutdown::Both);
}

/// What comes before the port, the port, and the rest.
fn split(url: &str) -> Option<(&str, u16, &str)> {
    const HOST: &str = "127.0.0.1:";
    let at = url.rfind(HOST)? + HOST.len();
    let (start, rest) = url.split_at(at);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (port, end) = rest.split_at(digits);
    Some((start, port.parse().ok()?, end))
}

/// Without the password.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Says everything back.
    fn echo() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut buffer = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut buffer) {
                        stream.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        });
        format!("echo://user:7@127.0.0.1:{port}/0?a=b")
    }

    fn client(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    #[test]
    fn it_passes_on_and_swallows() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sees = Arc::clone(&seen);
        let watch = move |towards, bytes: &[u8]| sees.lock().unwrap().push((towards, bytes.len()));
        let proxy = Proxy::watched(&echo(), watch).unwrap();
        let mut one = client(&proxy);
        let mut answer = [0; 4];
        one.write_all(b"here").unwrap();
        one.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"here");
        assert_eq!(
            *seen.lock().unwrap(),
            [(Towards::Server, 4), (Towards::Client, 4)]
        );

        proxy.swallow(true);
        let mut other = client(&proxy);
        other.write_all(b"nobo").unwrap();
        one.write_all(b"dy.?").unwrap();
        one.set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let error = one.read_exact(&mut answer).unwrap_err();
        assert!(matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ));
        one.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        proxy.swallow(false);
        one.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"dy.?");
        other.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"nobo");
        assert_eq!(proxy.connections(), 2);

        proxy.swallow(true);
        drop(proxy);
        assert_eq!(one.read(&mut answer).unwrap(), 0, "it is closed");
    }

    #[test]
    fn where_nobody_listens_connections_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let nobody = listener.local_addr().unwrap().port();
        drop(listener);
        let proxy = Proxy::before(&format!("redis://127.0.0.1:{nobody}")).unwrap();
        assert_eq!(proxy.url(), format!("redis://127.0.0.1:{}", proxy.port));
        let read = client(&proxy).read(&mut [0; 4]);
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    }

    #[test]
    fn the_url_leads_through_it() {
        let proxy = Proxy::before(&echo()).unwrap();
        let expected = format!("echo://user:7@127.0.0.1:{}/0?a=b", proxy.port);
        assert_eq!(proxy.url(), expected);
        for elsewhere in [
            "redis://db.example:6379/",
            "redis://127.0.0.1/",
            "127.0.0.1:99999",
        ] {
            let error = Proxy::before(elsewhere).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{elsewhere}");
        }
    }
}
