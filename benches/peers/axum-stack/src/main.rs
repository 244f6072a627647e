//! axum with what a careful team wires by hand from the usual crates, in one `ServiceBuilder`: request id, JSON access log
//! through a span, metrics, timeout, body and concurrency limit, panic guard, security headers. What Rustboot has on by
//! default, as far as the usual crates have it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_prometheus::PrometheusMetricLayer;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
    number: u32,
}

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    price: f64,
}

#[derive(Serialize)]
struct Row {
    id: i32,
    name: String,
}

async fn row(Path(id): Path<i32>, State(pool): State<PgPool>) -> Result<Json<Row>, StatusCode> {
    let (id, name) = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(&pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Row { id, name }))
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (writer, _guard) = tracing_appender::non_blocking(std::io::stdout());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::INFO)
        .with_writer(writer)
        .init();
    let port: u16 = std::env::var("PORT")?.parse()?;
    let pool = PgPool::connect_lazy(&std::env::var("DATABASE_URL")?)?;
    let (metrics, handle) = PrometheusMetricLayer::pair();
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    let request_id = HeaderName::from_static("x-request-id");
    let span_id = request_id.clone();
    let trace = TraceLayer::new_for_http()
        .make_span_with(move |request: &Request| {
            let id = request.headers().get(&span_id).and_then(|id| id.to_str().ok()).unwrap_or("");
            tracing::info_span!("request", method = %request.method(), path = request.uri().path(), request_id = id)
        })
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let stack = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(request_id.clone(), MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(request_id))
        .layer(trace)
        .layer(metrics)
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(30),
        ))
        .layer(GlobalConcurrencyLimitLayer::new(10_000))
        .layer(RequestBodyLimitLayer::new(2 * 1024 * 1024));
    let app = Router::new()
        .route("/text", get(async || "Hello, World!"))
        .route(
            "/json",
            get(async || {
                Json(Greeting {
                    message: "Hello, World!",
                    number: 42,
                })
            }),
        )
        .route(
            "/users/{id}",
            get(async |Path(id): Path<u64>| format!("user {id}")),
        )
        .route("/echo", post(async |Json(item): Json<Item>| Json(item)))
        .route("/rows/{id}", get(row))
        .route("/metrics", get(async move || handle.render()))
        .layer(stack)
        .with_state(pool);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
