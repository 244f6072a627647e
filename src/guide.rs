//! Compiles every Rust block of the README and the guide. Nothing else is here.

#[doc = include_str!("../README.md")]
struct Readme;

#[doc = include_str!("../docs/ARCHITECTURE.md")]
struct Architecture;
