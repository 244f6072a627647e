//! `rediss://`, with certificates of the tests' own.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_with_a_certificate_that_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    // The server may run as another user.
    std::process::Command::new("chmod")
        .args(["755"])
        .arg(folder.path())
        .status()
        .unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority
        .distinguished_name
        .push(DnType::CommonName, "the authority of the tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        (
            file(&format!("{name}.crt"), certificate.pem()),
            file(&format!("{name}.key"), key.serialize_pem()),
        )
    };
    let ca = file("ca.crt", authority.pem());
    let (certificate, key) = issue("localhost");
    let (client_certificate, client_key) = issue("client");
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
                .set("tls-cert-file", certificate.display().to_string())
                .set("tls-key-file", key.display().to_string())
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
    limits.tls_certificate = Some(client_certificate);
    limits.tls_key = Some(client_key);
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
