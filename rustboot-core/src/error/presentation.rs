//! How an error is shown, where its kind does not say it all: what a problem (RFC 9457) has beside status and detail.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Error, ErrorKind};

/// What the client gets beside what the kind says. All of it is meant to be read by the client, whatever the status.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    pub(super) status: Option<u16>,
    pub(super) type_uri: Option<Cow<'static, str>>,
    pub(super) title: Option<Cow<'static, str>>,
    pub(super) detail: Option<Cow<'static, str>>,
    pub(super) headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(super) members: Map<String, Value>,
}

impl Presentation {
    /// A URI that names the kind of problem.
    pub fn type_uri(&self) -> Option<&Cow<'static, str>> {
        self.type_uri.as_ref()
    }

    /// The kind of problem in a few words.
    pub fn title(&self) -> Option<&Cow<'static, str>> {
        self.title.as_ref()
    }

    /// What the client reads instead of the error's detail; also with a 5xx.
    pub fn detail(&self) -> Option<&Cow<'static, str>> {
        self.detail.as_ref()
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &[(Cow<'static, str>, Cow<'static, str>)] {
        &self.headers
    }

    /// Extension members of the problem (RFC 9457, section 3.2).
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// Members that a problem has already.
const TAKEN: [&str; 7] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "request_id",
    "errors",
];

impl Error {
    /// Answers with this status, and makes the kind fit it. What is no status of an error (400 to 599) counts as 500.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        let status = if (400..600).contains(&status) {
            status
        } else {
            500
        };
        let kind = ErrorKind::from_status(status);
        self = self.with_kind(kind);
        if kind.status() != status {
            self.shown().status = Some(status);
        }
        self
    }

    /// Names the kind of problem with a URI, best one that leads to its description.
    #[must_use]
    pub fn with_type(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.shown().type_uri = Some(uri.into());
        self
    }

    /// Names the kind of problem in a few words; without it, that is the phrase of the status.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.shown().title = Some(title.into());
        self
    }

    /// What the client reads instead of the detail. Unlike the detail, it is also shown with a 5xx: put no internals there.
    #[must_use]
    pub fn with_public_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.shown().detail = Some(detail.into());
        self
    }

    /// Adds a header to the answer: `Retry-After`, `WWW-Authenticate`. A name or value that HTTP does not allow is left out,
    /// and logged.
    #[must_use]
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.shown().headers.push((name.into(), value.into()));
        self
    }

    /// Adds an extension member to the problem. It is shown with any status. One that a problem has already (`status`,
    /// `request_id` and the like), or that is not JSON (a map whose keys are no text), is left out, and logged.
    #[must_use]
    pub fn with_member(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if TAKEN.contains(&name.as_str()) {
            tracing::warn!(target: "rustboot", member = %name, "a problem has a member of that name already");
            return self;
        }
        match serde_json::to_value(value) {
            Ok(value) => {
                self.shown().members.insert(name, value);
            }
            Err(error) => {
                tracing::warn!(target: "rustboot", member = %name, %error, "a member of a problem is not JSON");
            }
        }
        self
    }

    /// The HTTP status that it is answered with.
    pub fn status(&self) -> u16 {
        self.presentation()
            .and_then(|shown| shown.status)
            .unwrap_or_else(|| self.kind().status())
    }

    /// What the client gets beside what the kind says.
    pub fn presentation(&self) -> Option<&Presentation> {
        self.0.shown.as_deref()
    }

    fn shown(&mut self) -> &mut Presentation {
        self.0.shown.get_or_insert_default()
    }
}
