//! A handler for every extractor of axum, and for every one of ours that reads what a client sent.

use std::net::SocketAddr;

use garde::Validate;
use rustboot::axum::body::Bytes;
use rustboot::axum::extract::{
    ConnectInfo, MatchedPath, NestedPath, OriginalUri, Path as AxumPath, RawForm, RawPathParams,
    RawQuery,
};
use rustboot::axum::http::{Method, Uri, Version};
use rustboot::prelude::*;
use serde::Deserialize;

#[derive(Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Booking {
    #[garde(range(min = 1, max = 9))]
    guest_count: u8,
    #[garde(inner(inner(length(chars, min = 2))))]
    guests: Option<Vec<String>>,
}

#[derive(Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Paging {
    #[garde(range(min = 1, max = 100))]
    page_size: u32,
}

#[derive(Deserialize, Validate)]
struct Place {
    #[garde(skip)]
    house: String,
    #[garde(range(max = 99))]
    room: u32,
}

#[derive(Deserialize, Validate)]
#[garde(transparent)]
struct Room(#[garde(range(max = 99))] u32);

#[post("/extract/json")]
async fn json(Json(_): Json<Booking>) {}

#[post("/extract/valid/json")]
async fn valid_json(Valid(Json(_)): Valid<Json<Booking>>) {}

#[post("/extract/form")]
async fn form(Form(_): Form<Booking>) {}

/// The form of a GET is its query.
#[get("/extract/form")]
async fn form_of_query(Form(_): Form<Paging>) {}

#[post("/extract/valid/form")]
async fn valid_form(Valid(Form(_)): Valid<Form<Paging>>) {}

#[get("/extract/valid/form")]
async fn valid_form_of_query(Valid(Form(_)): Valid<Form<Paging>>) {}

#[get("/extract/query")]
async fn query(Query(_): Query<Paging>) {}

#[get("/extract/valid/query")]
async fn valid_query(Valid(Query(_)): Valid<Query<Paging>>) {}

#[get("/extract/path/{house}/{room}")]
async fn path(Path((_house, _room)): Path<(String, u32)>) {}

#[get("/extract/axum-path/{house}/{room}")]
async fn axum_path(AxumPath((_house, _room)): AxumPath<(String, u32)>) {}

/// A handler that takes more than its path has.
#[get("/extract/path-of-two/{house}")]
async fn path_of_two(Path((_house, _room)): Path<(String, u32)>) {}

#[get("/extract/valid/path/{house}/{room}")]
async fn valid_path(Valid(Path(place)): Valid<Path<Place>>) -> String {
    format!("{} {}", place.house, place.room)
}

#[get("/extract/valid/room/{number}")]
async fn valid_room(Valid(Path(_)): Valid<Path<Room>>) {}

#[post("/extract/string")]
async fn string(_: String) {}

#[post("/extract/bytes")]
async fn bytes(_: Bytes) {}

#[post("/extract/raw-form")]
async fn raw_form(_: RawForm) {}

#[get("/extract/extension")]
async fn extension(_: Extension<Absent>) {}

/// What nobody puts into a request.
#[derive(Clone)]
struct Absent;

#[get("/extract/connect-info")]
async fn connect_info(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.to_string()
}

#[get("/extract/nested-path")]
async fn nested_path(_: NestedPath) {}

#[get("/extract/socket")]
async fn socket(_: rustboot::axum::extract::ws::WebSocketUpgrade) {}

#[get("/extract/our-socket")]
async fn our_socket(_: WebSocketUpgrade) {}

#[get("/extract/optional")]
async fn optional(_: Option<Json<Booking>>) {}

/// Those that never reject.
#[get("/extract/never/{house}")]
async fn never(
    _: (Method, Uri, Version, HeaderMap),
    _: (OriginalUri, MatchedPath, RawQuery, RawPathParams),
    _: (State<AppContext>, RequestId, ClientIp),
) {
}
