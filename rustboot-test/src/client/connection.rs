//! A connection for each request: nothing stays open that a stop would have to wait for.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where requests go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    url: String,
}

impl Target {
    /// A listener at `http://127.0.0.1:23456`.
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:23456`.
    pub(crate) fn authority(&self) -> &str {
        self.url
            .split_once("://")
            .map_or(self.url.as_str(), |(_, authority)| authority)
    }

    /// Sends a request, and reads the answer to its end.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, String> {
        if self.url.starts_with("https://") {
            return Err(
                "the listener speaks TLS, and the client of the test kit does not: use a client of your own on `base_url()`"
                    .to_owned(),
            );
        }
        let stream = TcpStream::connect(self.authority())
            .await
            .map_err(|error| format!("cannot connect to {}: {error}", self.url))?;
        let broken = |error: hyper::Error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let exchange = async move {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(broken)?.to_bytes();
            Ok(Response::from_parts(parts, body))
        };
        // The connection ends with the sender, and its errors are those of the answer.
        let (answer, _ended) = tokio::join!(exchange, connection);
        answer
    }
}
