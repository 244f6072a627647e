//! `singleton` says all there is to say: which store the replicas agree on is a matter of the configuration.

use rustboot::prelude::*;

#[scheduled(every = "1m", singleton = true)]
async fn valued() {}

#[scheduled(every = "1m", singleton("redis"))]
async fn listed() {}

#[scheduled(every = "1m", singelton)]
async fn misspelled() {}

#[scheduled(every = "1m", lock = "nightly")]
async fn of_another_framework() {}

#[scheduled(singleton)]
async fn never() {}

fn main() {}
