//! An answer, and what can be said about it.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Problem;

/// How much of a body a failed assertion shows, in characters.
const SHOWN: usize = 2000;

/// The whole answer to a request.
///
/// The assertions give the answer back, so that several can be said in a row; each shows the answer when it fails.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// `GET /items/1`, for messages.
    about: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl TestResponse {
    pub(crate) fn new(about: String, response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            about,
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The id of the request, which its log lines have too.
    pub fn request_id(&self) -> Option<&str> {
        self.header("x-request-id")
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, read into any type; `serde_json::Value` is one.
    ///
    /// # Panics
    /// When it is not JSON, or not of that type.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => self.fail(&format!(
                "is not JSON for `{}`: {error}",
                std::any::type_name::<T>()
            )),
        }
    }

    /// The body as a problem (RFC 9457).
    ///
    /// # Panics
    /// When the content type is not `application/problem+json`, or the body is not one.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        if self.header("content-type") != Some("application/problem+json") {
            self.fail("is no application/problem+json");
        }
        self.json()
    }

    /// Says which status it has.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        if self.status() != status {
            self.fail(&format!("should have the status {status}"));
        }
        self
    }

    /// Says that it is a 2xx.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_success(&self) -> &Self {
        if !self.status.is_success() {
            self.fail("should be a success");
        }
        self
    }

    /// Says which value a header has.
    ///
    /// # Panics
    /// When it has another, or is not there.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        if self.header(name) != Some(value) {
            self.fail(&format!("should have the header {name}: {value}"));
        }
        self
    }

    /// Says what the body is, as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes a value")]
    pub fn assert_json(&self, expected: Value) -> &Self {
        if self.json::<Value>() != expected {
            self.fail(&format!("should be {expected:#}"));
        }
        self
    }

    /// Says what some members of the body are, as JSON: every member of an expected object has to be there with that value,
    /// and others may be there beside it. Lists have to be as long as expected.
    ///
    /// # Panics
    /// When one is something else, or not there.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes a value")]
    pub fn assert_json_has(&self, expected: Value) -> &Self {
        if !has(&self.json::<Value>(), &expected) {
            self.fail(&format!("should have {expected:#}"));
        }
        self
    }

    /// Says what the body is, as text.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn assert_text(&self, expected: &str) -> &Self {
        if self.text() != expected {
            self.fail(&format!("should be {expected:?}"));
        }
        self
    }

    /// Says that it is a problem (RFC 9457) with that status, in the status line and in the body.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_problem(&self, status: u16) -> &Self {
        self.assert_status(status);
        let problem = self.problem();
        if problem.status != status {
            self.fail(&format!("should say the status {status} in its body"));
        }
        self
    }

    /// Says that it is the problem of an input that is not valid (422), and what is not: JSON pointers to fields of the body
    /// and names of parameters, in any order.
    ///
    /// # Panics
    /// When it is not, or something else is.
    #[track_caller]
    pub fn assert_invalid(&self, places: &[&str]) -> &Self {
        self.assert_problem(422);
        let mut found = self.problem().invalid();
        let mut expected = places.to_vec();
        found.sort();
        expected.sort_unstable();
        if found != expected {
            self.fail(&format!("should complain of {expected:?}"));
        }
        self
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let text = self.text();
        let body: String = text.chars().take(SHOWN).collect();
        let more = match body.len() < text.len() {
            true => "…",
            false => "",
        };
        let headers = self.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        panic!(
            "the answer to {} {what}\n--- it is ---\n{}\n{headers}\n{body}{more}",
            self.about, self.status
        )
    }
}

fn has(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| has(found, value))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| has(f, e))
        }
        (found, expected) => found == expected,
    }
}
