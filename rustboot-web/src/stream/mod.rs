//! Answers that go on: event streams, and connections that stopped being HTTP (WebSockets).
//!
//! | what | where |
//! |---|---|
//! | how many are open, and how many may be; what the stop waits for | [`open`] |
//! | an event stream as the pipeline sees it: heartbeat, and its end when the application stops | [`events`] |
//! | a connection after its upgrade, whoever asked for it: counted, told to end, cut off | [`tether`], [`served`], [`farewell`] |
//! | what handlers use: `Sse`, and with the feature `ws` `WebSocketUpgrade` | [`sse`], [`websocket`] |
//!
//! The pipeline recognises a stream by its answer (`text/event-stream`, 101), so that axum's own `Sse` and `WebSocketUpgrade`
//! are counted, limited and ended like ours. What this does not do: fan messages out, or keep them for a client that comes back.

mod config;
pub(crate) mod events;
mod farewell;
mod linger;
mod open;
pub(crate) mod outcome;
pub(crate) mod served;
pub(crate) mod sse;
pub(crate) mod tether;
#[cfg(feature = "ws")]
pub(crate) mod websocket;

pub use config::SseConfig;
#[cfg(feature = "ws")]
pub use config::WebSocketConfig;
#[cfg(feature = "ws")]
pub(crate) use open::cut;
pub(crate) use open::{Kind, Managed, OpenStream, Streams};
