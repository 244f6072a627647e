//! `app routes`, `app health`, and `/routes`.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustboot_core::app::Assembly;
use rustboot_core::command::Command;
use rustboot_core::management::{Endpoint, Exposure, Reply};
use rustboot_core::{Error, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::config::ServerConfig;
use crate::module::Served;

/// How long `app health` waits: less than Docker's default of 30 s and Kubernetes' of 1 s plus the start of a process.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

pub(crate) fn all() -> [Command; 2] {
    [
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
        let reply = Reply::json(200, &json!({ "routes": as_json(&served) }));
        async move { reply }
    })
}

fn as_json(served: &Served) -> Vec<Value> {
    served
        .table
        .routes
        .iter()
        .map(|route| {
            json!({
                "method": route.method.as_str(),
                "path": route.path,
                "handler": route.name,
                "location": route.location.to_string(),
            })
        })
        .collect()
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
            "{:<7} {:<width$}  {} ({})\n",
            route.method.as_str(),
            route.path,
            route.name,
            route.location
        );
    }
    if served.mounted_routers > 0 {
        text += &format!(
            "and {} mounted axum routers, whose routes axum does not tell\n",
            served.mounted_routers
        );
    }
    text
}

/// A HEALTHCHECK for images without a shell or curl.
async fn health(assembly: Assembly) -> Result<u8> {
    let server = assembly
        .context()
        .config::<ServerConfig>()
        .ok_or_else(|| Error::internal("the server is not configured"))?;
    // `/ready` is on the main listener whatever else is.
    let address = SocketAddr::new(reachable(server.host), server.port);
    match tokio::time::timeout(PROBE_LIMIT, ask(address)).await {
        Ok(Ok(200)) => Ok(0),
        Ok(Ok(status)) => Err(Error::internal(format!(
            "http://{address}/ready answered {status}"
        ))),
        Ok(Err(error)) => {
            Err(Error::from(error).context(format!("http://{address}/ready does not answer")))
        }
        Err(_) => Err(Error::internal(format!(
            "http://{address}/ready did not answer within {PROBE_LIMIT:?}"
        ))),
    }
}

/// "All addresses" is no address to connect to.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

/// One request needs no HTTP client: the status line is all that is read.
async fn ask(address: SocketAddr) -> std::io::Result<u16> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!(
        "GET /ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nuser-agent: app-health\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    std::str::from_utf8(&head)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.parse().ok())
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP/1.1"))
}
