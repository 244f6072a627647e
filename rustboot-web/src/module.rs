//! How rustboot-web joins an application.

use std::sync::Arc;

use axum::Router;
use rustboot_core::command::Command;
use rustboot_core::error::Classified;
use rustboot_core::lifecycle::ServerRole;
use rustboot_core::management::Exposure;
use rustboot_core::{AppBuilder, AppContext, Config, Error, ErrorKind, Module, Result};
use rustboot_observe::logs::AccessLog;
use tokio::time::error::Elapsed;

use crate::builder::WebExtension;
use crate::client_ip::Forwarding;
use crate::command;
#[cfg(feature = "compression")]
use crate::compression;
use crate::compression::CompressionConfig;
use crate::config::{ManagementConfig, ServerConfig};
use crate::cors::{self, CorsConfig};
use crate::listener::tls::{Tls, TlsConfig};
use crate::listener::{Address, ConnectionSettings, HttpServer, Patience, Places, Surface};
use crate::pipeline::Pipeline;
use crate::problem::{ErrorBody, ProblemDetails};
use crate::route::dispatch::{Dispatcher, Surroundings};
use crate::route::group::Groups;
use crate::route::limits::Limits;
use crate::route::mounted::{Listed, Mounted};
use crate::route::security::Authenticators;
use crate::route::table::Table;
use crate::route::{RouteDef, RouteGroup};
use crate::static_files::{StaticFiles, StaticFilesConfig};
#[cfg(feature = "ws")]
use crate::stream::WebSocketConfig;
use crate::stream::{SseConfig, Streams};

/// HTTP: the main listener, and the management listener when it has a port.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebModule;

/// The routes that are served, kept for the commands and `/routes`.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) table: Arc<Table>,
    pub(crate) mounted: Vec<Listed>,
    pub(crate) files: Option<StaticFiles>,
    /// The Unix socket, for `app health`.
    #[cfg(unix)]
    pub(crate) unix_socket: Option<std::path::PathBuf>,
}

impl Module for WebModule {
    fn name(&self) -> &str {
        "web"
    }

    fn commands(&self) -> Vec<Command> {
        command::all()
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        let server = app.config::<ServerConfig>();
        let management = app.config::<ManagementConfig>();
        let tls = app.config::<TlsConfig>();
        let files = app.config::<StaticFilesConfig>();
        let cors = app.config::<CorsConfig>();
        let compression = app.config::<CompressionConfig>();
        let sse = app.config::<SseConfig>();
        #[cfg(feature = "ws")]
        let websocket = app.config::<WebSocketConfig>();
        let (server, management, _) = (server?, management?, tls?);
        files?;
        cors?;
        compression?;
        sse?;
        #[cfg(feature = "ws")]
        websocket?;
        #[cfg(feature = "openapi")]
        app.config::<crate::openapi::OpenApiConfig>()?;
        #[cfg(feature = "multipart")]
        {
            app.config::<crate::extract::MultipartConfig>()?;
            app.classify(crate::extract::multipart::classify);
        }
        app.classify(crate::extract::passed_on::classify);
        app.classify(crate::extract::valid::classify);
        app.classify(classify_timeout);
        check_ports(app, &server, &management);
        Ok(())
    }

