//! `/openapi.json` and `app openapi`.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use rustboot_core::command::Command;
use rustboot_core::management::{Endpoint, Exposure, Reply};
use rustboot_core::{AppBuilder, Error, Result};
use serde_json::Value;

use super::{OpenApiConfig, Source, ui};
use crate::route::SecurityScheme;
use crate::route::table::Table;

/// Serves the document where the configuration wants it, and keeps what it is made from for the command.
pub(crate) fn register(
    app: &mut AppBuilder,
    table: &Arc<Table>,
    schemes: Vec<(&'static str, SecurityScheme)>,
    has_standard_problems: bool,
) -> Result<()> {
    let config = app.config::<OpenApiConfig>()?;
    let info = app.app_info();
    let source = Source {
        title: config.title.clone().unwrap_or_else(|| info.name.to_owned()),
        version: config
            .version
            .clone()
            .unwrap_or_else(|| info.version.to_owned()),
        description: config.description.clone(),
        servers: config.servers.clone(),
        table: Arc::clone(table),
        schemes,
        has_standard_problems,
    };
    app.attach(source.clone());
    if !config.enabled {
        return Ok(());
    }
    for route in &table.routes {
        if route.path == PATH {
            app.problem(
                route
                    .problem("the path is that of the OpenAPI document")
                    .note("help: choose another path, or set openapi.enabled to false"),
            );
        }
    }
    if config.ui {
        ui::register(app, &config, &source.title, table);
    }
    // Made when somebody asks for it first: a start has no time for the schemas of a thousand types.
    let document: Arc<OnceLock<Value>> = Arc::default();
    app.endpoint(Endpoint::new(PATH, Exposure::Everywhere, move |_| {
        let document = document.get_or_init(|| source.document());
        let reply = Reply::json(200, document);
        async move { reply }
    }));
    Ok(())
}

const PATH: &str = "/openapi.json";

/// Prints the document; nothing is opened for it.
pub(crate) const fn command() -> Command {
    Command {
        name: "openapi",
        help: "print the OpenAPI document of the routes, as JSON",
        run: |assembly| {
            Box::pin(async move {
                let source = assembly
                    .context()
                    .attachment::<Source>()
                    .ok_or_else(|| Error::internal("the routes are not known"))?;
                let text = format!("{:#}\n", source.document());
                // `app openapi | head` closes the pipe.
                let _closed = std::io::stdout().write_all(text.as_bytes());
                Ok(0)
            })
        },
    }
}
