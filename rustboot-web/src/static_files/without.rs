//! A program that was built without the feature `static-files`.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use axum::response::Response;
use http::request::Parts;
use rustboot_core::{AppBuilder, Config};

use super::StaticFilesConfig;

/// Nobody can make them.
#[derive(Debug, Clone)]
pub(crate) struct StaticFiles(Infallible);

impl StaticFiles {
    /// The section has said already that there are none.
    pub(crate) fn configure(
        _app: &mut AppBuilder,
        _config: &Config<StaticFilesConfig>,
        _base: &Path,
    ) -> Option<Self> {
        None
    }

    pub(crate) fn directory(&self) -> &Path {
        match self.0 {}
    }

    pub(crate) fn label(&self) -> Arc<str> {
        match self.0 {}
    }

    pub(crate) async fn answer(&self, _head: &Parts) -> Option<Response> {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use rustboot_core::config::Properties as _;

    use super::*;

    #[test]
    fn a_directory_that_nothing_can_serve_is_an_error() {
        let config = StaticFilesConfig {
            directory: Some("public".into()),
            ..StaticFilesConfig::off()
        };
        let mut problems = Vec::new();
        config.check(&mut problems);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, "directory");
        assert!(problems[0].1.contains("add the feature `static-files`"));
    }
}
