//! What a mounted axum router has of its own.

use super::{RouteSecurity, RouteSettings};

/// What [`router_with`](crate::WebAppBuilder::router_with) gives a mounted axum router: limits, and who may call. It counts for
/// everything in the router, what it answers to unknown paths of its own included.
///
/// ```
/// use std::time::Duration;
/// use rustboot_web::{MountSettings, RouteSecurity, RouteSettings};
///
/// let admin = MountSettings::new()
///     .limits(RouteSettings::new().timeout(Duration::from_secs(5)))
///     .security(RouteSecurity::new().roles(&["admin"]));
/// // One of the two is enough: it is made of either.
/// let limited: MountSettings = RouteSettings::new().max_in_flight(20).into();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MountSettings {
    /// Its own limits.
    pub limits: RouteSettings,
    /// Who may call it.
    pub security: RouteSecurity,
}

impl MountSettings {
    /// The limits of the server, for everybody.
    pub const fn new() -> Self {
        Self {
            limits: RouteSettings::new(),
            security: RouteSecurity::new(),
        }
    }

    /// Gives it limits of its own.
    #[must_use]
    pub const fn limits(mut self, limits: RouteSettings) -> Self {
        self.limits = limits;
        self
    }

    /// Says who may call it. An [`Authenticator`](crate::Authenticator) is asked for every request, before the router and its layers.
    #[must_use]
    pub const fn security(mut self, security: RouteSecurity) -> Self {
        self.security = security;
        self
    }

    /// What cannot be meant.
    pub(crate) fn mistakes(&self) -> Vec<&'static str> {
        let mut mistakes = self.limits.mistakes();
        if self.security.contradicts_itself() {
            mistakes.push(RouteSecurity::CONTRADICTION);
        }
        mistakes
    }
}

impl From<RouteSettings> for MountSettings {
    fn from(limits: RouteSettings) -> Self {
        Self::new().limits(limits)
    }
}

impl From<RouteSecurity> for MountSettings {
    fn from(security: RouteSecurity) -> Self {
        Self::new().security(security)
    }
}
