//! `[pubsub]`.

use rustboot_core::ByteSize;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// How much is kept for subscribers who do not keep up.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PubSubConfig {
    /// How many messages wait for one subscriber; then the oldest is lost, and counted. Default 256.
    pub queue: usize,
    /// The largest message. A larger one is an error for whoever publishes it. Default 1 MiB.
    pub max_message: ByteSize,
}

impl Default for PubSubConfig {
    fn default() -> Self {
        Self {
            // Some seconds of a lively channel. A subscriber costs what waits for him, not this.
            queue: 256,
            max_message: ByteSize::bytes(1024 * 1024),
        }
    }
}

impl Describe for PubSubConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "queue",
                "usize",
                "How many messages wait for one subscriber; then the oldest is lost, and counted.",
            )
            .typed::<usize>()
            .restart()
            .default_text("256"),
            Field::new(
                "max_message",
                "ByteSize",
                "The largest message. A larger one is an error for whoever publishes it.",
            )
            .typed::<ByteSize>()
            .restart()
            .default_text("1MiB"),
        ]
    }
}

impl Properties for PubSubConfig {
    const PREFIX: &'static str = "pubsub";
    const NAME: &'static str = "PubSubConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        if self.queue == 0 {
            problems.push(("queue".to_owned(), "expected at least 1".to_owned()));
        }
        if self.max_message.as_u64() == 0 {
            problems.push(("max_message".to_owned(), "expected more than 0".to_owned()));
        }
    }
}
