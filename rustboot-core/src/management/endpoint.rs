//! One endpoint: a path, who may see it, and a function from call to reply.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::app::AppContext;
use crate::component::BoxFuture;
use crate::error::{Error, Result};

/// Who may see an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Probes: on every listener.
    Everywhere,
    /// For whoever uses the application: on the main listener, and nowhere else.
    Application,
    /// On the management listener, or on the main one where there is none.
    Management,
    /// What shows the inside of the application: on the management listener, and on the main one only in `dev`.
    Internal,
}

/// What an endpoint is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `GET`: looks.
    Read,
    /// `PUT`: changes something. Only for [`Exposure::Internal`] endpoints.
    Write,
}

/// One call of an endpoint.
#[derive(Debug, Clone)]
pub struct Call {
    /// The application.
    pub app: AppContext,
    /// The value of the path's parameter, percent-decoded, where it has one.
    pub parameter: Option<String>,
    /// Whether it came through a listener that shows details.
    pub show_details: bool,
    /// The body of a write; empty otherwise.
    pub body: Vec<u8>,
    /// What came of the headers that the endpoint reads ([`Endpoint::reading`]).
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    /// The value of a header that the endpoint reads.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What an endpoint answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// A body.
    Body(ReplyBody),
    /// An error, which the transport renders as it renders all others.
    Error(Error),
}

/// A body with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyBody {
    /// The HTTP status.
    pub status: u16,
    /// The media type; empty where there is no body.
    pub content_type: &'static str,
    /// Further headers, with names in lower case. Without a `cache-control`, nobody keeps the answer.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Cow<'static, [u8]>,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::Body(ReplyBody {
                status,
                content_type: "application/json",
                headers: Vec::new(),
                body: body.into(),
            }),
            Err(error) => Self::Error(Error::from(error)),
        }
    }

    /// A text body.
    pub fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self::Body(ReplyBody {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into_bytes().into(),
        })
    }

    /// The same with a header more, where it has a body. The name is in lower case.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Body(reply) = &mut self {
            reply.headers.push((name, value.into()));
        }
        self
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::Error(Error::not_found("there is nothing here by that name"))
    }
}

impl From<Result<Reply>> for Reply {
    fn from(result: Result<Reply>) -> Self {
        result.unwrap_or_else(Self::Error)
    }
}

type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Reply> + Send + Sync>;

/// An endpoint.
#[derive(Clone)]
pub struct Endpoint {
    /// The path, with at most one parameter: `/health/{component}`.
    pub path: &'static str,
    /// Who may see it.
    pub exposure: Exposure,
    /// Whether it looks or changes something.
    pub access: Access,
    /// The headers of a request that it reads, in lower case.
    pub reads: &'static [&'static str],
    handler: Handler,
}

impl Endpoint {
    /// An endpoint that shows something.
    pub fn new<F, Fut>(path: &'static str, exposure: Exposure, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        Self {
            path,
            exposure,
            access: Access::Read,
            reads: &[],
            handler: Arc::new(move |call| Box::pin(handler(call))),
        }
    }

    /// An endpoint that changes something. Never on a listener that the public can reach, but in `dev`.
    pub fn writable<F, Fut>(path: &'static str, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        let mut endpoint = Self::new(path, Exposure::Internal, handler);
        endpoint.access = Access::Write;
        endpoint
    }

    /// Has a call bring these headers of the request along. Names are in lower case.
    pub fn reading(mut self, headers: &'static [&'static str]) -> Self {
        self.reads = headers;
        self
    }

    /// Answers a call.
    pub fn call(&self, call: Call) -> BoxFuture<'static, Reply> {
        (self.handler)(call)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({} {:?})", self.path, self.exposure)
    }
}
