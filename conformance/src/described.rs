//! Handlers whose types have a lot to say in the OpenAPI document, and one whose type says nothing.

use garde::Validate;
use rustboot::axum::response::NoContent;
use rustboot::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A book of the shelf.
#[derive(Serialize, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Book {
    /// What is on the cover.
    #[garde(length(chars, min = 1, max = 200))]
    title: String,
    #[garde(range(min = 1))]
    page_count: u32,
    /// Nobody has to know it.
    #[serde(default)]
    #[garde(skip)]
    shelf_mark: Option<u64>,
    #[garde(dive)]
    #[serde(default)]
    authors: Vec<Author>,
}

#[derive(Serialize, Deserialize, Validate, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Author {
    #[garde(length(chars, min = 1))]
    name: String,
}

#[derive(Deserialize, Validate, JsonSchema)]
pub(crate) struct Listing {
    /// How many at most.
    #[garde(range(min = 1, max = 50))]
    limit: u8,
    /// Where to go on.
    #[garde(skip)]
    after: Option<i64>,
}

/// It has no schema.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opaque {
    anything: u8,
}

/// Adds a book.
///
/// It is *not* kept:
/// - this is a test
#[post("/shelf/books", tag = "shelf")]
async fn add_book(Valid(Json(book)): Valid<Json<Book>>) -> Result<Json<Book>> {
    Ok(Json(book))
}

/// What a shelf says no with.
#[derive(Debug, thiserror::Error, Problem)]
#[problem(base = "https://shelf.example/problems/")]
pub(crate) enum ShelfError {
    #[error("there is no room for {0}")]
    #[problem(status = 409, type = "shelf-full")]
    Full(String),
    #[error("the book is lent")]
    #[problem(status = 409)]
    Lent,
    #[error("it is a shelf for short titles")]
    #[problem(status = 422, title = "Too long")]
    TooLong,
    #[error("the shelf broke")]
    #[problem(status = 507)]
    Broke,
}

/// Puts a book on the shelf.
#[post("/shelf/places", tag = "shelf")]
async fn place_book(
    Valid(Json(book)): Valid<Json<Book>>,
) -> Result<Status<201, (Location, Json<Book>)>, ShelfError> {
    match book.title.as_str() {
        "full" => Err(ShelfError::Full(book.title)),
        "lent" => Err(ShelfError::Lent),
        "long" => Err(ShelfError::TooLong),
        "broke" => Err(ShelfError::Broke),
        title => {
            let location = Location::to(format!("/shelf/places/{title}"));
            Ok(Status((location, Json(book))))
        }
    }
}

/// Where the book of the day is. Some know it, and some errors are of any kind.
#[get("/shelf/today")]
async fn today() -> Result<Status<302, Location>> {
    Ok(Status(Location::to("/shelf/places/a book")))
}

/// Lists books.
#[get("/shelf/books", tag = "shelf")]
async fn list_books(Valid(Query(listing)): Valid<Query<Listing>>) -> Json<Vec<i64>> {
    Json(vec![
        listing.after.unwrap_or_default();
        usize::from(listing.limit)
    ])
}

#[deprecated]
#[delete("/shelf/{shelf}/books/{*rest}")]
async fn remove_books(Path((shelf, _rest)): Path<(u16, String)>) -> Result<NoContent> {
    (shelf > 0).then_some(NoContent).or_not_found()
}

#[put("/shelf/opaque")]
async fn opaque(Json(value): Json<Opaque>) -> Json<Opaque> {
    Json(value)
}
