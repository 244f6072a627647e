//! Embedded migrations: the files that were compiled in, run once each, in the order of their versions.
//!
//! The table `_sqlx_migrations` and its checksums are sqlx's own, so that sqlx's command line works on the same database.
//! The runner is ours, for two reasons. sqlx's lock belongs to the session: a failing migration leaves it behind on a pooled
//! connection; here the lock is the transaction. And sqlx runs a file as one piece; here an error names the statement.
//!
//! What it will not do: migrate down, or read files at run time.

mod embedded;
mod failure;
mod outside;
mod run;
mod split;
mod status;
#[cfg(test)]
mod tests;

pub use embedded::Migrations;
pub(crate) use run::run;
pub(crate) use split::Quoting;
pub(crate) use status::status;