    fn finish(&self, app: &mut AppBuilder) -> Result<()> {
        let server = app.config::<ServerConfig>()?;
        let management = app.config::<ManagementConfig>()?;
        let tls = app.config::<TlsConfig>()?;
        let base = app.base_dir().to_owned();
        let tls = Tls::configure(app, tls, &base);
        let files = app.config::<StaticFilesConfig>()?;
        let files = StaticFiles::configure(app, &files, &base);
        let places = Places::of(app, &server, &management);
        let has_own_listener = !places.management.is_empty();
        let is_dev = app.profile().is_dev();

        let extension = std::mem::take(app.extension::<WebExtension>());
        let mut routes = extension.routes;
        let mut groups = Groups::default();
        if app.collects_items() {
            routes.extend(inventory::iter::<RouteDef>.into_iter().cloned());
            groups = Groups::new(inventory::iter::<RouteGroup>);
        }
        for route in &routes {
            app.wiring(route.wiring());
        }
        let on_main = app.endpoint_paths();
        let on_main = on_main
            .into_iter()
            .filter(|(_, exposure)| on_main_listener(*exposure, has_own_listener, is_dev));
        let (internal, others): (Vec<_>, Vec<_>) =
            on_main.partition(|(_, exposure)| *exposure == Exposure::Internal);
        let [internal, endpoint_paths] = [internal, others].map(|endpoints| {
            endpoints
                .into_iter()
                .map(|(path, _)| path)
                .collect::<Vec<_>>()
        });
        let mounted: Vec<Listed> = extension.routers.iter().map(|m| m.listed).collect();
        let (table, problems) = Table::new(routes, &mut groups, &endpoint_paths);
        for problem in problems
            .into_iter()
            .chain(extension.authenticators.problems(&table.routes, &mounted))
            .chain(mounted.iter().flat_map(Listed::mistakes))
        {
            app.problem(problem);
        }
        // Those are there in `dev` alone, and a route that every other profile serves must not keep that one from starting.
        let displaced = table.displaces(&internal);
        for path in &displaced {
            tracing::warn!(target: "rustboot::web", path, "a route of the application takes the place of a management endpoint; with management.port there is room for both");
        }
        let served = Served {
            table: Arc::new(table),
            mounted,
            files,
            #[cfg(unix)]
            unix_socket: server.unix_socket.as_ref().map(|path| base.join(path)),
        };
        app.endpoint(command::routes_endpoint(served.clone()));
        #[cfg(feature = "openapi")]
        crate::openapi::register(
            app,
            &served.table,
            extension.authenticators.schemes(),
            extension.error_body.is_none(),
        )?;
        let files = served.files.as_ref().map_or_else(String::new, |files| {
            format!(", files of {}", files.directory().display())
        });
        app.active(format!(
            "{} routes, {} mounted routers{files}",
            served.table.routes.len(),
            served.mounted.len()
        ));
        app.attach(served.clone());
        let streams = Streams::new(
            app.config::<SseConfig>()?,
            #[cfg(feature = "ws")]
            app.config::<WebSocketConfig>()?,
        );
        app.attach(streams);
        #[cfg(feature = "multipart")]
        {
            let config = app.config::<crate::extract::MultipartConfig>()?;
            app.attach(config);
        }

        let (mounted, problems) = Mounted::merge(
            extension.routers,
            &Limits::new(&server),
            &extension.authenticators,
            served.files.as_ref(),
        );
        for problem in problems {
            app.problem(problem);
        }
        let parts = Parts {
            mounted: within(mounted, extension.layers, extension.connect_info),
            server,
            table: served.table,
            error_body: extension
                .error_body
                .unwrap_or_else(|| Arc::new(ProblemDetails)),
            authenticators: extension.authenticators,
            cors: cors::Policy::new(&*app.config::<CorsConfig>()?).map(Arc::new),
            #[cfg(feature = "compression")]
            compression: compression::Policy::new(&*app.config::<CompressionConfig>()?)
                .map(Arc::new),
            is_dev,
            displaced,
            has_own_listener,
        };
        if has_own_listener {
            app.server(HttpServer::new(parts.surface(
                ServerRole::Management,
                places.management,
                // For probes and scrapers of this machine or cluster, which have nothing to verify it by.
                None,
            )));
        }
        if tls.is_some() && !places.traffic.iter().any(Address::is_tcp) {
            app.config_warning(
                "server.tls is for a port, and there is only a Unix socket, which needs none: set server.port to have both",
            );
        }
        app.server(HttpServer::new(parts.surface(
            ServerRole::Traffic,
            places.traffic,
            tls,
        )));
        Ok(())
    }
}

/// A time limit of the handler's own, passed on with `?`: somebody it asked did not answer.
fn classify_timeout(error: &Error) -> Option<Classified> {
    error.find::<Elapsed>()?;
    Some(Classified::new(ErrorKind::Timeout, ""))
}

/// Two listeners want two ports.
fn check_ports(app: &mut AppBuilder, server: &ServerConfig, management: &ManagementConfig) {
    let listens_on_a_port = Address::of_traffic(app, server).iter().any(Address::is_tcp);
    if let (Some(port), host) = (management.port, management.host)
        && listens_on_a_port
        && port != 0
        && port == server.port
        && (host == server.host || server.host.is_unspecified() || host.is_unspecified())
    {
        app.config_problem(
            "management.port",
            "is the same as server.port",
            "choose another port, or leave management.port unset to have the endpoints on the main listener",
        );
    }
}

/// Whether an endpoint is served by the listener of the application.
fn on_main_listener(exposure: Exposure, has_own_listener: bool, is_dev: bool) -> bool {
    match exposure {
        Exposure::Everywhere | Exposure::Application => true,
        Exposure::Management => !has_own_listener,
        Exposure::Internal => !has_own_listener && is_dev,
    }
}

