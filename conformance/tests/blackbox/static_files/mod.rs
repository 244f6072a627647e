//! Files of a directory: what they are answered with, which there are, and that everything else wins.

mod conditions;
mod contents;
mod names;
mod ranges;
mod settings;

use crate::harness::Sandbox;

const DIRECTORY: &str = "APP_SERVER__STATIC_FILES__DIRECTORY";
const PATH: &str = "APP_SERVER__STATIC_FILES__PATH";
const FALLBACK: &str = "APP_SERVER__STATIC_FILES__FALLBACK";

/// What a browser sends for a page.
const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A service with a few files, served.
fn site() -> Sandbox {
    Sandbox::new()
        .file("public/index.html", "<h1>front</h1>")
        .file("public/digits.txt", "0123456789")
        .file("public/assets/app.4f3a.js", "let app;")
        .file("public/manual/index.html", "<h1>manual</h1>")
        .env(DIRECTORY, "public")
}
