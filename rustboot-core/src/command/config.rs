//! `app config`: what is configured, and where each value came from; what can be, as a schema and as a default file.

use super::check;
use crate::app::{Assembly, note, print};
use crate::config::{print as effective, reference};
use crate::error::{Error, Result};

pub(super) fn config(assembly: &Assembly) -> Result<u8> {
    let context = assembly.context();
    let (name, is_dev) = (context.info().name, context.profile().is_dev());
    match assembly.arguments().words().get(1) {
        Some(&"schema") => {
            print(&format!(
                "{:#}\n",
                reference::schema(name, context.sections(), is_dev)
            ));
            return Ok(0);
        }
        Some(&"default") => {
            print(&reference::default_file(name, context.sections(), is_dev));
            return Ok(0);
        }
        // Any other word was refused.
        _ => {}
    }
    if let Some(sources) = check::unread_sources(assembly) {
        note(&format!("note: not asked without --connect: {sources}\n"));
    }
    let entries = effective::effective(&context.settings(), context.sections());
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
