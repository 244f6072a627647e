//! What the endpoints send and take, the same in all applications.

use serde::{Deserialize, Serialize};

/// The answer of `/text`.
pub const TEXT: &str = "Hello, World!";

/// A document of 200 bytes. It is what serde makes of an [`Item`], so that the echo can be compared byte by byte.
pub const ITEM: &str = r#"{"id":4711,"name":"Garden chair, folding","description":"Acacia wood, oiled; seat height 44 cm, carries 110 kg.","price_cents":8990,"tags":["garden","wood","furniture"],"available":true,"stock":17000}"#;

/// The answer of `/json`.
#[derive(Debug, Serialize)]
pub struct Greeting {
    message: &'static str,
    id: u64,
}

impl Greeting {
    /// As serde writes it.
    pub const JSON: &str = r#"{"message":"Hello, World!","id":42}"#;

    /// A new one.
    pub fn new() -> Self {
        Self {
            message: TEXT,
            id: 42,
        }
    }
}

impl Default for Greeting {
    fn default() -> Self {
        Self::new()
    }
}

/// What `/echo` takes and gives back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Item {
    id: u64,
    name: String,
    description: String,
    price_cents: u64,
    tags: Vec<String>,
    available: bool,
    stock: u32,
}

/// The answer of `/users/{id}`.
pub fn user(id: u64) -> String {
    format!("user {id}")
}

/// What makes the table that `/rows/{id}` reads.
pub const USERS: &str = "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 10000) AS n;
    ANALYZE users";

/// How it is read.
pub const SELECT_USER: &str = "SELECT id, name FROM users WHERE id = $1";

/// A row of it.
#[derive(Debug, Serialize)]
pub struct User {
    /// The key.
    pub id: i32,
    /// `user`, and the key.
    pub name: String,
}

/// The answer of `/rows/{id}`.
pub const USER_AS_JSON: &str = r#"{"id":4711,"name":"user 4711"}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_size_that_its_comment_says() {
        assert_eq!(ITEM.len(), 200);
    }
}
