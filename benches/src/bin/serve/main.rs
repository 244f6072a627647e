//! Serves one of the applications that are compared, until its stdin ends: `serve axum`.
//!
//! One worker thread, the same in all of them, so that counts do not depend on which thread took what.

mod bare;
mod framework;

use std::process::ExitCode;

use rustboot_benches::phases::say;
use rustboot_benches::variant::Variant;
use tokio::runtime::Builder;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let variant = std::env::args()
        .nth(1)
        .and_then(|name| Variant::from_name(&name));
    let outcome = match variant {
        Some(variant) => serve(variant),
        None => Err("usage: serve axum|rustboot|crowded|mounted".into()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say(&format!("serve: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(variant: Variant) -> Result<ExitCode, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match variant {
        Variant::Axum => bare::serve(&runtime),
        Variant::Rustboot => framework::serve(&runtime, framework::attributes()),
        Variant::Crowded => framework::serve(&runtime, framework::crowded()),
        Variant::Mounted => framework::serve(&runtime, framework::mounting(bare::router())),
    }
}
