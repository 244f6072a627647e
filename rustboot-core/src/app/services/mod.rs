//! Servers that components need: who says so, and who can start one where the configuration names none.
//!
//! A module says that its component is a client of a server, and which key says where that is ([`AppBuilder::needs_service`]).
//! Dev services and test kits are [`ServiceProvider`]s. They are asked when everything has been checked, for what the plan of
//! components really needs, and what they answer becomes configuration like any other. Modules and providers do not know each other.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use figment::value::Value;

use super::builder::AppBuilder;
use super::{AppInfo, Condition};
use crate::command;
use crate::component::graph::Plan;
use crate::component::{BoxFuture, ComponentKey};
use crate::config::bind::Binding;
use crate::config::{Origin, load};
use crate::error::Result;
use crate::lifecycle::start::Phases;
use crate::report::Problem;

/// A server that a component cannot be without.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServiceNeed {
    /// The component.
    pub component: ComponentKey,
    /// What kind of server it is: `postgres`.
    pub kind: &'static str,
    /// The key that says where the server is: `database.url`.
    pub key: String,
}

/// A server that was started for an application.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProvidedService {
    /// What the configuration says of it: the need's own key, and others that go with it.
    pub values: Vec<(String, Value)>,
    /// What it is, for people and without a secret: "PostgreSQL on port 23456, data in target/rustboot/shop".
    pub description: String,
}

impl ProvidedService {
    /// One that is at a URL, which is to be the value of a key: that of the need.
    pub fn at(
        key: impl Into<String>,
        url: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            values: vec![(key.into(), Value::from(url.into()))],
            description: description.into(),
        }
    }

    /// Sets another key.
    #[must_use]
    pub fn and(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.push((key.into(), value.into()));
        self
    }
}

/// Somebody who can start servers for an application whose configuration names none.
pub trait ServiceProvider: Send + Sync + 'static {
    /// What it is called in `/conditions`, and as the origin of what it sets: `dev services`.
    fn name(&self) -> &str;

    /// Whether it has servers of that kind. Asked while modules are configured; starts nothing.
    fn offers(&self, kind: &str) -> bool;

    /// Starts a server, or finds one that runs. Called once for each need of an application that is about to start, after
    /// everything else was found to be in order. The provider is kept for as long as the application, and what it started has to
    /// live as long as it.
    ///
    /// # Errors
    /// Why there is none, and what to do about it. It is reported with the key that is not set.
    fn provide(
        &self,
        need: &ServiceNeed,
        app: &AppInfo,
    ) -> impl Future<Output = Result<ProvidedService>> + Send;
}

/// [`ServiceProvider`] behind a pointer.
pub(crate) trait ErasedProvider: Send + Sync {
    fn name(&self) -> &str;
    fn offers(&self, kind: &str) -> bool;
    fn provide<'a>(
        &'a self,
        need: &'a ServiceNeed,
        app: &'a AppInfo,
    ) -> BoxFuture<'a, Result<ProvidedService>>;
}

impl<P: ServiceProvider> ErasedProvider for P {
    fn name(&self) -> &str {
        ServiceProvider::name(self)
    }

    fn offers(&self, kind: &str) -> bool {
        ServiceProvider::offers(self, kind)
    }

    fn provide<'a>(
        &'a self,
        need: &'a ServiceNeed,
        app: &'a AppInfo,
    ) -> BoxFuture<'a, Result<ProvidedService>> {
        Box::pin(ServiceProvider::provide(self, need, app))
    }
}

/// What the builder knows of them.
#[derive(Default)]
pub(super) struct Services {
    needs: Vec<ServiceNeed>,
    providers: Vec<Arc<dyn ErasedProvider>>,
}

