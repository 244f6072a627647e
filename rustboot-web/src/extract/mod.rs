//! Our extractors, and what each rejects with. Those of components are in rustboot-core, beside the types.
//!
//! | extractor | rejects with |
//! |---|---|
//! | [`Path`] | 400: a parameter does not fit its type |
//! | [`Valid`] | 400 not readable, 413, 415, 422 with a pointer to each field |
//! | [`RequestId`] | never, inside the pipeline |

pub(crate) mod body;
mod parameter;
mod params;
mod path;
mod request_id;
mod valid;

pub(crate) use body::RequestBody;
pub(crate) use params::PathParameters;
pub use path::Path;
pub use request_id::RequestId;
pub use valid::Valid;
