//! Encrypted, and with a certificate that is looked at.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::Path;

use rustboot_core::ErrorKind;

use super::server::Server;
use super::*;

/// A server with this certificate and key. The key is a file that only the server may read, whoever that is.
fn encrypted(dir: &Path, certificate: &str, key: &str) -> Server {
    let server = Server::start();
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o755)).unwrap();
    let (certificate_file, key_file) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&certificate_file, certificate).unwrap();
    std::fs::write(&key_file, key).unwrap();
    std::fs::set_permissions(&key_file, PermissionsExt::from_mode(0o600)).unwrap();
    let owner = server.socket_folder().unwrap().metadata().unwrap().uid();
    chown(&key_file, Some(owner), None).unwrap();
    for (setting, value) in [
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", certificate_file.display().to_string()),
        ("ssl_key_file", key_file.display().to_string()),
    ] {
        let sql = format!("ALTER SYSTEM SET {setting} = '{value}'");
        server.execute(&sql).unwrap();
    }
    server.restart().unwrap();
    server
}

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

    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().to_owned();
    let server = tokio::task::spawn_blocking(move || encrypted(&files, &leaf, &key))
        .await
        .unwrap();
    let root = dir.path().join("ca.pem");
    std::fs::write(&root, ca_pem).unwrap();
    let url = |host: &str, rest: &str| {
        let url = server.url().replace("@127.0.0.1:", &format!("@{host}:"));
        format!("{url}?{rest}")
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
