//! A module as a third party writes it: it knows in which country an address is.
//!
//! An application says `app.module(geo::Geo)` and gets a section of the configuration, a component, a health check, an
//! endpoint and a command. The framework's own modules (SQL, HTTP, logs) are written in the same way, with nothing that is
//! not public.

use std::collections::BTreeMap;
use std::io::Write as _;

use rustboot::core::command::Command;
use rustboot::core::component::{BoxFuture, ComponentKey, Dependency, Instance, Wiring};
use rustboot::core::health::HealthIndicator;
use rustboot::core::management::{Call, Endpoint, Exposure, Reply};
use rustboot::core::source::Location;
use rustboot::prelude::*;
use rustboot::{Assembly, serde_json::json};

/// The section `[geo]`. The macro writes the documentation, the defaults and the checks; unknown keys below `[geo]` are
/// reported with the nearest known one, with no code of ours.
#[config(prefix = "geo")]
#[derive(Debug)]
pub struct GeoConfig {
    /// What to say about an address that is in none of the networks.
    #[config(default = "unknown")]
    pub default: String,
    /// The network of each country: what its addresses start with.
    #[config(default)]
    pub networks: BTreeMap<String, String>,
}

/// The component: handlers take it as `Inject<Countries>`.
#[derive(Debug)]
pub struct Countries {
    networks: BTreeMap<String, String>,
    default: String,
}

impl Countries {
    fn new(config: &GeoConfig) -> Self {
        Self {
            networks: config.networks.clone(),
            default: config.default.clone(),
        }
    }

    /// The country of an address: that of the longest network which it is in.
    pub fn of(&self, address: &str) -> &str {
        let within = self
            .networks
            .iter()
            .filter(|(_, network)| address.starts_with(network.as_str()));
        within
            .max_by_key(|(_, network)| network.len())
            .map_or(&self.default, |(country, _)| country)
    }
}

/// The module.
#[derive(Debug, Clone, Copy)]
pub struct Geo;

impl Module for Geo {
    // The name in `/conditions` and in errors.
    fn name(&self) -> &str {
        "geo"
    }

    // Commands are there whether the module has something to do or not: nothing is configured yet.
    fn commands(&self) -> Vec<Command> {
        vec![Command {
            name: "geo",
            help: "print the networks and their countries",
            run: |assembly| Box::pin(print(assembly)),
        }]
    }

    // Called once, before anything is checked or opened. Nothing is opened here either: that is for factories.
    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        // Binds the section. What is wrong with it goes into the one report of the start; the `?` only ends this module.
        let config = app.config::<GeoConfig>()?;

        // Says whether it does anything, and why; `/conditions` and `app check` show it.
        if config.networks.is_empty() {
            app.inactive("geo.networks is empty");
        } else {
            app.active(format!("{} networks", config.networks.len()));
        }

        // The component. A fallback gives way to a `Countries` that the application declares or provides, and is built only
        // when something needs it. The factory may be async, and gets what it depends on from the resolver.
        app.fallback_component(ComponentKey::of::<Countries>(), Vec::new(), |resolver| {
            let config = resolver.config::<GeoConfig>();
            Ok(Box::pin(async move {
                let config =
                    config.ok_or_else(|| Error::internal("[geo] is bound by this module"))?;
                Ok(Instance::new(Countries::new(&config)))
            }))
        });

        // The endpoint below takes the component, so that it has to be there: whoever needs something says so, and is
        // named in the report when it is missing.
        app.wiring(Wiring {
            consumer: "the endpoint /geo/{address}".into(),
            location: Location::caller(),
            dependencies: vec![Dependency::required(ComponentKey::of::<Countries>())],
        });

        // Health, made once the components are there. `None` would mean that there is nothing to look at.
        let networks = config.networks.len();
        app.health_of(move |_| Ok(Some(std::sync::Arc::new(Networks(networks)))));

        // A management endpoint: it is on the management listener, or on the main one where there is none.
        app.endpoint(Endpoint::new(
            "/geo/{address}",
            Exposure::Management,
            country,
        ));
        Ok(())
    }
}

/// `/geo/{address}`. An endpoint knows no HTTP: a call comes in, a reply goes out.
async fn country(call: Call) -> Reply {
    let address = call.parameter.unwrap_or_default();
    match call.app.component::<Countries>() {
        Some(countries) => Reply::json(200, &json!({ "country": countries.of(&address) })),
        None => Reply::not_found(),
    }
}

/// Without a network every answer would be the default.
struct Networks(usize);

impl HealthIndicator for Networks {
    fn name(&self) -> &str {
        "geo"
    }

    // An application that does not know countries still serves: DEGRADED, and no more.
    fn is_critical(&self) -> bool {
        false
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        Box::pin(async {
            match self.0 {
                0 => Health::degraded("there are no networks"),
                networks => Health::up().with("networks", networks),
            }
        })
    }
}

/// `app geo`. Configuration and wiring are in order when a command runs, and nothing is open.
async fn print(assembly: Assembly) -> Result<u8> {
    let config = assembly.context().config::<GeoConfig>();
    let networks = config.iter().flat_map(|config| &config.networks);
    let lines: Vec<String> = networks
        .map(|(country, network)| format!("{country} {network}\n"))
        .collect();
    std::io::stdout().write_all(lines.concat().as_bytes())?;
    // The exit code.
    Ok(0)
}
