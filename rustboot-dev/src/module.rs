//! How dev services join an application.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustboot_core::app::{ProvidedService, ServiceNeed, ServiceProvider};
use rustboot_core::{AppBuilder, AppInfo, Module, Result};

use crate::config::DevServicesConfig;
use crate::start::{self, Kind, Running};

const NAME: &str = "dev services";

/// Starts PostgreSQL and Redis for an application in the profile `dev` that needs them and has no URL.
#[derive(Debug, Clone, Copy, Default)]
pub struct DevServicesModule;

impl Module for DevServicesModule {
    fn name(&self) -> &str {
        NAME
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let config = app.config::<DevServicesConfig>()?;
        let profile = app.profile().clone();
        if !profile.is_dev() {
            if config.enabled {
                app.config_warning(format!(
                    "dev_services.enabled does nothing in the profile {profile}: dev services are for dev"
                ));
            }
            app.inactive(format!("the profile is {profile}"));
            return Ok(());
        }
        if !config.enabled {
            app.inactive("dev_services.enabled is false");
            return Ok(());
        }
        let running = Arc::default();
        app.service_provider(DevServices {
            base: app.base_dir().to_owned(),
            config: DevServicesConfig::clone(&config),
            running: Arc::clone(&running),
        });
        app.active("PostgreSQL and Redis are started when something needs them and no URL is set");
        // The pools are closed by now. Without this the keepers would do it, and a next start would have to wait for them.
        app.at_exit(move || drop(take(&running)));
        Ok(())
    }
}

type All = Mutex<Vec<Running>>;

fn take(running: &All) -> Vec<Running> {
    std::mem::take(&mut *running.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What is started lives as long as this, which the application keeps.
struct DevServices {
    base: PathBuf,
    config: DevServicesConfig,
    running: Arc<All>,
}

impl ServiceProvider for DevServices {
    fn name(&self) -> &str {
        NAME
    }

    fn offers(&self, kind: &str) -> bool {
        Kind::of(kind).is_some()
    }

    async fn provide(&self, need: &ServiceNeed, app: &AppInfo) -> Result<ProvidedService> {
        let Some(kind) = Kind::of(need.kind) else {
            return Err(rustboot_core::Error::internal(format!(
                "there are no dev services of the kind {}",
                need.kind
            )));
        };
        let (base, config) = (self.base.clone(), self.config.clone());
        let (app, key) = (app.name, need.key.clone());
        let started =
            tokio::task::spawn_blocking(move || start::start(kind, app, &key, &base, &config))
                .await??;
        let service = ProvidedService::at(need.key.as_str(), started.url, started.description);
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(started.running);
        Ok(service)
    }
}
