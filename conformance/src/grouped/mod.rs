//! Routes that have something in common: in modules inside of each other, in a file of their own, and by hand.

mod library;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustboot::axum::extract::{MatchedPath, Request};
use rustboot::axum::http::Method;
use rustboot::axum::middleware::{Next, from_fn, from_fn_with_state};
use rustboot::prelude::*;
use rustboot::{RouteDef, RouteGroup, RouteLayer, RouteSettings, route_handler};

/// Adds a name on the way out: the outermost comes last.
async fn stamp(name: &'static str, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let value = header::HeaderValue::from_static(name);
    answer.headers_mut().append("x-layers", value);
    answer
}

/// Numbers the requests that come through it, and says what template they matched.
async fn number(
    State(count): State<Arc<AtomicUsize>>,
    matched: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = next.run(request).await;
    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
    let text = format!("{number} {}", matched.as_str());
    if let Ok(value) = header::HeaderValue::from_str(&text) {
        answer.headers_mut().insert("x-number", value);
    }
    answer
}

/// What a layer that lets nobody pass makes of a request.
async fn closed(request: Request, _next: Next) -> Result<Response> {
    Err(Error::new(
        rustboot::ErrorKind::Gone,
        format!("{} is closed", request.uri().path()),
    ))
}

#[routes(
    prefix = "/grouped",
    tag = "grouped",
    timeout = "300ms",
    layers(from_fn(async |request: Request, next: Next| stamp("outer", request, next).await))
)]
mod sections {
    use super::*;

    #[get("/")]
    async fn root() -> &'static str {
        "root"
    }

    #[rustboot::routes(
        prefix = "/shops/{shop}",
        tag = "shops",
        access_log = false,
        layers(from_fn_with_state(Arc::<AtomicUsize>::default(), number))
    )]
    mod shops {
        use super::*;

        #[get("/")]
        async fn shop(Path(shop): Path<String>) -> String {
            shop
        }

        #[get(
            "/slow",
            timeout = "10m",
            access_log = true,
            layers(
                from_fn(async |request: Request, next: Next| stamp("first", request, next).await),
                from_fn(async |request: Request, next: Next| stamp("second", request, next).await),
            )
        )]
        async fn slow(Path(shop): Path<String>) -> String {
            rustboot::tokio::time::sleep(Duration::from_millis(600)).await;
            format!("{shop} at last")
        }

        /// No group of its own: it belongs to the one around.
        mod deeper {
            use super::*;

            #[get("/items/{id}")]
            async fn item(Path((shop, id)): Path<(String, u32)>, request: Request) -> String {
                format!("{id} of {shop} at {}", request.uri().path())
            }

            #[get("/late")]
            async fn late() {
                rustboot::tokio::time::sleep(Duration::from_secs(3600)).await;
            }

            #[get("/panic")]
            async fn panics() {
                panic!("inside of three layers");
            }
        }
    }

    #[rustboot::routes(prefix = "/narrow", max_in_flight = 1)]
    mod narrow {
        use super::*;

        #[get("/a", timeout = "10m")]
        async fn a() {
            rustboot::tracing::info!("inside");
            rustboot::tokio::time::sleep(Duration::from_secs(3600)).await;
        }

        #[get("/b")]
        async fn b() {}

        #[get("/own", max_in_flight = 5)]
        async fn own() {}
    }

    #[rustboot::routes(prefix = "/closed", layers(from_fn(closed)))]
    mod closed_shop {
        use super::*;

        #[post("/")]
        async fn never(_body: String) {
            panic!("nobody gets here");
        }
    }

    #[rustboot::routes(prefix = "/staff", security = "bearer", roles("admin"))]
    mod staff {
        use super::*;

        #[get("/files")]
        async fn files() -> &'static str {
            "files"
        }

        #[get("/help", roles("support"))]
        async fn help() -> &'static str {
            "help"
        }

        #[get("/login", permit_all)]
        async fn login() -> &'static str {
            "login"
        }
    }
}

static BY_HAND: RouteGroup = RouteGroup::new("by hand").prefix("/by-hand").tag("hand");

static TALLY: RouteGroup = RouteGroup::new("tally")
    .within(&BY_HAND)
    .prefix("/tally")
    .settings(RouteSettings::new().access_log(false))
    .layers(|| vec![RouteLayer::new(from_fn_with_state(Arc::default(), number))]);

/// What `#[get]` in a `#[routes]` module is, without macros.
pub(crate) fn by_hand(app: &mut AppBuilder) {
    let handler = || route_handler(async || "by hand");
    app.route(RouteDef::new(Method::GET, "/", handler).group(&TALLY))
        .route(RouteDef::new(Method::PUT, "/{id}", handler).group(&TALLY))
        .route(RouteDef::new(Method::GET, "/plain", handler).group(&BY_HAND));
}
