//! Handlers that fail, in every way there is.

use futures_util::stream;
use rustboot::axum::body::Body;
use rustboot::prelude::*;

use crate::settings::Shop;

#[get("/panic")]
async fn panics() -> &'static str {
    panic!("the secret internals of a panic")
}

/// A panic that takes a whole section of the configuration with it.
#[get("/panic/config")]
async fn panics_with_config(shop: Config<Shop>) -> &'static str {
    panic!("cannot go on with {:?} and {}", shop.api_key, shop.api_key)
}

/// The head of the answer is out before the panic.
#[get("/panic/stream")]
async fn panics_half_way() -> Body {
    Body::from_stream(stream::unfold(false, async |second| {
        assert!(!second, "half-way through");
        Some((Ok::<_, std::io::Error>("the first half\n"), true))
    }))
}

#[get("/error/internal")]
async fn internal() -> Result<String> {
    Err(Error::internal("the secret internals of an error"))
}

#[get("/error/unavailable")]
async fn unavailable() -> Result<String> {
    Err(Error::unavailable("the secret internals of a dependency"))
}

#[get("/error/io")]
async fn io() -> Result<String> {
    let text = std::fs::read_to_string("/nowhere/secret-internals")?;
    Ok(text)
}

/// A handler that does not use our error type.
#[get("/error/plain")]
async fn plain() -> (StatusCode, String) {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the secret internals of a text".to_owned(),
    )
}

/// A text of any length, at once or in pieces. A letter of two bytes, so that a cut may fall into one.
#[get("/error/long")]
async fn long(
    Query(length): Query<Length>,
) -> (StatusCode, [(&'static str, &'static str); 1], Body) {
    let text = "ä".repeat(length.bytes / 2);
    let body = match length.streamed {
        true => Body::from_stream(stream::iter([Ok::<_, std::io::Error>(text)])),
        false => Body::from(text),
    };
    let status = StatusCode::from_u16(length.status).unwrap_or_default();
    (
        status,
        [("content-type", "text/plain; charset=utf-8")],
        body,
    )
}

#[derive(serde::Deserialize)]
struct Length {
    bytes: usize,
    status: u16,
    #[serde(default)]
    streamed: bool,
}

/// A time limit of the handler's own.
#[get("/error/elapsed")]
async fn elapsed() -> Result<()> {
    let never = std::future::pending::<()>();
    rustboot::tokio::time::timeout(std::time::Duration::from_millis(1), never).await?;
    Ok(())
}

/// Rules that the handler applies itself.
#[get("/error/rules")]
async fn rules() -> Result<()> {
    #[derive(garde::Validate)]
    struct Basket {
        #[garde(dive)]
        items: Vec<Item>,
    }
    #[derive(garde::Validate)]
    struct Item {
        #[garde(range(min = 1))]
        quantity: u32,
    }
    let items = vec![Item { quantity: 1 }, Item { quantity: 0 }];
    garde::Validate::validate(&Basket { items })?;
    Ok(())
}

#[get("/error/missing")]
async fn missing() -> Result<Json<u32>> {
    None::<u32>.or_not_found()
}

#[get("/error/conflict")]
async fn conflict() -> Result<()> {
    Err(Error::conflict("the code is taken"))
}
