//! What a configuration struct says about itself. `#[config]` writes these impls; by hand they are a dozen lines.

use std::any::{Any, TypeId};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::bind::{self, Binding};
use super::live::ConfigCell;
use super::shape::Shape;
use crate::source::Location;

/// The value of a field that nothing sets. It is text, typed by the field like a value from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// One value: `"30s"`, `"8080"`, `"true"`.
    Text(&'static str),
    /// A list of values.
    List(&'static [&'static str]),
    /// One value in `dev`, another everywhere else.
    ByProfile {
        /// In `dev`.
        dev: &'static str,
        /// In every other profile.
        otherwise: &'static str,
    },
}

/// One field of a configuration struct.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key, as it is written in a file.
    pub name: &'static str,
    /// What it is for: the doc comment of the field.
    pub doc: &'static str,
    /// The Rust type, for people.
    pub type_name: &'static str,
    /// What it is when nothing sets it.
    pub default: Option<DefaultValue>,
    /// Whether it may be absent without a default.
    pub optional: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// The fields below it, when it is itself such a struct.
    pub nested: Option<fn() -> Vec<Field>>,
    /// What it accepts, when that is known.
    pub shape: Option<fn() -> Shape>,
    /// Whether a new value is only seen by a new process.
    pub restart: bool,
}

impl Field {
    /// A required field.
    pub const fn new(name: &'static str, type_name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            type_name,
            default: None,
            optional: false,
            secret: false,
            nested: None,
            shape: None,
            restart: false,
        }
    }

    /// Read once, at start: a reload names it as needing a restart.
    #[must_use]
    pub const fn restart(mut self) -> Self {
        self.restart = true;
        self
    }

    /// Of a type that says itself what it accepts.
    #[must_use]
    pub const fn typed<T: DeserializeOwned>(mut self) -> Self {
        self.shape = Some(Shape::of::<T>);
        self
    }

    /// With what it accepts, when that is known.
    #[must_use]
    pub const fn shape(mut self, shape: Option<fn() -> Shape>) -> Self {
        self.shape = shape;
        self
    }

    /// With a default.
    #[must_use]
    pub const fn default_text(mut self, text: &'static str) -> Self {
        self.default = Some(DefaultValue::Text(text));
        self
    }

    /// With a default of several values.
    #[must_use]
    pub const fn default_list(mut self, list: &'static [&'static str]) -> Self {
        self.default = Some(DefaultValue::List(list));
        self
    }

    /// With a default that favours the person at the keyboard in `dev`.
    #[must_use]
    pub const fn default_by_profile(mut self, dev: &'static str, otherwise: &'static str) -> Self {
        self.default = Some(DefaultValue::ByProfile { dev, otherwise });
        self
    }

    /// May be absent.
    #[must_use]
    pub const fn optional(mut self, optional: bool) -> Self {
        self.optional = optional;
        self
    }

    /// Never shown.
    #[must_use]
    pub const fn secret(mut self, secret: bool) -> Self {
        self.secret = secret;
        self
    }

    /// With fields below it.
    #[must_use]
    pub const fn nested(mut self, nested: Option<fn() -> Vec<Field>>) -> Self {
        self.nested = nested;
        self
    }
}

/// A struct whose fields are configuration keys. Nested structs implement only this.
pub trait Describe {
    /// The fields, in the order in which they are written.
    fn fields() -> Vec<Field>;

    /// For a section whose keys are names that the user chooses (`[databases.NAME]`): the fields below each of them.
    fn entries() -> Option<Vec<Field>> {
        None
    }
}

/// A section of the configuration: bound, validated and documented when the application starts.
pub trait Properties: Describe + DeserializeOwned + Send + Sync + 'static {
    /// The key that the fields stand under, such as `shop` or `shop.delivery`.
    const PREFIX: &'static str;
    /// The name of the struct, for people.
    const NAME: &'static str;
    /// Where the struct is.
    const LOCATION: Location;

    /// Checks what single values cannot say. Each problem is the key below the prefix (empty for the section) and a sentence.
    fn check(&self, problems: &mut Vec<(String, String)>) {
        let _ = problems;
    }
}

/// A section, its type erased.
#[derive(Debug, Clone, Copy)]
pub struct ConfigDef {
    /// The key that the fields stand under.
    pub prefix: &'static str,
    /// The name of the struct.
    pub name: &'static str,
    /// Where the struct is.
    pub location: Location,
    /// Its fields.
    pub fields: fn() -> Vec<Field>,
    /// The fields below each key, when the keys are names.
    pub entries: fn() -> Option<Vec<Field>>,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) bind: fn(&mut Binding<'_>) -> Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) rebind: fn(&mut Binding<'_>) -> Option<Replacement>,
}

/// Puts a section that was bound anew into its cell.
pub(crate) type Replacement = Box<dyn FnOnce(&(dyn Any + Send + Sync)) + Send>;

impl ConfigDef {
    /// The definition of `T`.
    pub const fn of<T: Properties>() -> Self {
        Self {
            prefix: T::PREFIX,
            name: T::NAME,
            location: T::LOCATION,
            fields: T::fields,
            entries: T::entries,
            type_id: TypeId::of::<T>,
            bind: |binding| {
                let value: T = bind::section(binding)?;
                Some(Arc::new(ConfigCell::new(value)))
            },
            rebind: |binding| {
                let value: T = bind::section(binding)?;
                Some(Box::new(move |cell| {
                    if let Some(cell) = cell.downcast_ref::<ConfigCell<T>>() {
                        cell.replace(value);
                    }
                }))
            },
        }
    }
}

inventory::collect!(ConfigDef);
