//! `rediss://`, with certificates of the tests' own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::*;
use crate::certificates::{Authority, Issued};

/// A server with a port for TLS besides: another one when somebody took it meanwhile. Blocks.
fn encrypted(own: &Issued, ca: &Path) -> (Server, u16) {
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let server = Server::options()
            .set("tls-port", port.to_string())
            .set("tls-cert-file", own.certificate.display().to_string())
            .set("tls-key-file", own.key.display().to_string())
            .set("tls-ca-cert-file", ca.display().to_string())
            .start();
        match server {
            Ok(server) => return (server, port),
            Err(error) => assert!(error.to_string().contains("in use"), "{error}"),
        }
    }
    panic!("twenty free ports were taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_with_a_certificate_that_is_looked_at() {
    let authority = Authority::new();
    let (own, clients) = (authority.issue("localhost"), authority.issue("client"));
    let ca = authority.ca();
    let (server, port) = blocking({
        let ca = ca.clone();
        move || encrypted(&own, &ca)
    })
    .await;
    let url = server.url().replace("redis://", "rediss://").replace(
        &format!("127.0.0.1:{}/", server.port().unwrap()),
        &format!("localhost:{port}/"),
    );
    let mut limits = config(&url);
    limits.connect_timeout = Duration::from_millis(300);
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable,
        "nobody knows who signed it"
    );
    limits.tls_ca = Some(ca.clone());
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable,
        "it wants to know who we are"
    );
    limits.tls_certificate = Some(clients.certificate);
    limits.tls_key = Some(clients.key);
    let limits_of_names = {
        let names = |path: &Option<PathBuf>| path.as_ref()?.file_name().map(PathBuf::from);
        let mut limits = limits.clone();
        limits.tls_ca = names(&limits.tls_ca);
        limits.tls_certificate = names(&limits.tls_certificate);
        limits.tls_key = names(&limits.tls_key);
        limits
    };
    let folder = ca.parent().unwrap();
    assert_eq!(limits_of_names.in_folder(folder).tls_key, limits.tls_key);
    let mut limits = limits_of_names.in_folder(folder);
    limits.connect_timeout = Duration::from_secs(10);
    let redis = Redis::connect(&limits).await.unwrap();
    assert!(works(&redis).await);
    let mut held = redis.connection().await.unwrap();
    let (): () = held.set("a", 1).await.unwrap();
    // Another name than the certificate has.
    limits.url = Some(url.replace("localhost", "127.0.0.1").into());
    limits.connect_timeout = Duration::from_millis(300);
    Redis::connect(&limits).await.unwrap_err();
}
