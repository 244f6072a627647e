//! What is known of a component before it exists. Definitions are data, so that they can be sorted, checked and printed.

use std::any::TypeId;
use std::fmt;
use std::pin::Pin;

use super::{Instance, Resolver};
use crate::error::{Error, Result};
use crate::source::Location;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which component: its type, and a name where there are several of a type.
#[derive(Debug, Clone, Copy)]
pub struct ComponentKey {
    type_id: TypeId,
    type_name: &'static str,
    name: Option<&'static str>,
}

impl ComponentKey {
    /// The key of the unnamed component of type `T`; `T` may be a `dyn Trait`.
    pub fn of<T: ?Sized + 'static>() -> Self {
        Self {
            type_id: TypeId::of::<T>(),
            type_name: std::any::type_name::<T>(),
            name: None,
        }
    }

    /// The same type under a name.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// The type.
    pub fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// The type's full path, for people.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// The name, where there are several of a type.
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// The type's name without the paths, generics included: `Pool<Postgres>`.
    pub fn short_name(&self) -> String {
        short_type_name(self.type_name)
    }
}

impl PartialEq for ComponentKey {
    fn eq(&self, other: &Self) -> bool {
        self.type_id == other.type_id && self.name == other.name
    }
}

impl Eq for ComponentKey {}

impl std::hash::Hash for ComponentKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.type_id.hash(state);
        self.name.hash(state);
    }
}

impl fmt::Display for ComponentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "{} named \"{name}\"", self.short_name()),
            None => f.write_str(&self.short_name()),
        }
    }
}

/// `alloc::sync::Arc<shop::Catalog>` as `Arc<Catalog>`.
pub(crate) fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut segment = String::new();
    for c in full.chars() {
        match c {
            ':' => segment.clear(),
            c if c.is_alphanumeric() || c == '_' => segment.push(c),
            c => {
                short.push_str(&segment);
                segment.clear();
                short.push(c);
            }
        }
    }
    short.push_str(&segment);
    short
}

/// How much of a component is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DependencyKind {
    /// One, and its absence is a wiring error: `Inject<T>`.
    Required,
    /// One, when there is one: `Option<Inject<T>>`.
    Optional,
    /// However many there are, whatever their names: `Vec<Inject<T>>`.
    All,
}

/// Something that has to be there before a factory, a handler, a hook or a task can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency {
    /// What is needed.
    pub key: ComponentKey,
    /// How much of it.
    pub kind: DependencyKind,
}

impl Dependency {
    /// A component that must exist.
    pub fn required(key: ComponentKey) -> Self {
        Self {
            key,
            kind: DependencyKind::Required,
        }
    }

    /// A component that is used when it exists.
    pub fn optional(key: ComponentKey) -> Self {
        Self {
            key,
            kind: DependencyKind::Optional,
        }
    }

    /// All components of the key's type or trait; its name makes no difference.
    pub fn all(key: ComponentKey) -> Self {
        Self {
            key,
            kind: DependencyKind::All,
        }
    }
}

/// Resolves the arguments at once and gives the future that makes the component.
pub type BuildFn = fn(&Resolver<'_>) -> Result<BoxFuture<'static, Result<Instance>>>;

/// How a component is made.
#[derive(Debug, Clone, Copy)]
pub struct ComponentDef {
    /// Which one it makes.
    pub key: fn() -> ComponentKey,
    /// Where the user wrote it.
    pub location: Location,
    /// What its factory needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// The factory.
    pub build: BuildFn,
}

inventory::collect!(ComponentDef);

/// A component seen as a trait object: `as = dyn Trait` of `#[component]`.
#[derive(Debug, Clone, Copy)]
pub struct AliasDef {
    /// What it can be taken as: the `dyn Trait`, under the name of the component.
    pub key: fn() -> ComponentKey,
    /// Which component that is.
    pub component: fn() -> ComponentKey,
    /// Where the user wrote it.
    pub location: Location,
    /// The component as that trait object; `None` when it is of another type.
    pub cast: fn(&Instance) -> Option<Instance>,
}

inventory::collect!(AliasDef);

/// Who takes part in the wiring without being a component: a handler, a hook, a task.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// What it is, for the report: "handler `item`".
    pub consumer: String,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
}

/// What hooks and tasks may return: nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "a hook, task or `main` cannot return `{Self}`",
    label = "return nothing, or `Result<()>`"
)]
pub trait Outcome {
    /// As a result.
    ///
    /// # Errors
    /// The error that the function returned.
    fn into_result(self) -> Result<()>;
}

impl Outcome for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<Error>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<()> {
        self.map_err(Into::into)
    }
}
