//! Bounds that the route macros check one by one, so that the compiler's message points at the one parameter that is wrong
//! and not at the whole handler.

use axum::extract::{FromRequest, FromRequestParts};
use axum::response::IntoResponse;
use rustboot_core::AppContext;

/// Any parameter but the last.
pub const fn assert_parts<T: FromRequestParts<AppContext>>() {}

/// The last parameter, which may read the body.
pub const fn assert_request<T: FromRequest<AppContext, M>, M>() {}

/// What a handler returns.
pub const fn assert_response<T: IntoResponse>() {}
