//! What the OpenAPI document says of how callers prove who they are.

/// How a caller proves who it is, as the OpenAPI document says it. An
/// [`Authenticator`](crate::Authenticator) describes itself with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityScheme {
    /// `Authorization: Basic …` (RFC 7617).
    Basic,
    /// `Authorization: Bearer …` (RFC 6750), with a hint at what the token is: `JWT`.
    Bearer {
        /// For people; `None` for a token that says nothing to its bearer.
        format: Option<String>,
    },
    /// A key in a header of this name.
    HeaderKey(String),
    /// A key in a cookie of this name: a session.
    CookieKey(String),
    /// A key in the query. It ends in logs; prefer a header.
    QueryKey(String),
    /// OpenID Connect, with the URL of the provider's discovery document.
    OpenIdConnect(String),
}

#[cfg(feature = "openapi")]
impl SecurityScheme {
    /// What a name stands for when nobody says it: `basic`, and a bearer token for every other.
    pub(crate) fn by_name(name: &str) -> Self {
        match name {
            "basic" => Self::Basic,
            _ => Self::Bearer { format: None },
        }
    }
}
