//! Our extractors, and what each rejects with. Those of components are in rustboot-core, beside the types.
//!
//! | extractor | rejects with |
//! |---|---|
//! | [`Path`] | 400: a parameter does not fit its type |
//! | [`Valid`] | 400 not readable, 413, 415, 422 with a pointer to each field |
//! | [`Multipart`] | 400 no boundary, 415; its methods with 400 malformed or cut off, 413 |
//! | [`RequestId`] | never, inside the pipeline |

pub(crate) mod body;
#[cfg(feature = "multipart")]
pub(crate) mod multipart;
mod parameter;
mod params;
pub(crate) mod passed_on;
mod path;
mod request_id;
pub(crate) mod valid;

pub(crate) use body::RequestBody;
#[cfg(feature = "multipart")]
pub use multipart::{Field, Multipart, MultipartConfig};
pub(crate) use params::PathParameters;
pub use path::Path;
pub use request_id::RequestId;
pub use valid::Valid;
