//! `app config`: what is configured, and where each value came from.

use crate::app::{Assembly, print};
use crate::config::print as effective;
use crate::error::{Error, Result};

pub(super) fn config(assembly: &Assembly) -> Result<u8> {
    if let Some(word) = assembly.arguments().words().get(1) {
        return Err(Error::internal(format!("`config {word}` is not a command")));
    }
    let context = assembly.context();
    let entries = effective::effective(context.settings(), context.sections());
    match assembly.arguments().option("format") {
        Some("json") => print(&format!("{:#}\n", effective::as_json(&entries))),
        None | Some("text") => print(&effective::as_text(&entries)),
        Some(other) => {
            return Err(Error::internal(format!(
                "--format {other} is not known; text and json are"
            )));
        }
    }
    Ok(0)
}
