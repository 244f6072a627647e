//! A service with one of everything, for the black-box tests in `tests/blackbox`. It is no example: half of what it does
//! is wrong on purpose.

mod answers;
mod bookings;
mod bounded;
mod cached;
mod compressed;
mod described;
mod extractors;
mod failures;
mod grouped;
mod guarded;
mod inputs;
mod journal;
mod mounted;
mod pairs;
mod returned;
mod settings;
mod shapes;
mod stock;
mod store;
mod streams;
mod surroundings;
mod tasks;
mod uploads;

use rustboot::prelude::*;

#[rustboot::app]
async fn main(app: &mut AppBuilder) -> Result<()> {
    app.router(mounted::router())
        .router_with(mounted::settings(), mounted::bounded())
        .router_with(guarded::demands(), guarded::router())
        .router(uploads::router())
        .router(compressed::router())
        .layer(rustboot::axum::middleware::from_fn(mounted::apart))
        .connect_info();
    grouped::by_hand(app);
    let settings = app.config::<settings::Conformance>()?;
    if let Some(file) = &settings.store {
        app.secret_source(store::Store(file.clone()));
    }
    if let Some(path) = &settings.route {
        let handler = || rustboot::route_handler(async || "by hand");
        app.route(rustboot::RouteDef::new(
            rustboot::axum::http::Method::GET,
            path.clone().leak(),
            handler,
        ));
    }
    if settings.catch_all {
        app.router(mounted::catch_all())
            .layer(rustboot::axum::middleware::map_response(mounted::mark));
    }
    if settings.authenticator {
        app.authenticator("bearer", guarded::Bearer);
    }
    if let Some(shape) = settings.error_shape {
        app.error_body(shape);
    }
    app.health(stock::Stock::new(settings.stock));
    Ok(())
}
