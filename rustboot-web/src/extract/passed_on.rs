//! Rejections of axum's extractors that a handler took as a `Result` and passed on with `?`. They mean what they would have meant
//! as the answer.

use axum::extract::rejection as axum_rejection;
use http::StatusCode;
use http_body_util::LengthLimitError;
use rustboot_core::error::Classified;
use rustboot_core::{Error, ErrorKind};

use crate::problem::rejection;

/// For `AppBuilder::classify`.
pub(crate) fn classify(error: &Error) -> Option<Classified> {
    macro_rules! first_of {
        ($($rejection:ident),*) => {
            None$(.or_else(|| {
                let found = error.find::<axum_rejection::$rejection>()?;
                Some((found.status(), found.body_text()))
            }))*
        };
    }
    let rejected: Option<(StatusCode, String)> = first_of!(
        JsonRejection,
        QueryRejection,
        PathRejection,
        FormRejection,
        BytesRejection,
        StringRejection,
        RawFormRejection,
        RawPathParamsRejection
    );
    match rejected {
        // One of those that only the application can cause stays internal.
        Some((status, text)) if status.is_client_error() => {
            let (detail, fields) = rejection::read(text);
            let kind = ErrorKind::from_status(status.as_u16());
            Some(Classified::new(kind, detail).with_fields(fields))
        }
        Some(_) => None,
        None => of_a_body(error),
    }
}

/// What whoever reads a body himself is told: that it is larger than he, or the pipeline, allows, or that it does not come to its
/// end. The bodies of requests are axum's, and have its error around that of hyper.
fn of_a_body(error: &Error) -> Option<Classified> {
    error.find::<axum::Error>()?;
    if error.find::<LengthLimitError>().is_some() {
        let detail = "the body is larger than allowed";
        return Some(Classified::new(ErrorKind::TooLarge, detail));
    }
    error.find::<hyper::Error>()?;
    let detail = "the body could not be read to its end";
    Some(Classified::new(ErrorKind::BadRequest, detail))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
mod tests {
    use axum::Json;
    use axum::body::{Body, to_bytes};
    use axum::extract::{FromRequest as _, FromRequestParts as _, Query, Request};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only read")]
    struct Page {
        page: u8,
    }

    async fn meaning_of_json(content_type: &str, body: &'static str) -> Classified {
        let request = Request::post("/").header("content-type", content_type);
        let request = request.body(Body::from(body)).unwrap();
        let rejection = Json::<Page>::from_request(request, &()).await.unwrap_err();
        classify(&Error::from(rejection)).unwrap()
    }

    #[tokio::test]
    async fn a_rejection_means_what_it_would_have_meant_as_the_answer() {
        let json = "application/json";
        assert_eq!(meaning_of_json(json, "{").await.kind, ErrorKind::BadRequest);
        assert_eq!(
            meaning_of_json("text/plain", "{}").await.kind,
            ErrorKind::UnsupportedMediaType
        );
        let told = meaning_of_json(json, r#"{"page":"x"}"#).await;
        assert_eq!(told.kind, ErrorKind::Invalid);
        assert_eq!(told.fields[0].place.as_str(), "/page");

        let (mut parts, ()) = Request::get("/?page=x").body(()).unwrap().into_parts();
        let rejection = Query::<Page>::from_request_parts(&mut parts, &()).await;
        let told = classify(&Error::from(rejection.unwrap_err())).unwrap();
        assert_eq!(
            (told.kind, &*told.fields[0].detail),
            (ErrorKind::BadRequest, "invalid digit found in string")
        );
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_the_clients() {
        let error = to_bytes(Body::from("four"), 3).await.unwrap_err();
        let told = classify(&Error::from(error)).unwrap();
        assert_eq!(told.kind, ErrorKind::TooLarge);
        let other = Error::from(axum::Error::new(std::io::Error::other("x")));
        assert!(classify(&other).is_none());
    }

    #[tokio::test]
    async fn what_the_application_forgot_stays_internal() {
        let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
        let rejection = axum::extract::Path::<u8>::from_request_parts(&mut parts, &()).await;
        assert!(classify(&Error::from(rejection.unwrap_err())).is_none());
    }
}
