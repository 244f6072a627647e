//! Encrypted, and with a certificate that is looked at.

use rustboot_core::ErrorKind;

use super::server::{Server, secret_file};
use super::*;

#[tokio::test]
async fn the_certificate_has_to_be_of_the_ca_and_of_the_host() {
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap().pem();
    let key = key.serialize_pem();

    let server = tokio::task::spawn_blocking(move || {
        Server::start_with(|dir| {
            std::fs::write(dir.join("cert.pem"), leaf).unwrap();
            secret_file(&dir.join("key.pem"), &key);
            vec![
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", dir.join("cert.pem").display()),
                format!("ssl_key_file={}", dir.join("key.pem").display()),
            ]
        })
    })
    .await
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("ca.pem");
    std::fs::write(&root, ca_pem).unwrap();
    let url = |host: &str, rest: &str| {
        format!("postgres://postgres@{host}:{}/postgres?{rest}", server.port)
    };
    let root = format!("sslrootcert={}", root.display());

    for rest in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-full&{root}"),
    ] {
        let db = PgDb::connect(&config(&url("localhost", &rest)))
            .await
            .unwrap();
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let encrypted: bool = sqlx::query_scalar(sql).fetch_one(&db).await.unwrap();
        assert!(encrypted, "{rest}");
    }
    for (host, rest) in [
        // Of a CA that nobody knows.
        ("localhost", "sslmode=verify-full".to_owned()),
        // Of another host.
        ("127.0.0.1", format!("sslmode=verify-full&{root}")),
    ] {
        let config = DatabaseConfig {
            connect_timeout: Duration::from_millis(300),
            ..config(&url(host, &rest))
        };
        let error = PgDb::connect(&config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().to_lowercase().contains("certificate"),
            "{error}"
        );
    }
}
