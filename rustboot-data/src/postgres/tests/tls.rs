//! Encrypted, and with a certificate that is looked at.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};

use rustboot_core::ErrorKind;

use super::server::Server;
use super::*;
use crate::certificates::{Authority, Issued};

/// A server with this certificate. The key is a file that only the server may read, whoever that is.
fn encrypted(issued: &Issued) -> Server {
    let server = Server::start();
    std::fs::set_permissions(&issued.key, PermissionsExt::from_mode(0o600)).unwrap();
    let owner = server.socket_folder().unwrap().metadata().unwrap().uid();
    chown(&issued.key, Some(owner), None).unwrap();
    for (setting, value) in [
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", issued.certificate.display().to_string()),
        ("ssl_key_file", issued.key.display().to_string()),
    ] {
        let sql = format!("ALTER SYSTEM SET {setting} = '{value}'");
        server.execute(&sql).unwrap();
    }
    server.restart().unwrap();
    server
}

#[tokio::test]
async fn the_certificate_has_to_be_of_the_ca_and_of_the_host() {
    let authority = Authority::new();
    let issued = authority.issue("localhost");
    let server = tokio::task::spawn_blocking(move || encrypted(&issued))
        .await
        .unwrap();
    let url = |host: &str, rest: &str| {
        let url = server.url().replace("@127.0.0.1:", &format!("@{host}:"));
        format!("{url}?{rest}")
    };
    let root = format!("sslrootcert={}", authority.ca().display());

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
