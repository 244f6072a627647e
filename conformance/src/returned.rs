//! What handlers return, once with a type that says the headers of the answer and once behind `impl IntoResponse`.

use std::borrow::Cow;

use rustboot::axum::extract::Request;
use rustboot::axum::middleware::{Next, from_fn};
use rustboot::axum::response::Html;
use rustboot::prelude::*;
use rustboot::serde_json::{Value, json};
use serde::Serialize;
use serde::ser::{Error as _, Serializer};

/// Cannot be written as JSON.
#[derive(Clone, Copy)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(S::Error::custom("this cannot be written"))
    }
}

fn value() -> Value {
    json!({"number": 42, "text": "grün"})
}

/// What one of them says.
type Answer = Result<Json<Value>>;

fn refused() -> Answer {
    Err(Error::bad_request("no"))
}

/// With types that say it.
#[routes(prefix = "/returned/stated")]
mod stated {
    use super::*;

    #[get("/str")]
    async fn str() -> &'static str {
        "grün"
    }

    #[get("/string")]
    async fn string() -> String {
        "grün".to_owned()
    }

    #[get("/cow")]
    async fn cow() -> Cow<'static, str> {
        "grün".into()
    }

    #[get("/html")]
    async fn html() -> Html<&'static str> {
        Html("<p>grün</p>")
    }

    #[get("/html-string")]
    async fn html_string() -> Html<String> {
        Html("<p>grün</p>".to_owned())
    }

    #[get("/json")]
    async fn json() -> Json<Value> {
        Json(value())
    }

    #[get("/unwritable")]
    async fn unwritable() -> Json<Unwritable> {
        Json(Unwritable)
    }

    #[get("/ok")]
    async fn ok() -> Answer {
        Ok(Json(value()))
    }

    #[get("/refused")]
    async fn refused() -> Answer {
        super::refused()
    }

    #[post("/echo")]
    async fn echo(body: Json<Value>) -> Json<Value> {
        body
    }

    #[get("/pending")]
    async fn pending() -> &'static str {
        rustboot::tokio::task::yield_now().await;
        "grün"
    }
}

/// Without.
#[routes(prefix = "/returned/hidden")]
mod hidden {
    use super::*;

    #[get("/str")]
    async fn str() -> impl IntoResponse {
        "grün"
    }

    #[get("/string")]
    async fn string() -> impl IntoResponse {
        "grün".to_owned()
    }

    #[get("/cow")]
    async fn cow() -> impl IntoResponse {
        Cow::Borrowed("grün")
    }

    #[get("/html")]
    async fn html() -> impl IntoResponse {
        Html("<p>grün</p>")
    }

    #[get("/html-string")]
    async fn html_string() -> impl IntoResponse {
        Html("<p>grün</p>".to_owned())
    }

    #[get("/json")]
    async fn json() -> impl IntoResponse {
        Json(value())
    }

    #[get("/unwritable")]
    async fn unwritable() -> impl IntoResponse {
        Json(Unwritable)
    }

    #[get("/ok")]
    async fn ok() -> impl IntoResponse {
        Answer::Ok(Json(value()))
    }

    #[get("/refused")]
    async fn refused() -> impl IntoResponse {
        super::refused()
    }

    #[post("/echo")]
    async fn echo(body: Json<Value>) -> impl IntoResponse {
        body
    }

    #[get("/pending")]
    async fn pending() -> impl IntoResponse {
        rustboot::tokio::task::yield_now().await;
        "grün"
    }
}

/// What a layer sees of the answer of a handler, as the answer.
async fn seen(request: Request, next: Next) -> Json<Vec<String>> {
    let answer = next.run(request).await;
    let names = answer.headers().keys();
    Json(names.map(ToString::to_string).collect())
}

#[routes(prefix = "/returned/seen", layers(from_fn(seen)))]
mod behind_a_layer {
    use super::*;

    #[get("/json")]
    async fn json() -> Json<Value> {
        Json(value())
    }

    #[post("/echo")]
    async fn echo(body: Json<Value>) -> Json<Value> {
        body
    }
}

/// Headers of its own: the framework's give way, or stay, whichever they are.
#[get("/returned/own")]
async fn own() -> impl IntoResponse {
    let headers = [("x-frame-options", "SAMEORIGIN"), ("x-request-id", "-")];
    (headers, Json(value()))
}
