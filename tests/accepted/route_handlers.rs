//! Handlers of all methods compile without a warning, and their definitions say what they serve, what they need, and where.

#![deny(warnings)]

use rustboot::__private::{RouteDef, inventory};
use rustboot::prelude::*;

struct Catalog;

#[component]
fn catalog() -> Catalog {
    Catalog
}

const ITEM_LINE: u32 = line!() + 3;
#[get("/items/{id}")]
#[head("/items/{id}/again")]
async fn item(Path(id): Path<i64>, catalog: Inject<Catalog>) -> Result<Json<i64>> {
    let _ = &*catalog;
    Ok(Json(id))
}

#[post("/")]
async fn post_one(Json(item): Json<String>) -> Json<String> {
    Json(item)
}

#[put("/")]
async fn put_one() -> &'static str {
    "put"
}

#[delete("/")]
async fn delete_one() {}

#[patch("/user-{name}/{*rest}", crate = rustboot)]
async fn patch_one(Path((_name, _rest)): Path<(String, String)>) {}

#[options("/{{literal}}")]
async fn options_one() -> String {
    String::new()
}

mod inner {
    use rustboot::prelude::*;

    #[route(TRACE, "/trace")]
    pub(crate) async fn r#trace() {}
}

#[test]
fn a_definition_says_what_it_serves() {
    let mut routes: Vec<(String, &str, &str)> = inventory::iter::<RouteDef>()
        .filter(|def| def.location.file == file!())
        .map(|def| (def.method.to_string(), def.path, def.name))
        .collect();
    routes.sort();
    let module = module_path!();
    let found: Vec<String> = routes
        .into_iter()
        .map(|(method, path, name)| {
            format!("{method} {path} {}", name.strip_prefix(module).unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            "DELETE / ::delete_one",
            "GET /items/{id} ::item",
            "HEAD /items/{id}/again ::item",
            "OPTIONS /{{literal}} ::options_one",
            "PATCH /user-{name}/{*rest} ::patch_one",
            "POST / ::post_one",
            "PUT / ::put_one",
            "TRACE /trace ::inner::trace",
        ]
    );
    let item = inventory::iter::<RouteDef>()
        .find(|def| def.location.file == file!() && def.path == "/items/{id}")
        .unwrap();
    assert_eq!(
        (item.location.line, (item.dependencies)().len()),
        (ITEM_LINE, 1)
    );
}
