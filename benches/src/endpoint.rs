//! The endpoints, and the bytes of a request to each. The headers are those of curl.

use std::fmt;

use crate::payload::{Greeting, ITEM, TEXT, USER_AS_JSON};

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `GET /text`: a constant.
    Text,
    /// `GET /json`: a small object.
    Json,
    /// `GET /users/{id}`: a parameter of the path, parsed and formatted.
    Path,
    /// `POST /echo`: 200 bytes of JSON in, the same out.
    Echo,
    /// `GET /rows/{id}`: a row of PostgreSQL by its id, as JSON.
    Row,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Text, Self::Json, Self::Path, Self::Echo, Self::Row];

    /// Those that the binary `serve` has. The row has a binary of its own, `rows`, so that no driver is in the others.
    pub const WITHOUT_DATABASE: [Self; 4] = [Self::Text, Self::Json, Self::Path, Self::Echo];

    /// The name in tables, budgets and arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Path => "path",
            Self::Echo => "echo",
            Self::Row => "row",
        }
    }

    /// The endpoint of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }

    /// A request as it goes over the wire.
    pub fn request(self) -> Vec<u8> {
        let line = match self {
            Self::Text => "GET /text",
            Self::Json => "GET /json",
            Self::Path => "GET /users/4711",
            Self::Echo => "POST /echo",
            Self::Row => "GET /rows/4711",
        };
        let mut request = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
        );
        if self == Self::Echo {
            request.push_str("Content-Type: application/json\r\n");
            request.push_str(&format!("Content-Length: {}\r\n\r\n{ITEM}", ITEM.len()));
        } else {
            request.push_str("\r\n");
        }
        request.into_bytes()
    }

    /// The body that every application has to answer with.
    pub const fn answer(self) -> &'static str {
        match self {
            Self::Text => TEXT,
            Self::Json => Greeting::JSON,
            Self::Path => "user 4711",
            Self::Echo => ITEM,
            Self::Row => USER_AS_JSON,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
