//! The request pipeline: everything between a parsed request and the bytes of its answer, in one future.
//!
//! In this order:
//!
//! | step | what | where |
//! |---|---|---|
//! | 1 | request id: kept from `x-request-id` when well-formed, else made; trace id from `traceparent` | [`request`] |
//! | 2 | client address, by `server.trusted_proxies` and `server.forwarded_header` | [`client_ip`](crate::client_ip) |
//! | 2a | what the client takes of the codings that there are, for 10b | [`compression`](crate::compression) |
//! | 2b | CORS, when `[server.cors]` allows an origin: preflights are answered here, 204 or 403, without a place in flight (not for management endpoints) | [`cross_origin`], [`cors`](crate::cors) |
//! | 3 | route: attribute route, management endpoint, or a mounted router | [`dispatch`](crate::route::dispatch) |
//! | 4 | in-flight limit, the server's and then the route's: 503 with `Retry-After` (not for management endpoints) | [`service`], [`gate`](crate::route::gate) |
//! | 5 | body limit, the route's or the server's: 413, by `Content-Length` before anything runs, by counting otherwise; its small pieces are put together | [`service`], [`request`], [`incoming`] |
//! | 6a | panic guard and timeout, the route's or the server's, around everything down to 7 | [`future`] |
//! | 6b | authentication, for routes and mounted routers that demand something: 401, 403 | [`dispatch`](crate::route::dispatch), [`mounted`](crate::route::mounted), [`security`](crate::route::security) |
//! | 6c | the user's layers: of the route's groups and of the route, or around mounted routers; then the handler | [`shared`](crate::route::shared), [`mounted`](crate::route::mounted) |
//! | 6d | files of `[server.static_files]`, within the layers around mounted routers: what is no route, and what no router matches | [`mounted`](crate::route::mounted), [`static_files`](crate::static_files) |
//! | 7 | what the handler deferred to its end is finished (a `Tx` commits) when the answer is 2xx or 3xx, else taken back | [`future`], [`abandon`] |
//! | 8 | errors become problem details | [`problem`](crate::problem) |
//! | 9 | an answer that goes on (event stream, upgrade) is counted against its own limit: 503 beyond; its place in flight is free | [`streaming`] |
//! | 10 | headers: `x-request-id`, security headers, `connection: close` while draining, CORS on whatever comes from 3 to 9 | [`headers`], [`prepared`], [`cross_origin`] |
//! | 10b | compression, when `[server.compression]` wants it: the headers say so and `vary`, and the body is compressed while 11 polls it; for whatever comes from 3 to 9 | `compressing`, `gzipped`, [`compression`](crate::compression) |
//! | 11 | a body that is streamed is polled with the ids of the request and a panic guard | [`streaming`] |
//! | 12 | when the last byte is out, or the client is gone: metrics, access log | [`record`], [`body`], [`answer_body`] |
//!
//! What is not there yet has its place: rate limits by client address are between 4 and 5 (nothing of the body has been read, and
//! a refusal is an `Answer::Refused`), those by caller and sessions right behind 6b, where it is known who calls.

mod abandon;
mod answer;
mod answer_body;
mod body;
#[cfg(feature = "compression")]
mod compressing;
mod connection;
mod cross_origin;
mod future;
#[cfg(feature = "compression")]
mod gzipped;
mod headers;
mod ids;
mod incoming;
pub(crate) mod prepared;
mod record;
mod request;
pub(crate) mod said;
mod service;
mod streaming;

pub(crate) use body::PipelineBody;
pub(crate) use connection::{Activity, ConnectionState};
pub(crate) use record::Record;
pub(crate) use request::prepare;
pub(crate) use service::{ConnectionService, Pipeline};
