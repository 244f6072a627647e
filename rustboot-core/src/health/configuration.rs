//! `configuration`: a running application has a valid one, so this says which.

use super::{Health, HealthIndicator};
use crate::component::BoxFuture;

/// Always up, with the profile and the number of sections.
pub(crate) struct ConfigurationHealth {
    pub(crate) profile: String,
    pub(crate) sections: usize,
}

impl HealthIndicator for ConfigurationHealth {
    fn name(&self) -> &str {
        "configuration"
    }

    fn is_critical(&self) -> bool {
        false
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        let health = Health::up()
            .with("profile", self.profile.as_str())
            .with("sections", self.sections);
        Box::pin(async { health })
    }
}
