//! `[server.compression]`.

use rustboot_core::ByteSize;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

use super::MediaRange;
use super::never::is_never_compressed;

/// Whether answers are compressed with gzip for clients that take it, and which. Off by default: see the guide on what
/// compression tells about secrets in a body.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CompressionConfig {
    /// Whether answers are compressed.
    pub enabled: bool,
    /// From which size on. A body whose length is not known when it begins is long enough.
    pub min_response_size: ByteSize,
    /// The types that are compressed.
    pub content_types: Vec<MediaRange>,
}

impl Describe for CompressionConfig {
    fn fields() -> Vec<Field> {
        vec![
            Field::new(
                "enabled",
                "bool",
                "Whether answers are compressed with gzip for clients that take it.",
            )
            .typed::<bool>()
            .restart()
            .default_text("false"),
            // Tomcat's and Spring's. With the head it is more than a packet of 1,500 bytes; what fits into one arrives no sooner
            // for being shorter.
            Field::new(
                "min_response_size",
                "ByteSize",
                "From which size on an answer is compressed. One whose length is not known is long enough.",
            )
            .typed::<ByteSize>()
            .restart()
            .default_text("2KiB"),
            // What is text in one way or another. Pictures, films, archives and WOFF2 are compressed already.
            Field::new(
                "content_types",
                "Vec<MediaRange>",
                "The types that are compressed: application/json, text/* for all of text, */*+json for all with that suffix.",
            )
            .typed::<Vec<MediaRange>>()
            .restart()
            .default_list(&[
                "text/*",
                "application/json",
                "application/javascript",
                "application/xml",
                "application/wasm",
                "image/svg+xml",
                "*/*+json",
                "*/*+xml",
            ]),
        ]
    }
}

impl Properties for CompressionConfig {
    const PREFIX: &'static str = "server.compression";
    const NAME: &'static str = "CompressionConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        let mut problem = |key: &str, text: String| problems.push((key.to_owned(), text));
        if cfg!(not(feature = "compression")) && self.enabled {
            problem(
                "enabled",
                "this program was built without compression: add the feature `compression` of rustboot in Cargo.toml, or leave server.compression out".to_owned(),
            );
        }
        if self.enabled && self.content_types.is_empty() {
            problem(
                "content_types",
                "nothing would be compressed: name a type, or leave it out for the usual ones"
                    .to_owned(),
            );
        }
        for entry in &self.content_types {
            if let Some((main, sub)) = entry.one()
                && is_never_compressed(main, sub)
            {
                problem(
                    "content_types",
                    format!("{entry} is never compressed: what it carries must not wait for more"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(enabled: bool, entries: &[&str]) -> Vec<(String, String)> {
        let config = CompressionConfig {
            enabled,
            min_response_size: ByteSize::bytes(2048),
            content_types: entries
                .iter()
                .map(|entry| MediaRange::parse(entry).unwrap())
                .collect(),
        };
        let mut problems = Vec::new();
        config.check(&mut problems);
        problems
    }

    #[test]
    fn what_would_do_nothing_is_an_error() {
        assert_eq!(problems(false, &[]), []);
        assert_eq!(problems(false, &["text/*"]), []);
        let events = problems(false, &["text/*", "Text/Event-Stream"]);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].0, "content_types");
        assert!(events[0].1.starts_with("text/event-stream is never"));
        let none = problems(true, &[]);
        assert_eq!(none.last().unwrap().0, "content_types");
    }

    #[test]
    fn without_the_feature_it_cannot_be_switched_on() {
        let problems = problems(true, &["text/*"]);
        if cfg!(feature = "compression") {
            assert_eq!(problems, []);
        } else {
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].0, "enabled");
            assert!(problems[0].1.contains("add the feature `compression`"));
        }
    }
}
