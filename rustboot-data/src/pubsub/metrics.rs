//! The metrics of channels.

use metrics::{Counter, Gauge, counter, gauge};
use rustboot_observe::metrics::names;

/// The handles. Names of channels are no labels: there may be one for each room.
pub(super) struct Metrics {
    published: Counter,
    received: Counter,
    lost: Counter,
    #[cfg(feature = "redis")]
    interruptions: Counter,
    subscriptions: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            published: counter!(names::PUBSUB_PUBLISHED),
            received: counter!(names::PUBSUB_RECEIVED),
            lost: counter!(names::PUBSUB_LOST),
            #[cfg(feature = "redis")]
            interruptions: counter!(names::PUBSUB_INTERRUPTIONS),
            subscriptions: gauge!(names::PUBSUB_SUBSCRIPTIONS),
        }
    }

    pub(super) fn published(&self) {
        self.published.increment(1);
    }

    pub(super) fn received(&self) {
        self.received.increment(1);
    }

    pub(super) fn lost(&self) {
        self.lost.increment(1);
    }

    #[cfg(feature = "redis")]
    pub(super) fn interrupted(&self) {
        self.interruptions.increment(1);
    }

    pub(super) fn subscribed(&self) {
        self.subscriptions.increment(1.0);
    }

    pub(super) fn unsubscribed(&self) {
        self.subscriptions.decrement(1.0);
    }
}
