//! A request that is put together, and sent when it is awaited.

use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use serde::Serialize;

use super::{Target, TestResponse};

/// A request. Awaiting it sends it and reads the whole answer.
///
/// Redirects are not followed, and cookies not kept. Each request has a connection of its own.
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct TestRequest {
    target: Target,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    place: &'static Location<'static>,
}

impl TestRequest {
    #[track_caller]
    pub(crate) fn new(target: Target, method: Method, path: &str) -> Self {
        assert!(
            path.starts_with('/'),
            "a path begins with a slash: {path:?}"
        );
        Self {
            target,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            place: Location::caller(),
        }
    }

    /// Adds a header.
    ///
    /// # Panics
    /// When name or value are not those of a header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        match (name.parse(), value.parse()) {
            (Ok(name), Ok(value)) => self.headers.push((name, value)),
            _ => panic!("not a header: {name:?}: {value:?}"),
        }
        self
    }

    /// Adds `authorization: Bearer …`.
    #[track_caller]
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }

    /// Adds parameters behind the `?`, encoded.
    #[track_caller]
    pub fn query<K: AsRef<str>, V: AsRef<str>>(
        mut self,
        parameters: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (name, value) in parameters {
            let separator = match self.path.contains('?') {
                true => '&',
                false => '?',
            };
            self.path.push(separator);
            self.path.push_str(&encoded(name.as_ref()));
            self.path.push('=');
            self.path.push_str(&encoded(value.as_ref()));
        }
        self
    }

    /// A JSON body, with its content type.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    #[track_caller]
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body("application/json", body),
            Err(error) => panic!("the body cannot be JSON: {error}"),
        }
    }

    /// The body of a form, with its content type.
    #[track_caller]
    pub fn form<K: AsRef<str>, V: AsRef<str>>(
        self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let fields = fields.into_iter();
        let pairs = fields.map(|(k, v)| format!("{}={}", encoded(k.as_ref()), encoded(v.as_ref())));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.body("application/x-www-form-urlencoded", body)
    }

    /// A body as it is.
    #[track_caller]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Bytes::from(body.into());
        self.headers.retain(|(name, _)| name != CONTENT_TYPE);
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// Sends it; for tests in which the connection itself fails.
    ///
    /// # Errors
    /// What went wrong, in words, when there is no whole answer.
    pub async fn send(self) -> Result<TestResponse, String> {
        let about = format!("{} {}", self.method, self.path);
        let mut request = Request::builder().method(self.method).uri(&self.path);
        let names = |name: HeaderName| self.headers.iter().any(|(known, _)| *known == name);
        if !names(HOST) {
            request = request.header(HOST, self.target.authority());
        }
        if !names(ACCEPT) {
            request = request.header(ACCEPT, "*/*");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(self.body))
            .map_err(|error| format!("{about} is no request: {error}"))?;
        let response = self.target.send(request).await?;
        Ok(TestResponse::new(about, response))
    }
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send>>;

    /// # Panics
    /// When there is no whole answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (about, place) = (format!("{} {}", self.method, self.path), self.place);
            match self.send().await {
                Ok(response) => response,
                Err(error) => panic!("{about} got no answer: {error} ({place})"),
            }
        })
    }
}

/// Everything but the unreserved characters of RFC 3986 as `%20` and the like.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn parameters_are_encoded() {
        assert_eq!(encoded("a b&c=ä/~"), "a%20b%26c%3D%C3%A4%2F~");
    }
}
