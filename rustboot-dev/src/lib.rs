//! Dev services: PostgreSQL and Redis for an application that needs them and has no URL, in the profile `dev` and nowhere else.
//!
//! A crate of its own, behind the feature `dev-services` of the facade, because it starts programs, which no production binary should be able to.
//! It knows no database and no client: a module says which kind of server it needs at which key
//! ([`AppBuilder::needs_service`](rustboot_core::AppBuilder::needs_service)), and gets a URL.
//!
//! | module | what |
//! |---|---|
//! | `config` | `[dev_services]` |
//! | `module` | the module, and the provider of servers |
//! | `place` | where data is kept |
//! | `claim` | one server for several processes of an application |
//! | `start` | from the installed program, or in a container |

mod claim;
mod config;
mod module;
mod place;
mod start;

pub use config::DevServicesConfig;
pub use module::DevServicesModule;
