//! A proxy in front of the server: it counts round trips, and it can swallow everything, as a broken network does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct State {
    /// `ReadyForQuery` messages of the server: each ends a round trip.
    trips: AtomicUsize,
    /// Packets of the client.
    packets: AtomicUsize,
    swallows: AtomicBool,
}

pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(super) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let task = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let state = Arc::clone(&state);
                    connections.spawn(async move {
                        let server =
                            TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to))).await;
                        let Ok(server) = server else { return };
                        client.set_nodelay(true).unwrap();
                        server.set_nodelay(true).unwrap();
                        let (from_client, to_client) = client.into_split();
                        let (from_server, to_server) = server.into_split();
                        tokio::select! {
                            () = requests(from_client, to_server, &state) => {}
                            () = answers(from_server, to_client, &state) => {}
                        }
                    });
                }
            }
        });
        Self { port, state, task }
    }

    pub(super) fn trips(&self) -> usize {
        self.state.trips.load(Ordering::SeqCst)
    }

    pub(super) fn packets(&self) -> usize {
        self.state.packets.load(Ordering::SeqCst)
    }

    /// From now on nothing comes through, on old connections and new ones, and nobody is told.
    pub(super) fn swallow(&self, swallows: bool) {
        self.state.swallows.store(swallows, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    async fn pass(&self) {
        while self.swallows.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        state.pass().await;
        state.packets.fetch_add(1, Ordering::SeqCst);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// The messages of the server are a letter, a length, and that many bytes.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    // The answer to the question for TLS is a single letter.
    let mut first = [0];
    if from.read_exact(&mut first).await.is_err() {
        return;
    }
    let mut head = vec![first[0]];
    if first[0] == b'N' {
        state.pass().await;
        if to.write_all(&head).await.is_err() {
            return;
        }
        head.clear();
    }
    loop {
        let mut message = std::mem::take(&mut head);
        let missing = 5 - message.len();
        let mut rest = vec![0; missing];
        if from.read_exact(&mut rest).await.is_err() {
            return;
        }
        message.extend(rest);
        let length =
            u32::from_be_bytes([message[1], message[2], message[3], message[4]]) as usize - 4;
        let mut body = vec![0; length];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        message.extend(body);
        state.pass().await;
        if message[0] == b'Z' {
            state.trips.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}
