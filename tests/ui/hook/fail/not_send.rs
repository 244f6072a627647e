//! A hook that holds what cannot move between threads is pointed at by its name.

use std::rc::Rc;

use rustboot::prelude::*;

#[on_start]
async fn warm() {
    let count = Rc::new(1);
    std::future::ready(()).await;
    drop(count);
}

fn main() {}
