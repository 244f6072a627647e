//! One endpoint: a path, who may see it, and a function from call to reply.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::app::AppContext;
use crate::component::BoxFuture;

/// Who may see an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Probes: on every listener.
    Everywhere,
    /// On the management listener, or on the main one where there is none.
    Management,
    /// What shows the inside of the application: on the management listener, and on the main one only in `dev`.
    Internal,
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
}

/// What an endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self {
                status,
                content_type: "application/json",
                body,
            },
            Err(error) => Self {
                status: 500,
                content_type: "text/plain; charset=utf-8",
                body: format!("cannot be shown: {error}\n").into_bytes(),
            },
        }
    }

    /// A text body.
    pub fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            body: body.into_bytes(),
        }
    }

    /// There is no such thing; rendered as a problem by the transport.
    pub fn not_found() -> Self {
        Self {
            status: 404,
            content_type: "",
            body: Vec::new(),
        }
    }
}

type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Reply> + Send + Sync>;

/// An endpoint for `GET`.
#[derive(Clone)]
pub struct Endpoint {
    /// The path, with at most one parameter: `/health/{component}`.
    pub path: &'static str,
    /// Who may see it.
    pub exposure: Exposure,
    handler: Handler,
}

impl Endpoint {
    /// An endpoint.
    pub fn new<F, Fut>(path: &'static str, exposure: Exposure, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        Self {
            path,
            exposure,
            handler: Arc::new(move |call| Box::pin(handler(call))),
        }
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
