//! What a request for a file is answered with.

use std::io;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use rustboot_core::Error;
use tower_http::services::fs::ServeFileSystemResponseBody;

use super::body::FileBody;
use super::files::{Files, StaticFiles};
use super::name;
use super::range::{self, ByteRange};
use crate::negotiation::weight;
use crate::problem::Explained;
use crate::route::limits::declared_length;

/// What ServeDir answers.
type Served = http::Response<ServeFileSystemResponseBody>;

/// Of files whose names change with their contents: a year, which is the most that anybody means (RFC 9111 had it as the limit).
static IMMUTABLE: HeaderValue = HeaderValue::from_static("max-age=31536000, immutable");

impl StaticFiles {
    /// The answer to a request, or nothing when there is no such file.
    pub(crate) async fn answer(&self, head: &Parts) -> Option<Response> {
        let files = &*self.0;
        let path = head.uri.path().strip_prefix(&*files.prefix)?;
        let is_reading = matches!(head.method, Method::GET | Method::HEAD);
        let is_bare_prefix = path.is_empty() && !files.prefix.is_empty();
        if !is_bare_prefix && !name::is_allowed(path) {
            return None;
        }
        let file = files.file(path, head.uri.query())?;
        let answer = if is_reading && !is_bare_prefix {
            files.read(head, &file).await.map(|served| {
                let cache_control = files.cache_control(path);
                served.map(|served| finished(served, cache_control, "accept-encoding"))
            })
        } else {
            let there = files.ask(Method::HEAD, &file, HeaderMap::new()).await;
            there.map(|there| {
                there.map(|_| match is_reading {
                    true => files.with_slash(head.uri.query()),
                    false => method_not_allowed(),
                })
            })
        };
        let answer = match (answer, &files.fallback) {
            (Ok(None), Some(fallback)) if is_reading && accepts_html(&head.headers) => {
                let served = files.read(head, fallback).await;
                let cache_control = &files.cache_control;
                served.map(|served| {
                    served.map(|served| finished(served, cache_control, "accept, accept-encoding"))
                })
            }
            (answer, _) => answer,
        };
        answer.unwrap_or_else(|error| {
            let error = Error::internal("a static file cannot be read").with_source(error);
            Some(error.into_response())
        })
    }
}

impl Files {
    /// What ServeDir is asked for: the index where a folder is meant. The query is for its redirect.
    fn file(&self, path: &str, query: Option<&str>) -> Option<Uri> {
        let index = match path {
            "" => format!("/{}", self.index),
            folder if folder.ends_with('/') => self.index.clone(),
            _ => String::new(),
        };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Uri::try_from(format!("{path}{index}{query}")).ok()
    }

