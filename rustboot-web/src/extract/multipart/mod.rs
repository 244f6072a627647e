//! Forms with files: `multipart/form-data` (RFC 7578).
//!
//! The parser is multer, as in axum. It limits neither how many fields there are nor how long the head of one is, and it takes
//! everything that has arrived into memory before it looks at it. So it gets the body [in pieces](metered), and with a measure:
//! whoever looks for the head of a field gets so many bytes and no more.

mod config;
mod failure;
mod metered;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt as _};
use http::{HeaderMap, header};
use rustboot_core::{Config, Error, ErrorKind, Result};

pub use config::MultipartConfig;
pub(crate) use failure::{classify, corrected};
use failure::{head_too_long, told, too_many_fields};
use metered::{Measure, Metered};

use crate::pointer;

/// A form with files, field by field: an extractor for the last parameter of a handler, in place of axum's, with the same methods.
///
/// ```
/// # use rustboot_web::Multipart;
/// # use rustboot_core::Result;
/// async fn upload(mut form: Multipart) -> Result<String> {
///     let mut bytes = 0;
///     while let Some(mut field) = form.next_field().await? {
///         // A large file goes where it belongs piece by piece, and is never in memory as a whole.
///         while let Some(piece) = field.chunk().await? {
///             bytes += piece.len();
///         }
///     }
///     Ok(format!("{bytes} bytes"))
/// }
/// ```
///
/// The body as a whole has the limit of the route (`body_limit`, else `server.body_limit`), and its time is that of the request
/// (`timeout`). `multipart.max_fields` and `multipart.max_field_head` limit what is around the data.
///
/// # Errors
/// A request without `Content-Type: multipart/form-data` is a 415, one without a boundary, or with one of more than 70 characters, a 400.
/// What is wrong with the body shows while it is read: each method fails with a 400 for a form that is malformed or cut off, and with a 413
/// for one that is beyond a limit. `?` passes it on.
#[derive(Debug)]
pub struct Multipart {
    inner: multer::Multipart<'static>,
    /// The field that was handed out last, which may have data that nobody has read.
    current: Option<multer::Field<'static>>,
    measure: Arc<Measure>,
    limits: Limits,
    fields: usize,
}

/// Those of the configuration.
#[derive(Debug, Clone, Copy)]
struct Limits {
    fields: usize,
    /// In bytes.
    head: usize,
}

/// RFC 2046, section 5.1.1.
const LONGEST_BOUNDARY: usize = 70;

impl<S: Send + Sync + 'static> FromRequest<S> for Multipart {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let app = rustboot_core::extract::app_context(&parts, state)?;
        let config = app
            .attachment::<Config<MultipartConfig>>()
            .ok_or_else(|| Error::internal("the web module is not there"))?;
        let limits = Limits {
            fields: config.max_fields,
            head: usize::try_from(config.max_field_head.as_u64()).unwrap_or(usize::MAX),
        };
        let boundary = boundary(&parts.headers)?;
        let body = Request::from_parts(parts, body)
            .with_limited_body()
            .into_body();
        Ok(Self::new(body, boundary, limits))
    }
}

/// None without a `Content-Type`.
impl<S: Send + Sync + 'static> OptionalFromRequest<S> for Multipart {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

fn boundary(headers: &HeaderMap) -> Result<String> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let parsed = multer::parse_boundary(content_type.unwrap_or_default());
    match parsed {
        Ok(boundary) if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY => {
            Err(Error::bad_request(format!(
                "the `boundary` of `multipart/form-data` has 1 to {LONGEST_BOUNDARY} characters"
            )))
        }
        Ok(boundary) => Ok(boundary),
        Err(multer::Error::NoBoundary) => Err(Error::bad_request(
            "`Content-Type: multipart/form-data` needs a `boundary`",
        )),
        Err(error) => Err(Error::new(
            ErrorKind::UnsupportedMediaType,
            "expected a body with `Content-Type: multipart/form-data`",
        )
        .with_source(error)),
    }
}

impl Multipart {
    fn new(body: Body, boundary: String, limits: Limits) -> Self {
        let measure = Arc::new(Measure::new());
        let metered = Metered::new(body.into_data_stream(), Arc::clone(&measure));
        Self {
            inner: multer::Multipart::new(metered, boundary),
            current: None,
            measure,
            limits,
            fields: 0,
        }
    }

    /// The next field; `None` after the last one. What was not read of the one before is skipped.
    ///
    /// # Errors
    /// 400: the form is malformed, or ends too early. 413: the body is beyond its limit, there are more fields than
    /// `multipart.max_fields`, or the head of this one is longer than `multipart.max_field_head`.
    pub async fn next_field(&mut self) -> Result<Option<Field<'_>>> {
        if let Some(mut field) = self.current.take() {
            while field.chunk().await.map_err(told)?.is_some() {}
        }
        self.measure.begin(self.limits.head);
        let field = self.inner.next_field().await;
        self.measure.end();
        let Some(field) = field.map_err(told)? else {
            return Ok(None);
        };
        if self.fields >= self.limits.fields {
            return Err(too_many_fields(self.limits.fields));
        }
        // What was in memory already was not measured.
        if length_of(field.headers()) > self.limits.head {
            return Err(head_too_long(self.limits.head));
        }
        self.fields += 1;
        let inner = self.current.insert(field);
        Ok(Some(Field { inner }))
    }
}

fn length_of(headers: &HeaderMap) -> usize {
    let lengths = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    lengths.sum()
}

/// A field of a form, and where its data comes from.
#[derive(Debug)]
pub struct Field<'a> {
    inner: &'a mut multer::Field<'static>,
}

impl Field<'_> {
    /// What the form calls it. Several may have the same name.
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// What the client calls the file. It is the client's word: never a path to write to.
    pub fn file_name(&self) -> Option<&str> {
        self.inner.file_name()
    }

    /// The media type that the client says it has.
    pub fn content_type(&self) -> Option<&str> {
        self.inner.content_type().map(AsRef::as_ref)
    }

    /// The head of the field.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The next piece of its data, as it arrives; `None` at its end. A piece has some tens of KiB at most.
    ///
    /// # Errors
    /// As [`Multipart::next_field`]; the form is of no use after that.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.inner.chunk().await.map_err(told)
    }

    /// All of its data, in memory: as much as the body may have.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Bytes> {
        // Copied even when it is one piece, which would keep the memory around it.
        let mut pieces = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            pieces.extend_from_slice(&piece);
        }
        Ok(pieces.freeze())
    }

    /// All of its data as a text in UTF-8, which is what forms are sent in.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and a 400 that names the field when it is not UTF-8.
    pub async fn text(self) -> Result<String> {
        let name = self.name().unwrap_or_default().to_owned();
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| {
            Error::bad_request("a field of the form is not valid UTF-8; `errors` has which")
                .with_field(pointer::child("", &name), "is not valid UTF-8")
                .with_source(error)
        })
    }
}

/// The pieces of its data, for what takes a stream.
impl Stream for Field<'_> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.get_mut()
            .inner
            .try_poll_next_unpin(context)
            .map_err(told)
    }
}
