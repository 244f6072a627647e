//! Everything that a query, a form and a path can be read into.

use std::collections::{BTreeMap, HashMap};

use rustboot::axum::extract::Path as AxumPath;
use rustboot::prelude::*;
use rustboot::serde_json::{Value, json};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Any names, whole numbers as values.
#[get("/pairs/map")]
async fn map(Query(pairs): Query<HashMap<String, u16>>) -> Json<Value> {
    Json(json!(pairs))
}

#[get("/pairs/list")]
async fn list(Query(pairs): Query<Vec<(String, String)>>) -> Json<Value> {
    Json(json!(pairs))
}

/// A type that says nothing of itself.
#[get("/pairs/opaque")]
async fn opaque(Query(pairs): Query<Opaque>) -> Json<Value> {
    Json(json!(pairs.0))
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Opaque(BTreeMap<String, String>);

#[get("/pairs/nothing")]
async fn nothing(Query(()): Query<()>) {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Search {
    /// What to look for.
    text: String,
    page: Option<u16>,
    sort: Option<Sort>,
    /// Separated by commas.
    #[serde(default, deserialize_with = "by_commas")]
    tags: Vec<String>,
    /// axum cannot read a list, so nobody may give one.
    #[serde(default)]
    lists: Vec<u8>,
    /// As JSON.
    #[serde(default, deserialize_with = "from_json")]
    area: Area,
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Price,
    Name,
}

#[derive(Serialize, Deserialize, JsonSchema, Default)]
struct Area {
    north: i32,
}

fn by_commas<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(text)?;
    Ok(text.split(',').map(str::to_owned).collect())
}

fn from_json<'de, D: Deserializer<'de>>(text: D) -> Result<Area, D::Error> {
    let text = String::deserialize(text)?;
    rustboot::serde_json::from_str(&text).map_err(serde::de::Error::custom)
}

#[get("/pairs/struct")]
async fn search(Query(search): Query<Search>) -> Json<Value> {
    Json(json!(search))
}

/// One or the other.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Found {
    Name { name: String, near: Option<String> },
    Place { place: String, near: Option<String> },
}

#[get("/pairs/enum")]
async fn found(Query(found): Query<Found>) -> Json<Value> {
    Json(json!(found))
}

#[post("/pairs/form")]
async fn form(Form(pairs): Form<Vec<(String, String)>>) -> Json<Value> {
    Json(json!(pairs))
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Labels {
    #[serde(deserialize_with = "by_commas")]
    labels: Vec<String>,
}

#[post("/pairs/labels")]
async fn labels(Form(labels): Form<Labels>) -> Json<Value> {
    Json(json!(labels))
}

#[get("/pairs/path/list/{a}/{b}")]
async fn path_list(Path(values): Path<Vec<u16>>) -> Json<Value> {
    Json(json!(values))
}

#[get("/pairs/path/map/{a}/{b}")]
async fn path_map(Path(values): Path<BTreeMap<String, u16>>) -> Json<Value> {
    Json(json!(values))
}

#[get("/pairs/path/pairs/{a}/{b}")]
async fn path_pairs(Path(values): Path<Vec<(String, u16)>>) -> Json<Value> {
    Json(json!(values))
}

/// The same with axum's own.
#[get("/pairs/axum-path/pairs/{a}/{b}")]
async fn axum_path_pairs(AxumPath(values): AxumPath<Vec<(String, u16)>>) -> Json<Value> {
    Json(json!(values))
}

#[get("/pairs/path/opaque/{a}/{b}")]
async fn path_opaque(Path(values): Path<Opaque>) -> Json<Value> {
    Json(json!(values.0))
}