impl Services {
    /// What they started lives as long as they do.
    pub(super) fn into_providers(self) -> Vec<Arc<dyn ErasedProvider>> {
        self.providers
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

impl AppBuilder {
    /// Adds somebody who can start servers. Has to come before the modules whose components need them; of several that offer
    /// the same kind, the first is asked.
    pub fn service_provider(&mut self, provider: impl ServiceProvider) -> &mut Self {
        self.services.providers.push(Arc::new(provider));
        self
    }

    /// The name of whoever can start a server of that kind; `None` when nobody can.
    pub fn service_offered(&self, kind: &str) -> Option<String> {
        let provider = self.provider_of(kind)?;
        Some(provider.name().to_owned())
    }

    /// Says that a component is a client of a server of some kind, and which key says where that is. When the key is not set,
    /// something needs the component and somebody offers such a server, then one is started before the component is built,
    /// and the key has its address by then: the factory has to read it from the configuration of the running application.
    pub fn needs_service(
        &mut self,
        component: ComponentKey,
        kind: &'static str,
        key: impl Into<String>,
    ) -> &mut Self {
        self.services.needs.push(ServiceNeed {
            component,
            kind,
            key: key.into(),
        });
        self
    }

    fn provider_of(&self, kind: &str) -> Option<Arc<dyn ErasedProvider>> {
        let mut providers = self.services.providers.iter();
        providers.find(|provider| provider.offers(kind)).cloned()
    }

    /// The needs of the components that are going to be built. Two of one key that are not of one kind cannot both be met.
    fn services_needed(&mut self, plan: &Plan) -> Vec<ServiceNeed> {
        let planned = |need: &&ServiceNeed| plan.nodes.iter().any(|n| n.key == need.component);
        let needs = self.services.needs.iter();
        let needs: Vec<ServiceNeed> = needs.filter(planned).cloned().collect();
        for (index, need) in needs.iter().enumerate() {
            let mut earlier = needs[..index].iter();
            if let Some(first) = earlier.find(|e| e.key == need.key && e.kind != need.kind) {
                let (one, other) = (first.component, need.component);
                let problem = Problem::new(
                    &need.key,
                    format!(
                        "not set, and needed for {} by the component {one} and for {} by the component {other}",
                        first.kind, need.kind
                    ),
                );
                self.report.configuration.push(
                    problem.note("help: let one of them be a database with a name, `[databases.NAME]`, and take it by `#[named(\"NAME\")]`"),
                );
            }
        }
        needs
    }

    /// Starts what is needed and not there, and puts it into the configuration.
    pub(super) async fn provide_services(&mut self, plan: &Plan, phases: &mut Phases) {
        let needs = self.services_needed(plan);
        // For an application that nothing else keeps from starting.
        if !self.report.is_empty() || !command::builds_components(&self.sources.arguments) {
            return;
        }
        for need in &needs {
            if self.has_value(&need.key) {
                continue;
            }
            let Some(provider) = self.provider_of(need.kind) else {
                continue;
            };
            let began = Instant::now();
            let provided = provider.provide(need, &self.info).await;
            phases.record("services", began.elapsed());
            match provided {
                Ok(service) => {
                    tracing::info!(
                        target: "rustboot",
                        key = need.key,
                        took_ms = crate::lifecycle::milliseconds(began.elapsed()),
                        "{}: {}", provider.name(), service.description
                    );
                    self.conditions.push(Condition {
                        module: provider.name().to_owned(),
                        active: true,
                        reason: format!("{}, for {}", service.description, need.key),
                    });
                    self.take_service(provider.name(), service);
                }
                Err(error) => {
                    let text = error.to_string();
                    let mut lines = text.lines();
                    let first = lines.next().unwrap_or_default();
                    let mut problem = Problem::new(&need.key, "required, and not set")
                        .note(format!("needed by the component {}", need.component))
                        .note(format!("{} could not start one: {first}", provider.name()));
                    for line in lines {
                        problem = problem.note(line);
                    }
                    self.report.configuration.push(problem);
                }
            }
        }
    }

    fn take_service(&mut self, provider: &str, service: ProvidedService) {
        let origin = Origin::Service {
            provider: provider.to_owned(),
        };
        let keys: Vec<String> = service.values.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in service.values {
            self.set_above_all(key, value, origin.clone());
        }
        self.bind_again(&keys);
    }

    /// Puts the sections of keys that changed into their cells.
    fn bind_again(&mut self, keys: &[String]) {
        let Self {
            settings,
            report,
            secrets,
            unknown,
            sections,
            section_defs,
            ..
        } = self;
        let Some(settings) = settings else { return };
        let below = |prefix: &str, key: &String| {
            key.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        for def in section_defs
            .iter()
            .filter(|def| keys.iter().any(|key| below(def.prefix, key)))
        {
            let mut binding = Binding {
                settings,
                def,
                problems: &mut report.configuration,
                awaited: &mut secrets.awaited,
                unknown,
            };
            if let Some(replacement) = (def.rebind)(&mut binding)
                && let Some(cell) = sections.get(&(def.type_id)())
            {
                replacement(&**cell);
            }
        }
    }

    pub(super) fn set_above_all(&mut self, key: String, value: Value, origin: Origin) {
        let value = (key, value, origin);
        if let Some(settings) = &mut self.settings {
            let name = format!("override {} of {}", self.overrides.len(), value.0);
            settings.push(load::override_layer(&name, std::slice::from_ref(&value)));
        }
        self.overrides.push(value);
    }
}

#[cfg(test)]
mod tests;
