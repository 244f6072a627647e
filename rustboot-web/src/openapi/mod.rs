//! The OpenAPI 3.1 document of an application, from the handlers that it serves.
//!
//! A route's attribute hands the types of its parameters and its answer to [`probe`], at start-up cost of one function pointer.
//! Only when somebody asks for the document are they asked what they contribute: extractors through [`OperationInput`],
//! answers through [`OperationOutput`], values through schemars' `JsonSchema` where they have it. A type that says nothing
//! contributes nothing, or a schema that allows everything.

mod config;
mod document;
mod endpoint;
mod input;
mod limits;
mod operation;
mod output;
mod parameters;
pub mod probe;
mod ui;

pub use config::OpenApiConfig;
use document::Source;
pub(crate) use endpoint::{command, register};
pub use input::OperationInput;
pub use operation::{Operation, SchemaOf};
pub use output::OperationOutput;
