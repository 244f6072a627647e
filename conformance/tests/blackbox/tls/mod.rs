//! TLS: what clients of every kind get, what becomes of those that are none, and certificates that are replaced at run time.

mod certificates;
mod handshakes;
mod identity;
mod streams;

use std::io::Result;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use self::identity::{Authority, Client, Identity};
use crate::exposition::Exposition;
use crate::harness::{Sandbox, Service};
use crate::http::{Connection, Request, Response};

/// A service with TLS on the main listener, and the endpoints on one of their own.
fn encrypted(identity: &Identity) -> Sandbox {
    Sandbox::new()
        .file("tls/tls.crt", &identity.certificate)
        .file("tls/tls.key", &identity.key)
        .env("APP_SERVER__TLS__CERTIFICATE", "tls/tls.crt")
        .env("APP_SERVER__TLS__CERTIFICATE_KEY", "tls/tls.key")
        .env("APP_MANAGEMENT__PORT", "0")
}

/// One request on a connection of its own.
async fn get(client: &Client, service: &Service, target: &str) -> Result<Response> {
    let mut connection = connect(client, service).await?;
    connection.send(&Request::get(target)).await
}

async fn connect(client: &Client, service: &Service) -> Result<Connection<TlsStream<TcpStream>>> {
    Ok(Connection::over(client.connect(&service.address).await?))
}

/// A metric, by the management listener.
async fn metric(service: &Service, sample: &str, labels: &[(&str, &str)]) -> f64 {
    let answer = service.manage("/metrics").await;
    let exposition = Exposition::parse(answer.text());
    assert_eq!(exposition.unexplained(), [""; 0]);
    exposition.sum(sample, labels)
}
