//! Event streams and WebSockets: their limits, and how they end. The client of the WebSockets is tungstenite's, which shares no
//! code with the handlers of this service but the codec.

mod closing;
mod events;
mod stopping;
mod websockets;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{Service, eventually, fresh, within};
use crate::http::{Connection, Request};

const OPEN: &str = "http_server_open_streams";
const CUT: &str = "http_server_streams_cut_total";

/// A WebSocket, and the id of the request that it was.
pub(crate) struct Socket<S = TcpStream> {
    stream: WebSocketStream<S>,
    id: String,
    protocol: Option<String>,
}

impl Socket {
    /// Opens one, or says what the service answered instead.
    async fn open(service: &Service, path: &str) -> Result<Self, Error> {
        let tcp = TcpStream::connect(&service.address).await?;
        Self::over(tcp, path).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) async fn over(stream: S, path: &str) -> Result<Self, Error> {
        let id = format!("socket-{}", fresh());
        let mut request = format!("ws://service.test{path}").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("x-request-id", id.parse().unwrap());
        // This client insists on an answer when it offers some.
        if path == "/ws/echo" {
            headers.insert("sec-websocket-protocol", "other, echo.v1".parse().unwrap());
        }
        let opening = tokio_tungstenite::client_async(request, stream);
        let (stream, response) = within("a WebSocket", opening).await?;
        let protocol = response.headers().get("sec-websocket-protocol");
        Ok(Self {
            stream,
            id,
            protocol: protocol.map(|protocol| protocol.to_str().unwrap().to_owned()),
        })
    }

    pub(crate) async fn send(&mut self, text: &str) {
        within("a message is sent", self.stream.send(text.into()))
            .await
            .unwrap();
    }

    /// The next message that is no ping or pong. `None` when the connection has ended in order.
    pub(crate) async fn next(&mut self) -> Option<Result<Message, Error>> {
        loop {
            match within("a message", self.stream.next()).await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                next => return next,
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// Reads until the service closes: the code, and the reason. Then the connection has to end in order.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let closed = match self.next().await {
            Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("no close: {other:?}"),
        };
        match self.next().await {
            None => closed,
            other => panic!("after the close: {other:?}"),
        }
    }
}

/// The response to a handshake that was refused.
fn refusal(opened: Result<Socket, Error>) -> (u16, Option<String>) {
    match opened {
        Err(Error::Http(response)) => {
            let retry = response.headers().get("retry-after");
            (
                response.status().as_u16(),
                retry.map(|retry| retry.to_str().unwrap().to_owned()),
            )
        }
        Ok(_) => panic!("it was not refused"),
        Err(other) => panic!("{other}"),
    }
}

/// An event stream whose head has been read.
async fn events(service: &Service, target: &str) -> (Connection, String) {
    let id = format!("events-{}", fresh());
    let mut connection = service.connect().await;
    let request = Request::get(target).header("x-request-id", &id);
    connection.write(&request.bytes()).await.unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!(head.status, 200, "{head:?}");
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    (connection, id)
}

/// Waits until a metric has a value.
async fn becomes(service: &Service, sample: &str, labels: &[(&str, &str)], value: f64) {
    eventually(sample, async || {
        service.metrics().await.sum(sample, labels) == value
    })
    .await;
}
