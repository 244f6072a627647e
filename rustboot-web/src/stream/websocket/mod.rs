//! WebSockets on axum's: a heartbeat, limits, and an end that handler and client both see.
//!
//! A handler gets a [`WebSocket`], which is two bounded queues. Beside the handler, in the same task, a [`driver`] moves messages
//! between the queues and the connection, asks the client whether it is still there, and closes. So the heartbeat does not depend
//! on what the handler waits for, and a client that does not read makes the handler wait instead of the memory grow.
//!
//! Pages of other sites are refused ([`origin`]), since browsers do not.
//!
//! What this does not do: rooms, acknowledgements, or messages for a client that comes back.

mod driver;
mod extract;
mod origin;
mod session;
mod socket;

pub use axum::extract::ws::{CloseCode, Message};
pub use extract::WebSocketUpgrade;
pub use socket::{SendError, WebSocket, WebSocketReceiver, WebSocketSender};