    /// Where the directory itself is.
    fn with_slash(&self, query: Option<&str>) -> Response {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let location = format!("{}/{query}", self.prefix);
        let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    fn cache_control(&self, path: &str) -> &HeaderValue {
        // An index has no hash in its name, wherever it is.
        if self.immutable.is_empty() || path.ends_with('/') {
            return &self.cache_control;
        }
        let names = name::segments(path.trim_start_matches('/')).unwrap_or_default();
        let is_in = |folder: &Vec<String>| names.starts_with(folder);
        match self.immutable.iter().any(is_in) {
            true => &IMMUTABLE,
            false => &self.cache_control,
        }
    }

    /// A file, or the part of it that the client wants.
    async fn read(&self, head: &Parts, file: &Uri) -> io::Result<Option<Served>> {
        let conditions = conditions(&head.headers);
        // RFC 9110 14.2: a HEAD has no range.
        let asked = (head.method == Method::GET).then(|| ByteRange::asked(&head.headers));
        let Some(asked) = asked.flatten() else {
            return self.ask(head.method.clone(), file, conditions).await;
        };
        // ServeDir understands a range that lies in the file, so the size comes first, and what `If-Range` is compared with.
        let whole = match self.ask(Method::HEAD, file, conditions.clone()).await? {
            Some(whole) if whole.status() == StatusCode::OK => whole,
            // Not there, not changed, somewhere else.
            other => return Ok(other),
        };
        let size = declared_length(whole.headers()).unwrap_or(0);
        // No `Content-Range` can be written of an empty file.
        if size == 0 || !range::is_still(&head.headers, whole.headers()) {
            return self.ask(Method::GET, file, conditions).await;
        }
        let Some((first, last)) = asked.within(size) else {
            return Ok(Some(unsatisfiable(size)));
        };
        let range = HeaderValue::try_from(format!("bytes={first}-{last}"));
        let mut ranged = conditions.clone();
        ranged.insert(header::RANGE, range.map_err(io::Error::other)?);
        let part = self.ask(Method::GET, file, ranged).await?;
        match part {
            // It has changed in between.
            Some(part) if part.headers().get(header::ETAG) != whole.headers().get(header::ETAG) => {
                self.ask(Method::GET, file, conditions).await
            }
            part => Ok(part),
        }
    }

    /// Asks ServeDir. Nothing when there is no such file.
    async fn ask(
        &self,
        method: Method,
        file: &Uri,
        headers: HeaderMap,
    ) -> io::Result<Option<Served>> {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = file.clone();
        *request.headers_mut() = headers;
        match self.directory.clone().try_call(request).await {
            Ok(served) if served.status() == StatusCode::NOT_FOUND => Ok(None),
            Ok(served) => Ok(Some(served)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What ServeDir looks at, as it does: it reads the first line of a header that may have several.
pub(super) fn conditions(headers: &HeaderMap) -> HeaderMap {
    let mut conditions = HeaderMap::new();
    for name in [
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::ACCEPT_ENCODING,
    ] {
        let lines: Vec<&[u8]> = headers
            .get_all(&name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        if !lines.is_empty()
            && let Ok(list) = HeaderValue::from_bytes(&lines.join(b", ".as_slice()))
        {
            conditions.insert(name, list);
        }
    }
    for name in [header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE] {
        let mut lines = headers.get_all(&name).iter();
        if let (Some(date), None) = (lines.next(), lines.next()) {
            conditions.insert(name, date.clone());
        }
    }
    conditions
}

fn unsatisfiable(size: u64) -> Served {
    let mut served = Served::default();
    *served.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{size}")) {
        served.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    served
}

/// With the headers that ServeDir leaves to others.
fn finished(served: Served, cache_control: &HeaderValue, vary: &'static str) -> Response {
    let status = served.status();
    match status {
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let range = served.headers().get(header::CONTENT_RANGE).cloned();
            return refused(status, range.map(|range| (header::CONTENT_RANGE, range)));
        }
        StatusCode::PRECONDITION_FAILED => return refused(status, None),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {}
        _ => return served.map(Body::new),
    }
    let length = declared_length(served.headers()).unwrap_or(0);
    let mut response = served.map(|body| Body::new(FileBody::new(body, length)));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, cache_control.clone());
    // On a 304 as well (RFC 9110 15.4.5).
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    if let Some(content_type) = headers.get_mut(header::CONTENT_TYPE)
        && let Some(text) = with_charset(content_type)
    {
        *content_type = text;
    }
    response
}

/// A type of text, with the character set of all text there is. XML says itself what it is written in.
pub(super) fn with_charset(content_type: &HeaderValue) -> Option<HeaderValue> {
    let of = content_type.to_str().ok()?;
    let is_text = (of.starts_with("text/") && of != "text/xml") || of == "application/javascript";
    if !is_text || of.contains(';') {
        return None;
    }
    HeaderValue::try_from(format!("{of}; charset=utf-8")).ok()
}

fn method_not_allowed() -> Response {
    let allow = HeaderValue::from_static("GET, HEAD");
    refused(StatusCode::METHOD_NOT_ALLOWED, Some((header::ALLOW, allow)))
}

fn refused(status: StatusCode, header: Option<(HeaderName, HeaderValue)>) -> Response {
    let mut response = Explained::of_pipeline(status).into_unrendered();
    response.headers_mut().extend(header);
    response
}

/// Whether it is a browser that shows a page. `*/*` is what everything else sends: scripts, curl, a picture that is missing.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    let ranges = lines.filter_map(|line| line.to_str().ok());
    ranges.flat_map(|line| line.split(',')).any(|range| {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        kind.trim().eq_ignore_ascii_case("text/html") && weight(parameters) > 0
    })
}
