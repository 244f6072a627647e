//! Where components are kept: written while the application starts, only read afterwards.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::graph::Answered;
use super::{ComponentKey, Dependency, DependencyKind};
use crate::app::AppContext;
use crate::config::{Config, Properties};
use crate::source::Location;

/// One component, its type erased.
#[derive(Clone)]
pub struct Instance {
    // An `Arc<T>` in a box, so that `T` may be a `dyn Trait`.
    value: Arc<dyn Any + Send + Sync>,
}

impl Instance {
    /// Takes a value.
    pub fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self::shared(Arc::new(value))
    }

    /// Takes a value that others hold too; `T` may be a `dyn Trait`.
    pub fn shared<T: ?Sized + Send + Sync + 'static>(value: Arc<T>) -> Self {
        Self {
            value: Arc::new(value),
        }
    }

    /// The value, when it is a `T`.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.value.downcast_ref::<Arc<T>>().cloned()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Instance")
    }
}

/// A `TypeId` is a hash already; hashing it again would only cost.
#[derive(Debug, Default, Clone)]
pub(crate) struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(crate) type TypeIdMap<V> = HashMap<TypeId, V, BuildHasherDefault<TypeIdHasher>>;

/// A component under one of its keys.
#[derive(Debug)]
struct Entry {
    name: Option<&'static str>,
    instance: Instance,
    /// Its place in the plan: the same each time, whichever factory finishes first.
    rank: usize,
    /// Whether it is the one that whoever asks for a single one gets.
    is_the_one: bool,
}

/// What is shown of a component: which one it is, where it was declared, what it needed, and as what it can be taken.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) key: ComponentKey,
    pub(crate) location: Location,
    pub(crate) needs: Vec<ComponentKey>,
    pub(crate) seen_as: Vec<Answered>,
}

/// All components of an application.
#[derive(Debug, Default)]
pub struct Components {
    by_type: TypeIdMap<Vec<Entry>>,
    order: Vec<ComponentKey>,
    descriptions: Vec<Description>,
}

impl Components {
    /// Takes the component that stands at that place of the plan.
    pub(crate) fn insert(&mut self, rank: usize, answers: &[Answered], instance: &Instance) {
        for answered in answers {
            let seen = match answered.cast {
                Some(cast) => cast(instance),
                None => Some(instance.clone()),
            };
            let Some(instance) = seen else { continue };
            let entries = self.by_type.entry(answered.key.type_id()).or_default();
            let place = entries.partition_point(|entry| entry.rank < rank);
            entries.insert(
                place,
                Entry {
                    name: answered.key.name(),
                    instance,
                    rank,
                    is_the_one: answered.is_the_one,
                },
            );
        }
    }

    /// Says which there are, in the order of construction.
    pub(crate) fn describe(&mut self, descriptions: Vec<Description>) {
        self.order = descriptions.iter().map(|shown| shown.key).collect();
        self.descriptions = descriptions;
    }

    pub(crate) fn descriptions(&self) -> &[Description] {
        &self.descriptions
    }

    /// The component of that type and name.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self, name: Option<&str>) -> Option<Arc<T>> {
        self.by_type
            .get(&TypeId::of::<T>())?
            .iter()
            .find(|entry| entry.name == name && entry.is_the_one)?
            .instance
            .get()
    }

    /// All components of that type or trait, whatever their names, in the order of construction.
    pub fn all<T: ?Sized + Send + Sync + 'static>(&self) -> Vec<Arc<T>> {
        let entries = self.by_type.get(&TypeId::of::<T>()).into_iter().flatten();
        entries.filter_map(|entry| entry.instance.get()).collect()
    }

    /// How far the construction has to be before a dependency is there; `None` when it is there from the begin.
    pub(crate) fn rank(&self, dependency: &Dependency) -> Option<usize> {
        let key = &dependency.key;
        let is_all = dependency.kind == DependencyKind::All;
        let entries = self.by_type.get(&key.type_id())?.iter();
        entries
            .filter(|entry| is_all || (entry.name == key.name() && entry.is_the_one))
            .map(|entry| entry.rank)
            .max()
    }

    /// Where a component stands in the order of construction, from 0.
    pub fn position(&self, key: &ComponentKey) -> Option<usize> {
        self.order.iter().position(|k| k == key)
    }

    /// The components in the order in which they were constructed.
    pub fn order(&self) -> &[ComponentKey] {
        &self.order
    }
}

/// Finds the arguments of factories, hooks and tasks.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'a> {
    app: &'a AppContext,
    components: &'a Components,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(app: &'a AppContext, components: &'a Components) -> Self {
        Self { app, components }
    }

    /// The application.
    pub fn app(&self) -> &AppContext {
        self.app
    }

    /// A component, when there is one.
    pub fn component<T: ?Sized + Send + Sync + 'static>(
        &self,
        name: Option<&str>,
    ) -> Option<Arc<T>> {
        self.components.get(name)
    }

    /// All components of a type or trait that are there, whatever their names, in the order of construction.
    pub fn all<T: ?Sized + Send + Sync + 'static>(&self) -> Vec<Arc<T>> {
        self.components.all()
    }

    /// A section of the configuration, when it was bound.
    pub fn config<T: Properties>(&self) -> Option<Config<T>> {
        self.app.config()
    }
}
