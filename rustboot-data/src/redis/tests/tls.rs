//! `rediss://`, with certificates of the tests' own.

use super::*;
use crate::certificates::Authority;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_with_a_certificate_that_is_looked_at() {
    let authority = Authority::new();
    let (own, clients) = (authority.issue("localhost"), authority.issue("client"));
    let ca = authority.ca();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = blocking({
        let ca = ca.clone();
        move || {
            Server::options()
                .set("tls-port", port.to_string())
                .set("tls-cert-file", own.certificate.display().to_string())
                .set("tls-key-file", own.key.display().to_string())
                .set("tls-ca-cert-file", ca.display().to_string())
                .start()
                .unwrap()
        }
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
    limits.tls_ca = Some(ca);
    let error = Redis::connect(&limits).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable,
        "it wants to know who we are"
    );
    limits.tls_certificate = Some(clients.certificate);
    limits.tls_key = Some(clients.key);
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
