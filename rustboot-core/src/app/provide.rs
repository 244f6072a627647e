//! Components by hand: values that the user already has, and what `#[component]` would declare.

use std::sync::Arc;

use super::builder::AppBuilder;
use crate::component::graph::{Factory, Node, Strength};
use crate::component::{AliasDef, ComponentDef, ComponentKey, Instance};
use crate::error::Result;
use crate::source::Location;

impl AppBuilder {
    /// Hands in a component by hand. It replaces the one of the same type that `#[component]` or a module declares, and is
    /// found as every trait that that one is found as.
    #[track_caller]
    pub fn provide<T: Send + Sync + 'static>(&mut self, value: T) -> &mut Self {
        self.provide_instance(ComponentKey::of::<T>(), Instance::new(value))
    }

    /// The same under a name, for several of a type.
    #[track_caller]
    pub fn provide_named<T: Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        value: T,
    ) -> &mut Self {
        self.provide_instance(ComponentKey::of::<T>().named(name), Instance::new(value))
    }

    /// Hands in a trait object: `provide_as::<dyn Mailer>(Arc::new(Smtp))`. Whoever asks for one `Inject<dyn Mailer>` gets
    /// this one, whatever `#[component(as = dyn Mailer)]` there is; those are still built, and in `Vec<Inject<dyn Mailer>>`.
    #[track_caller]
    pub fn provide_as<T: ?Sized + Send + Sync + 'static>(&mut self, value: Arc<T>) -> &mut Self {
        self.provide_instance(ComponentKey::of::<T>(), Instance::shared(value))
    }

    /// Replaces a component by one that has to be made: in a test, by a double that listens somewhere. The factory runs with
    /// all others, and needs nothing of them.
    ///
    /// ```
    /// use rustboot_core::{AppBuilder, Result};
    ///
    /// struct Rates(u32);
    ///
    /// fn in_a_test(app: &mut AppBuilder) {
    ///     app.replace_component(async || Ok(Rates(1)));
    /// }
    /// ```
    #[track_caller]
    pub fn replace_component<T, F, Fut>(&mut self, factory: F) -> &mut Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let factory: Factory = Arc::new(move |_| {
            let made = factory();
            Ok(Box::pin(async move { made.await.map(Instance::new) }))
        });
        self.provide_with(ComponentKey::of::<T>(), Location::caller(), factory)
    }

    /// What `provide` hands in replaces even what the application hands in by hand: for tests.
    pub fn overriding(&mut self, provide: impl FnOnce(&mut Self)) -> &mut Self {
        let before = std::mem::replace(&mut self.strength, Strength::Override);
        provide(self);
        self.strength = before;
        self
    }

    /// Declares a component, as `#[component]` does.
    pub fn component(&mut self, def: ComponentDef) -> &mut Self {
        self.nodes.push(Node::from(&def));
        self
    }

    /// Says that a component can be taken as a trait object, as `#[component(as = dyn Trait)]` does.
    pub fn alias(&mut self, def: AliasDef) -> &mut Self {
        self.aliases.push(def);
        self
    }

    #[track_caller]
    fn provide_instance(&mut self, key: ComponentKey, instance: Instance) -> &mut Self {
        let factory: Factory = Arc::new(move |_| {
            let instance = instance.clone();
            Ok(Box::pin(async move { Ok(instance) }))
        });
        self.provide_with(key, Location::caller(), factory)
    }

    fn provide_with(
        &mut self,
        key: ComponentKey,
        location: Location,
        factory: Factory,
    ) -> &mut Self {
        self.nodes.push(Node {
            key,
            location,
            dependencies: Vec::new(),
            strength: self.strength,
            eager: true,
            unavailable: None,
            factory,
        });
        self
    }
}
