//! `[multipart]`.

use rustboot_core::ByteSize;
use rustboot_core::config::{Describe, Field, Properties};
use rustboot_core::source::Location;
use serde::Deserialize;

/// Limits of forms with files. New values count for requests that begin after a reload.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct MultipartConfig {
    /// How many fields a form may have; with more it is a 413.
    pub max_fields: usize,
    /// The largest head of a field, its name included; a larger one is a 413.
    pub max_field_head: ByteSize,
}

impl Describe for MultipartConfig {
    fn fields() -> Vec<Field> {
        vec![
            // What PHP and Django have: no form that people fill in comes near.
            Field::new(
                "max_fields",
                "usize",
                "How many fields a form with files may have; with more it is a 413.",
            )
            .typed::<usize>()
            .default_text("1000"),
            // That of a field is three short lines. The whole head of a request is mostly smaller than this.
            Field::new(
                "max_field_head",
                "ByteSize",
                "The largest head of a field of such a form, its name included; a larger one is a 413.",
            )
            .typed::<ByteSize>()
            .default_text("8KiB"),
        ]
    }
}

impl Properties for MultipartConfig {
    const PREFIX: &'static str = "multipart";
    const NAME: &'static str = "MultipartConfig";
    const LOCATION: Location = Location::new(file!(), line!());

    fn check(&self, problems: &mut Vec<(String, String)>) {
        if self.max_fields == 0 {
            problems.push(("max_fields".to_owned(), "expected at least 1".to_owned()));
        }
        if self.max_field_head.as_u64() < SMALLEST_HEAD {
            problems.push((
                "max_field_head".to_owned(),
                format!("expected at least {SMALLEST_HEAD}B"),
            ));
        }
    }
}

/// `content-disposition: form-data; name="…"`, the line of the boundary, and a little.
const SMALLEST_HEAD: u64 = 256;
