//! A critical health indicator with details, in the state that the configuration gives it.

use rustboot::core::component::BoxFuture;
use rustboot::core::health::{Health, HealthIndicator};

use crate::settings::StockLevel;

pub(crate) struct Stock(StockLevel);

impl Stock {
    pub(crate) fn new(level: StockLevel) -> Self {
        Self(level)
    }
}

impl HealthIndicator for Stock {
    fn name(&self) -> &str {
        "stock"
    }

    fn check(&self) -> BoxFuture<'_, Health> {
        let health = match self.0 {
            StockLevel::Up => Health::up(),
            StockLevel::Down => Health::down("the shelf is empty"),
        };
        Box::pin(async move { health.with("shelf", "third from the left") })
    }
}
