//! Health by hand: indicators, checks as `#[health]` declares them, and the shape of the answer.

use std::sync::Arc;

use super::builder::AppBuilder;
use crate::component::Resolver;
use crate::error::Result;
use crate::health::{ConfigurationHealth, HealthBody, HealthBodySlot, HealthDef, HealthIndicator};
#[cfg(all(feature = "disk", unix))]
use crate::health::{DiskHealth, HealthConfig};
use crate::source::Location;

impl AppBuilder {
    /// Adds a health indicator that needs no component.
    #[track_caller]
    pub fn health(&mut self, indicator: impl HealthIndicator) -> &mut Self {
        self.health_names
            .push((indicator.name().to_owned(), Location::caller()));
        let indicator: Arc<dyn HealthIndicator> = Arc::new(indicator);
        self.health_of(move |_| Ok(Some(Arc::clone(&indicator))))
    }

    /// Adds a health indicator that is made once the components are there; `None` when there is nothing to look at.
    pub fn health_of<F>(&mut self, make: F) -> &mut Self
    where
        F: Fn(&Resolver<'_>) -> Result<Option<Arc<dyn HealthIndicator>>> + Send + Sync + 'static,
    {
        self.indicators.push(Arc::new(make));
        self
    }

    /// Adds a check, as `#[health]` does.
    pub fn health_check(&mut self, def: HealthDef) -> &mut Self {
        self.health_names.push((def.name.to_owned(), def.location));
        self.wirings.push(def.wiring());
        self.health_of(move |resolver| def.indicator(resolver).map(Some))
    }

    /// Adds what every application has.
    pub(super) fn built_in_health(&mut self) {
        let configuration = ConfigurationHealth {
            profile: self.profile().as_str().to_owned(),
            sections: self.section_defs.len(),
        };
        self.health(configuration);
        #[cfg(all(feature = "disk", unix))]
        if let Ok(config) = self.config::<HealthConfig>() {
            let folder = self.base_dir().to_owned();
            self.health(DiskHealth { folder, config });
        }
    }

    /// Replaces what `/health` and `/health/{component}` answer.
    pub fn health_body(&mut self, body: impl HealthBody) -> &mut Self {
        self.attach(HealthBodySlot(Arc::new(body)))
    }
}