/// The routers, with the user's layers around them.
fn within(
    mounted: Option<Mounted>,
    layers: Vec<Box<dyn FnOnce(Router) -> Router + Send>>,
    with_connect_info: bool,
) -> Option<Mounted> {
    let mounted = mounted?;
    let router = layers
        .into_iter()
        .fold(mounted.router, |router, layer| layer(router));
    Some(Mounted {
        router,
        with_connect_info,
        ..mounted
    })
}

/// What both listeners are made of.
struct Parts {
    server: Config<ServerConfig>,
    table: Arc<Table>,
    mounted: Option<Mounted>,
    error_body: Arc<dyn ErrorBody>,
    authenticators: Authenticators,
    cors: Option<Arc<cors::Policy>>,
    #[cfg(feature = "compression")]
    compression: Option<Arc<compression::Policy>>,
    is_dev: bool,
    /// Endpoints that are not on the main listener, since a route is there.
    displaced: Vec<&'static str>,
    has_own_listener: bool,
}

impl Parts {
    fn surface(&self, role: ServerRole, addresses: Vec<Address>, tls: Option<Tls>) -> Surface {
        let server = self.server.clone();
        let is_main = role == ServerRole::Traffic;
        let table = if is_main {
            Arc::clone(&self.table)
        } else {
            Arc::default()
        };
        let mounted = self.mounted.clone().filter(|_| is_main);
        let error_body = Arc::clone(&self.error_body);
        let authenticators = self.authenticators.clone();
        let cors = self.cors.clone().filter(|_| is_main);
        #[cfg(feature = "compression")]
        let compression = self.compression.clone();
        let (is_dev, has_own_listener) = (self.is_dev, self.has_own_listener);
        let displaced = self.displaced.clone();
        Surface {
            role,
            addresses,
            tls,
            max_connections: server.max_connections,
            connection: ConnectionSettings {
                header_limit: usize::try_from(server.header_limit.as_u64()).unwrap_or(usize::MAX),
                patience: Patience {
                    head: server.header_read_timeout,
                    idle: server.keep_alive_timeout,
                    write: server.write_timeout,
                },
            },
            pipeline: Box::new(move |app| {
                let endpoints = app
                    .endpoints()
                    .iter()
                    .filter(|endpoint| match is_main {
                        true => {
                            on_main_listener(endpoint.exposure, has_own_listener, is_dev)
                                && !displaced.contains(&endpoint.path)
                        }
                        false => endpoint.exposure != Exposure::Application,
                    })
                    .cloned()
                    .collect();
                let limits = Limits::new(&server);
                let surroundings = Surroundings {
                    app,
                    limits: &limits,
                    authenticators: &authenticators,
                };
                let dispatcher = Dispatcher::new(&table, endpoints, surroundings);
                pipeline(
                    app,
                    &server,
                    dispatcher.map_err(Error::internal)?,
                    limits,
                    mounted.clone(),
                    Arc::clone(&error_body),
                    is_main,
                )
                .map(|pipeline| Pipeline {
                    cors: cors.clone(),
                    #[cfg(feature = "compression")]
                    compression: compression.clone(),
                    ..pipeline
                })
            }),
        }
    }
}

fn pipeline(
    app: &AppContext,
    server: &ServerConfig,
    dispatcher: Dispatcher,
    limits: Limits,
    mounted: Option<Mounted>,
    error_body: Arc<dyn ErrorBody>,
    is_main: bool,
) -> Result<Pipeline> {
    Ok(Pipeline {
        dispatcher,
        limits,
        mounted,
        mounted_metrics: Default::default(),
        error_body,
        access_log: app
            .attachment::<AccessLog>()
            .map(|log| AccessLog::clone(&log)),
        forwarding: Forwarding {
            trusted: server.trusted_proxies.clone(),
            header: server.forwarded_header.clone(),
        },
        cors: None,
        #[cfg(feature = "compression")]
        compression: None,
        max_in_flight: server.max_in_flight.unwrap_or(usize::MAX),
        header_limit: usize::try_from(server.header_limit.as_u64()).unwrap_or(usize::MAX),
        show_details: !is_main || app.shows_details(),
        in_flight: Default::default(),
        draining: Default::default(),
        active: metrics::gauge!("http_server_active_requests"),
        shed: metrics::counter!("http_requests_shed_total"),
        unmatched: Default::default(),
        streams: app
            .attachment()
            .ok_or_else(|| Error::internal("the web module was not configured"))?,
        app: app.clone(),
    })
}
