//! hyper without a framework: the floor. Its router is a `match`.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::net::TcpListener;

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

async fn answer(
    request: Request<Incoming>,
    pool: PgPool,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, path) = (request.method().clone(), request.uri().path());
    let response = match (&method, path) {
        (&Method::GET, "/text") => plain("Hello, World!".into()),
        (&Method::GET, "/json") => json(&Greeting {
            message: "Hello, World!",
            number: 42,
        }),
        (&Method::POST, "/echo") => match request.into_body().collect().await {
            Ok(body) => match serde_json::from_slice::<Item>(&body.to_bytes()) {
                Ok(item) => json(&item),
                Err(_) => status(StatusCode::BAD_REQUEST),
            },
            Err(_) => status(StatusCode::BAD_REQUEST),
        },
        (&Method::GET, _) => match path.rsplit_once('/') {
            Some(("/users", id)) => match id.parse::<u64>() {
                Ok(id) => plain(format!("user {id}").into()),
                Err(_) => status(StatusCode::BAD_REQUEST),
            },
            Some(("/rows", id)) => match id.parse::<i32>() {
                Ok(id) => row(id, &pool).await,
                Err(_) => status(StatusCode::BAD_REQUEST),
            },
            _ => status(StatusCode::NOT_FOUND),
        },
        _ => status(StatusCode::NOT_FOUND),
    };
    Ok(response)
}

async fn row(id: i32, pool: &PgPool) -> Response<Full<Bytes>> {
    let found = sqlx::query_as::<_, (i32, String)>("SELECT id, name FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(pool)
        .await;
    match found {
        Ok((id, name)) => json(&Row { id, name }),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn plain(body: Bytes) -> Response<Full<Bytes>> {
    typed("text/plain; charset=utf-8", body)
}

fn json(value: &impl Serialize) -> Response<Full<Bytes>> {
    typed(
        "application/json",
        serde_json::to_vec(value).unwrap_or_default().into(),
    )
}

fn typed(content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let pool = PgPool::connect_lazy(&std::env::var("DATABASE_URL")?)?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pool = pool.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, pool.clone()));
            // A client that goes away is no concern of the yardstick.
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}
