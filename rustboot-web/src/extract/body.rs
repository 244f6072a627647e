//! The body of a request, for handlers that are called without the request.

use std::future::poll_fn;
use std::pin::Pin;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest as _, Request};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::pipeline::prepare;

/// The body, and what the head says of it.
#[derive(Debug)]
pub struct RequestBody(Kind);

#[derive(Debug)]
enum Kind {
    WithoutHead(WithoutHead),
    /// Somebody wanted to see the head before.
    Whole(Box<Request>),
}

#[derive(Debug)]
struct WithoutHead {
    incoming: Incoming,
    content_type: ContentType,
    /// `server.body_limit`.
    limit: u64,
}

#[derive(Debug)]
enum ContentType {
    /// `application/json`, and nothing else.
    PlainJson,
    Other(Option<HeaderValue>),
}

impl RequestBody {
    pub(crate) fn new(headers: &HeaderMap, incoming: Incoming, limit: u64) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE);
        Self(Kind::WithoutHead(WithoutHead {
            incoming,
            content_type: match content_type {
                Some(value) if value == "application/json" => ContentType::PlainJson,
                other => ContentType::Other(other.cloned()),
            },
            limit,
        }))
    }

    /// That of a whole request.
    pub(crate) fn of(request: Request) -> Self {
        Self(Kind::Whole(Box::new(request)))
    }

    /// As axum's `Json` reads it, with the same answers to what is wrong.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<Json<T>, JsonRejection> {
        match self.0 {
            Kind::WithoutHead(body) => body.json().await,
            Kind::Whole(request) => by_axum(*request).await,
        }
    }
}

async fn by_axum<T: DeserializeOwned>(request: Request) -> Result<Json<T>, JsonRejection> {
    Json::from_request(request, &()).await
}

impl WithoutHead {
    /// From a body of the usual kind at once, from any other by asking axum.
    async fn json<T: DeserializeOwned>(mut self) -> Result<Json<T>, JsonRejection> {
        // The pipeline has compared a declared length with the limit, and hyper does not deliver more than that.
        let is_usual = matches!(self.content_type, ContentType::PlainJson)
            && self.incoming.size_hint().exact().is_some();
        if !is_usual {
            return by_axum(self.request(None)).await;
        }
        match read(&mut self.incoming).await {
            // Not even noted where in the document the reader is: that is wanted only when something is wrong.
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(value) => Ok(Json(value)),
                Err(_) => Json::from_bytes(&bytes),
            },
            Err(error) => by_axum(self.request(Some(error))).await,
        }
    }

    /// A request that has what axum looks at. With an error, its body is one that fails with it.
    #[cold]
    fn request(self, error: Option<hyper::Error>) -> Request {
        let content_type = match self.content_type {
            ContentType::PlainJson => Some(HeaderValue::from_static("application/json")),
            ContentType::Other(content_type) => content_type,
        };
        let mut request = match error {
            None => prepare(Request::new(self.incoming), self.limit),
            Some(error) => {
                let mut error = Some(error);
                let failing = futures_util::stream::poll_fn(move |_| {
                    std::task::Poll::Ready(error.take().map(Err::<Bytes, _>))
                });
                Request::new(Body::from_stream(failing))
            }
        };
        if let Some(content_type) = content_type {
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        request
    }
}

/// All of a body. The usual one comes in one piece, which is not copied.
async fn read(body: &mut Incoming) -> Result<Bytes, hyper::Error> {
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
        let Ok(data) = frame.map(Frame::into_data)? else {
            continue;
        };
        if whole.is_empty() && pieces.is_empty() {
            whole = data;
        } else {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(match pieces.is_empty() {
        true => whole,
        false => pieces.freeze(),
    })
}
