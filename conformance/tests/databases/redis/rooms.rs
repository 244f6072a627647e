//! WebSockets on two replicas hear each other, also after Redis was away.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{courier, own};
use crate::blocking;
use crate::harness::{Service, eventually, within};
use crate::http::Request;

struct Guest(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Guest {
    async fn enter(service: &Service, room: &str) -> Self {
        let url = format!("ws://{}/rooms/{room}", service.address);
        Self(within("a socket", connect_async(url)).await.unwrap().0)
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn hears(&mut self) -> String {
        loop {
            match within("a message", self.0.next()).await.unwrap().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_of_two_replicas() {
    let server = own().await;
    let here = courier(&server.url())
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    let there = courier(&server.url()).start().await;
    let mut ann = Guest::enter(&here, "blue").await;
    let mut ben = Guest::enter(&there, "blue").await;
    let mut eve = Guest::enter(&there, "red").await;
    ann.say("hello").await;
    assert_eq!(ann.hears().await, "hello");
    assert_eq!(ben.hears().await, "hello");
    let say = Request::post("/rooms/red").body("only here");
    assert_eq!(here.send(say).await.status, 202);
    assert_eq!(eve.hears().await, "only here");
    let metrics = here.manage("/metrics").await.text().to_owned();
    // Ann, and the cache.
    assert!(metrics.contains("pubsub_subscriptions 2"), "{metrics}");
    assert!(metrics.contains("pubsub_published_total 2"), "{metrics}");

    let server = blocking(move || {
        server.kill().unwrap();
        server
    })
    .await;
    eventually("there is nobody to tell", async || {
        here.send(Request::post("/rooms/blue").body("lost"))
            .await
            .status
            == 503
    })
    .await;
    assert_eq!(here.get("/plain").await.status, 200);
    let _server = blocking(move || {
        server.restart().unwrap();
        server
    })
    .await;
    // Both replicas have to be back before one can say something that all hear.
    eventually("they hear each other again", async || {
        here.send(Request::post("/rooms/blue").body("again")).await;
        let heard = async |guest: &mut Guest| {
            let wait = std::time::Duration::from_millis(50);
            tokio::time::timeout(wait, guest.0.next()).await.is_ok()
        };
        heard(&mut ann).await && heard(&mut ben).await
    })
    .await;
    // The same sockets as before.
    ann.say("bye").await;
    while ben.hears().await != "bye" {}

    let closed = within("the end", async {
        loop {
            match eve.0.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    drop((ann, ben));
    let (closed, exit) = tokio::join!(closed, there.stop());
    assert_eq!((closed, exit.code), (1001, Some(0)));
    assert_eq!(here.stop().await.code, Some(0));
}
