//! Files of a directory, for what no route answers: the pages, scripts and pictures that come with a service.
//!
//! tower-http's `ServeDir` does the work, as everywhere with axum: entity tags and the other preconditions, types, compressed
//! siblings, and pieces instead of whole files. Around it is what it lacks:
//!
//! | what | where |
//! |---|---|
//! | which names may be asked for: no folder above, nothing hidden, one spelling for each file | [`name`] |
//! | nothing outside of the directory, whatever a symbolic link says | [`inside`] |
//! | ranges by the letter of RFC 9110: `If-Range`, suffixes longer than the file, units that nobody knows, none for HEAD | [`range`] |
//! | an index with a name of its own, the fallback of an application in one page, `Cache-Control`, character sets, problems | [`answer`] |
//!
//! It lists no directory, answers nothing but GET and HEAD, and asks nobody who calls: what is not for everybody has a route.
//!
//! [`StaticFilesConfig`] is there with and without the feature `static-files`, so that keys which nothing can obey are an error
//! and no silence.

#[cfg(feature = "static-files")]
mod answer;
#[cfg(feature = "static-files")]
mod body;
mod config;
#[cfg(feature = "static-files")]
mod files;
#[cfg(feature = "static-files")]
mod inside;
mod name;
#[cfg(feature = "static-files")]
mod range;
#[cfg(not(feature = "static-files"))]
mod without;

#[cfg(feature = "static-files")]
pub(crate) use files::StaticFiles;
#[cfg(not(feature = "static-files"))]
pub(crate) use without::StaticFiles;

pub use config::StaticFilesConfig;

#[cfg(test)]
#[cfg(feature = "static-files")]
mod tests;
