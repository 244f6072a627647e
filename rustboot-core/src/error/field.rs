//! One invalid part of an input.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// One invalid field of a body, or one invalid parameter.
///
/// In a problem: `{"pointer":"/items/0/name","detail":"…"}` or `{"pointer":"/limit","parameter":"limit","detail":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Which one.
    pub place: FieldPlace,
    /// What is wrong with it, for the person who sent it.
    pub detail: String,
}

/// Where an invalid value stood in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.place {
            FieldPlace::Pointer(pointer) => map.serialize_entry("pointer", pointer)?,
            // Every entry has a pointer, so that a client that shows errors at its fields has one way to find them.
            FieldPlace::Parameter(name) => {
                map.serialize_entry("pointer", &format!("/{}", escaped(name)))?;
                map.serialize_entry("parameter", name)?;
            }
        }
        map.serialize_entry("detail", &self.detail)?;
        map.end()
    }
}

/// RFC 6901, section 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
