//! An answer whose status is part of its type.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// An answer with a status that is known when it is compiled, and so in the OpenAPI document. A tuple with a
/// [`StatusCode`] decides at run time, and is `2XX` there.
///
/// ```
/// # use rustboot_web::Status;
/// # use axum::Json;
/// async fn start_report() -> Status<202, Json<u64>> {
///     Status(Json(7))
/// }
///
/// async fn empty_basket() -> Status<205> {
///     Status(())
/// }
/// ```
///
/// A code outside of 200 to 399 does not compile: errors are for [`Error`](rustboot_core::Error) and `#[derive(Problem)]`.
/// What is inside may still fail (JSON that cannot be written); its status stays then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Status<const CODE: u16, T = ()>(pub T);

impl<const CODE: u16, T> Status<CODE, T> {
    const IS_SUCCESS: () = assert!(
        200 <= CODE && CODE < 400,
        "an answer has a status from 200 to 399; errors are for `Error` and `#[derive(Problem)]`"
    );

    /// The status.
    pub const CODE: StatusCode = {
        let () = Self::IS_SUCCESS;
        match StatusCode::from_u16(CODE) {
            Ok(code) => code,
            Err(_) => StatusCode::OK,
        }
    };
}

impl<const CODE: u16, T: IntoResponse> IntoResponse for Status<CODE, T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        if response.status().is_success() {
            *response.status_mut() = Self::CODE;
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::Json;

    use super::*;

    #[test]
    fn the_status_is_that_of_the_type_unless_it_failed() {
        let answer = Status::<201, _>(Json(1)).into_response();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(Status::<204>(()).into_response().status(), 204);
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(
            Status::<201, _>(Json(unwritable)).into_response().status(),
            500
        );
    }
}
