//! A check as a function: `#[health("name")]` writes one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Health, HealthIndicator, Status};
use crate::app::WeakAppContext;
use crate::component::{BoxFuture, Dependency, Resolver, Wiring};
use crate::error::{Error, ErrorKind, Result};
use crate::report::Problem;
use crate::source::Location;

/// A check that a function does.
#[derive(Debug, Clone, Copy)]
pub struct HealthDef {
    /// The name in `/health`.
    pub name: &'static str,
    /// Whether the application cannot do its work while this is down.
    pub critical: bool,
    /// A limit of its own, instead of `health.timeout`.
    pub timeout: Option<Duration>,
    /// Where the user wrote it.
    pub location: Location,
    /// What it needs.
    pub dependencies: fn() -> Vec<Dependency>,
    /// One look.
    pub check: fn(&Resolver<'_>) -> Result<BoxFuture<'static, Health>>,
}

inventory::collect!(HealthDef);

impl HealthDef {
    pub(crate) fn wiring(&self) -> Wiring {
        Wiring {
            consumer: format!("#[health(\"{}\")]", self.name),
            location: self.location,
            dependencies: (self.dependencies)(),
        }
    }

    /// The indicator. The arguments are resolved once here, so that a missing one fails the start and not the first look.
    pub(crate) fn indicator(self, resolver: &Resolver<'_>) -> Result<Arc<dyn HealthIndicator>> {
        drop((self.check)(resolver)?);
        Ok(Arc::new(Declared {
            def: self,
            app: resolver.app().downgrade(),
        }))
    }
}

struct Declared {
    def: HealthDef,
    /// The application holds its indicators; the other way round as well, neither would ever go.
    app: WeakAppContext,
}

impl HealthIndicator for Declared {
    fn name(&self) -> &str {
        self.def.name
    }

    fn is_critical(&self) -> bool {
        self.def.critical
    }

    fn timeout(&self) -> Option<Duration> {
        self.def.timeout
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        let Some(app) = self.app.upgrade() else {
            return Box::pin(async { Health::new(Status::OutOfService) });
        };
        match (self.def.check)(&app.resolver()) {
            Ok(look) => look,
            Err(error) => Box::pin(async move { Health::down(error) }),
        }
    }
}

/// What a check may return: [`Health`], or a result of it or of nothing. An error is DOWN, with its text.
#[diagnostic::on_unimplemented(
    message = "a health check cannot return `{Self}`",
    label = "return `Health`, `Result<Health>` or `Result<()>`"
)]
pub trait HealthOutcome {
    /// As health.
    fn into_health(self) -> Health;
}

impl HealthOutcome for Health {
    fn into_health(self) -> Health {
        self
    }
}

impl<E: Into<Error>> HealthOutcome for Result<(), E> {
    fn into_health(self) -> Health {
        match self {
            Ok(()) => Health::up(),
            Err(error) => Health::down(error.into()),
        }
    }
}

impl<E: Into<Error>> HealthOutcome for Result<Health, E> {
    fn into_health(self) -> Health {
        self.unwrap_or_else(|error| Health::down(error.into()))
    }
}

/// Names that more than one check has, as far as they are known before the start.
pub(crate) fn duplicates(names: Vec<(String, Location)>) -> Vec<Problem> {
    let mut by_name: BTreeMap<String, Vec<Location>> = BTreeMap::new();
    for (name, location) in names {
        by_name.entry(name).or_default().push(location);
    }
    by_name
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, mut places)| {
            places.sort();
            let mut problem = Problem::new(
                format!("health check \"{name}\""),
                format!("there are {} of this name", places.len()),
            );
            for place in places {
                problem = problem.note(format!("declared at {place}"));
            }
            problem.note("help: the names are the members of /health; rename all but one")
        })
        .collect()
}

/// Makes the indicators, now that the components are there.
///
/// # Errors
/// When one cannot be made, or has the name of another: one of them would never be seen.
pub(crate) fn indicators(
    makers: &[crate::app::IndicatorFactory],
    resolver: &Resolver<'_>,
) -> Result<Vec<Arc<dyn HealthIndicator>>> {
    let mut indicators: Vec<Arc<dyn HealthIndicator>> = Vec::new();
    for make in makers {
        let Some(indicator) = make(resolver)? else {
            continue;
        };
        let name = indicator.name();
        if indicators.iter().any(|known| known.name() == name) {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("there are two health checks named \"{name}\": rename one"),
            ));
        }
        indicators.push(indicator);
    }
    Ok(indicators)
}
