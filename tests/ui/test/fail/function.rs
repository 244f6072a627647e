//! Functions that are no tests.

use rustboot::prelude::*;

#[rustboot::test]
fn not_async(app: TestApp) {}

#[rustboot::test]
#[test]
async fn twice(app: TestApp) {}

#[rustboot::test]
async fn two(app: TestApp, other: TestApp) {}

#[rustboot::test]
struct NotAFunction;

fn main() {}
