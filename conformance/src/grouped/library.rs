//! A file whose routes have something in common.

use rustboot::prelude::*;

rustboot::route_group!(prefix = "/library", tag = "books");

#[get("/books/{id}")]
async fn book(Path(id): Path<u32>) -> String {
    format!("book {id}")
}

/// A handler that a macro of the user writes.
macro_rules! shelf {
    ($name:ident, $path:literal) => {
        #[get($path)]
        async fn $name() -> &'static str {
            stringify!($name)
        }
    };
}

shelf!(novels, "/novels");
