//! Who may call is said in one way.

use rustboot::prelude::*;

#[get("/admin", roles = "admin")]
async fn admin() {}

#[get("/empty", roles())]
async fn empty() {}

#[get("/open", permit_all, roles("admin"))]
async fn open() {}

#[get("/names", roles("admin", admin), security = bearer)]
async fn names() {}

fn main() {}
