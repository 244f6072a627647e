//! One invalid part of an input.

use serde::Serialize;

/// One invalid field of a body, or one invalid parameter.
///
/// In a problem: `{"pointer":"/items/0/name","detail":"…"}` or `{"parameter":"limit","detail":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Which one.
    #[serde(flatten)]
    pub place: FieldPlace,
    /// What is wrong with it, for the person who sent it.
    pub detail: String,
}

/// Where an invalid value stood in the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FieldPlace {
    /// In the body: a JSON pointer (RFC 6901) such as `/items/0/name`; empty for the whole body.
    Pointer(String),
    /// In the path or the query: the name of the parameter.
    Parameter(String),
}

impl FieldPlace {
    /// The pointer or the name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pointer(text) | Self::Parameter(text) => text,
        }
    }
}
