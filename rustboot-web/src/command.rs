//! `app routes`, `app health`, and `/routes`.

use std::fmt;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use rustboot_core::app::Assembly;
use rustboot_core::command::Command;
use rustboot_core::management::{Endpoint, Exposure, Reply};
use rustboot_core::{Error, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::config::{ManagementConfig, ServerConfig};
use crate::listener::tls::{self, TlsConfig};
use crate::module::Served;
use crate::route::mapped::MappedRoute;
use crate::route::{RouteSecurity, RouteSettings};

/// How long `app health` waits: less than Docker's default of 30 s and Kubernetes' of 1 s plus the start of a process.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

pub(crate) fn all() -> Vec<Command> {
    vec![
        #[cfg(feature = "openapi")]
        crate::openapi::command(),
        Command {
            name: "routes",
            help: "list the routes; --format json",
            run: |assembly| Box::pin(async move { routes(&assembly) }),
        },
        Command {
            name: "health",
            help: "ask the running application's /ready on the configured port; exit code 0 or 1",
            run: |assembly| Box::pin(health(assembly)),
        },
    ]
}

pub(crate) fn routes_endpoint(served: Served) -> Endpoint {
    Endpoint::new("/routes", Exposure::Internal, move |_| {
        let mounted: Vec<Value> = served
            .mounted
            .iter()
            .map(|router| {
                let settings = router.settings.limits.named().into_iter();
                let mut listed = json!({
                    "location": router.location.to_string(),
                    "settings": settings.map(|(k, v)| (k, json!(v))).collect::<Value>(),
                });
                if router.settings.security.is_demanding() {
                    listed["security"] = demands(&router.settings.security);
                }
                listed
            })
            .collect();
        let routes = as_json(&served);
        let mut listed = json!({ "routes": routes, "mounted": mounted });
        if let Some(files) = &served.files {
            let directory = files.directory().display().to_string();
            listed["files"] = json!({ "path": &*files.label(), "directory": directory });
        }
        let reply = Reply::json(200, &listed);
        async move { reply }
    })
}

fn as_json(served: &Served) -> Vec<Value> {
    served
        .table
        .routes
        .iter()
        .map(|route| {
            let mut listed = json!({
                "method": route.def.method.as_str(),
                "path": route.path,
                "handler": route.def.handler_name(),
                "location": route.def.location.to_string(),
            });
            if let Some(group) = route.groups.first() {
                listed["group"] = group.name.into();
            }
            if let Some(tag) = route.tag {
                listed["tag"] = tag.into();
            }
            let settings = route.settings.named();
            if !settings.is_empty() {
                listed["settings"] = settings.into_iter().map(|(k, v)| (k, json!(v))).collect();
            }
            if route.security.is_demanding() {
                listed["security"] = demands(&route.security);
            }
            if route.has_layers() {
                listed["layers"] = true.into();
            }
            listed
        })
        .collect()
}

fn demands(security: &RouteSecurity) -> Value {
    json!({ "scheme": security.scheme, "roles": security.roles })
}

/// What a route has beside method and path, in brackets: ` [timeout 2s, roles admin]`.
fn extras(route: &MappedRoute) -> String {
    let mut extras = written(&route.settings, &route.security);
    if route.has_layers() {
        extras.push("layers".to_owned());
    }
    in_brackets(&extras)
}

/// Settings and demands as people write them: `timeout 2s`, `roles admin`.
fn written(settings: &RouteSettings, security: &RouteSecurity) -> Vec<String> {
    let named = settings.named().into_iter();
    let mut written: Vec<String> = named
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if security.is_demanding() {
        written.extend(security.scheme.map(|scheme| format!("security {scheme}")));
        if !security.roles.is_empty() {
            written.push(format!("roles {}", security.roles.join("|")));
        }
    }
    written
}

fn in_brackets(extras: &[String]) -> String {
    match extras {
        [] => String::new(),
        extras => format!(" [{}]", extras.join(", ")),
    }
}

fn routes(assembly: &Assembly) -> Result<u8> {
    let served = assembly
        .context()
        .attachment::<Served>()
        .ok_or_else(|| Error::internal("the routes are not known"))?;
    let text = match assembly.arguments().option("format") {
        Some("json") => format!("{:#}\n", Value::from(as_json(&served))),
        _ => as_text(&served),
    };
    // `app routes | head` closes the pipe.
    let _closed = std::io::stdout().write_all(text.as_bytes());
    Ok(0)
}

fn as_text(served: &Served) -> String {
    let width = served
        .table
        .routes
        .iter()
        .map(|route| route.path.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for route in &served.table.routes {
        text += &format!(
            "{:<7} {:<width$}  {} ({}){}\n",
            route.def.method.as_str(),
            route.path,
            route.def.handler_name(),
            route.def.location,
            extras(route)
        );
    }
    let mounted = served.mounted.len();
    if mounted > 0 {
        text += &format!("and {mounted} mounted axum routers, whose routes axum does not tell\n");
    }
    for router in &served.mounted {
        let settings = &router.settings;
        let settings = in_brackets(&written(&settings.limits, &settings.security));
        if !settings.is_empty() {
            text += &format!("router  mounted in {}{settings}\n", router.location);
        }
    }
    if let Some(files) = &served.files {
        let directory = files.directory().display();
        text += &format!("files   {} from {directory}\n", files.label());
    }
    text
}

/// A HEALTHCHECK for images without a shell or curl.
async fn health(assembly: Assembly) -> Result<u8> {
    let target = target(&assembly)?;
    match tokio::time::timeout(PROBE_LIMIT, ask(&target)).await {
        Ok(Ok(200)) => Ok(0),
        Ok(Ok(status)) => Err(Error::internal(format!("{target} answered {status}"))),
        Ok(Err(error)) => Err(Error::from(error).context(format!("{target} does not answer"))),
        Err(_) => Err(Error::internal(format!(
            "{target} did not answer within {PROBE_LIMIT:?}"
        ))),
    }
}

/// Where the application answers `/ready`.
enum Target {
    Http(SocketAddr),
    Https(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(address) => write!(f, "http://{address}/ready"),
            Self::Https(address) => write!(f, "https://{address}/ready"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "/ready on unix:{}", path.display()),
        }
    }
}

fn target(assembly: &Assembly) -> Result<Target> {
    let unconfigured = || Error::internal("the server is not configured");
    let app = assembly.context();
    let server = app.config::<ServerConfig>().ok_or_else(unconfigured)?;
    let tls = app.config::<TlsConfig>().ok_or_else(unconfigured)?;
    #[cfg(unix)]
    if let Some(path) = app
        .attachment::<Served>()
        .and_then(|served| served.unix_socket.clone())
    {
        return Ok(Target::Unix(path));
    }
    if tls.requires_client_certificate() {
        // We have none to show. The management listener asks for none.
        let management = app.config::<ManagementConfig>().ok_or_else(unconfigured)?;
        let port = management.port.filter(|&port| port != 0).ok_or_else(|| {
            Error::internal(
                "server.tls.client_ca wants a certificate of every client, and a probe has none: set management.port, where \
                 /ready is as well, or server.tls.client_auth to \"optional\"",
            )
        })?;
        let address = SocketAddr::new(reachable(management.host), port);
        return Ok(Target::Http(address));
    }
    // `/ready` is on the main listener whatever else is.
    let address = SocketAddr::new(reachable(server.host), server.port);
    Ok(match tls.is_on() {
        true => Target::Https(address),
        false => Target::Http(address),
    })
}

/// "All addresses" is no address to connect to.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

async fn ask(target: &Target) -> std::io::Result<u16> {
    match target {
        Target::Http(address) => status(TcpStream::connect(address).await?).await,
        Target::Https(address) => {
            let stream = TcpStream::connect(address).await?;
            status(tls::connect(stream).await?).await
        }
        #[cfg(unix)]
        Target::Unix(path) => status(UnixStream::connect(path).await?).await,
    }
}

/// One request needs no HTTP client: the status line is all that is read.
async fn status(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<u16> {
    let request = "GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nuser-agent: app-health\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    std::str::from_utf8(&head)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.parse().ok())
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP/1.1"))
}
