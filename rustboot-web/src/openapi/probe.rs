//! What the route attributes ask types with. A macro sees tokens; an inherent function with a bound wins over the trait function
//! of the same name, so that the compiler picks the answer for each type. Not for use by hand, and not covered by semver.

use std::marker::PhantomData;

use rustboot_core::error::IntoError;
use schemars::JsonSchema;

use super::{Operation, OperationInput, OperationOutput, SchemaOf};

/// Asks a type.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// For the type.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What has no content.
#[derive(Debug)]
pub struct Nothing;

impl<T, E> Probe<Result<T, E>> {
    /// What a success answers.
    pub fn success(&self) -> Probe<T> {
        Probe::new()
    }

    /// Whether there is an error to answer.
    pub fn fails(&self) -> bool {
        true
    }
}

impl<T, E: IntoError> Probe<Result<T, E>> {
    /// Describes the errors that say what they can become.
    pub fn describe_failure(&self, operation: &mut Operation<'_>, _fails: bool) {
        operation.fails_as(E::KINDS);
    }
}

impl<T: OperationInput> Probe<T> {
    /// What is read from the request.
    pub fn input(&self) -> Probe<T::Content> {
        Probe::new()
    }

    /// Describes it.
    pub fn describe_input(&self, operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
    }
}

impl<T: OperationOutput> Probe<T> {
    /// What is in the body of the answer.
    pub fn output(&self) -> Probe<T::Content> {
        Probe::new()
    }

    /// Describes it.
    pub fn describe_output(&self, operation: &mut Operation<'_>, schema: SchemaOf) {
        T::describe(operation, schema);
    }
}

impl<T: JsonSchema> Probe<T> {
    /// What it looks like in JSON.
    pub fn schema(&self) -> SchemaOf {
        Some(|generator| generator.subschema_for::<T>())
    }
}

/// The answers of every other type.
pub trait Otherwise: Sized {
    /// Itself.
    fn success(&self) -> &Self {
        self
    }
    /// It cannot fail.
    fn fails(&self) -> bool {
        false
    }
    /// Any error, when there is one.
    fn describe_failure(&self, operation: &mut Operation<'_>, fails: bool) {
        if fails {
            operation.fails();
        }
    }
    /// Nothing that is known.
    fn input(&self) -> Probe<Nothing> {
        Probe::new()
    }
    /// Nothing.
    fn describe_input(&self, _operation: &mut Operation<'_>, _schema: SchemaOf) {}
    /// Nothing that is known.
    fn output(&self) -> Probe<Nothing> {
        Probe::new()
    }
    /// Anything.
    fn describe_output(&self, operation: &mut Operation<'_>, _schema: SchemaOf) {
        operation.answers_anything();
    }
    /// It does not say.
    fn schema(&self) -> SchemaOf {
        None
    }
}

impl<T> Otherwise for Probe<T> {}
