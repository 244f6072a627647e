//! The second tier on Redis: values that all replicas share, and word of what was removed.
//!
//! | file | what |
//! |---|---|
//! | `format` | how a value is written |
//! | `breaker` | whether Redis is asked at all |
//! | `owed` | what could not be removed yet |
//! | `store` | the commands, with a limit |
//! | `news` | what the replicas tell each other |
//!
//! A removed key leaves a tombstone for as long as a load may take. A load keeps its value only where what it saw before it
//! began still is: so no replica writes what it read before a removal that another one made.

mod breaker;
mod format;
mod news;
mod owed;
mod store;

pub(crate) use news::listen;
pub(crate) use store::OnRedis;
