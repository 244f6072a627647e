//! Encrypted, and with a certificate that is looked at.

use super::*;
use crate::certificates::Authority;

#[tokio::test]
async fn the_certificate_has_to_be_of_the_ca_and_of_the_host() {
    let authority = Authority::new();
    let issued = authority.issue("localhost");
    let server = tokio::task::spawn_blocking(move || {
        MariaDb::options()
            .set("ssl-cert", issued.certificate.display().to_string())
            .set("ssl-key", issued.key.display().to_string())
            .start()
            .unwrap()
    })
    .await
    .unwrap();
    let url = |host: &str, rest: &str| {
        let url = server.url().replace("@127.0.0.1:", &format!("@{host}:"));
        format!("{url}?{rest}")
    };
    let ca = format!("ssl-ca={}", authority.ca().display());

    for rest in [
        "ssl-mode=REQUIRED".to_owned(),
        format!("ssl-mode=VERIFY_IDENTITY&{ca}"),
    ] {
        let db = MySqlDb::connect(&config(&url("localhost", &rest)))
            .await
            .unwrap();
        let (_, cipher): (String, String) = sqlx::query_as("SHOW STATUS LIKE 'Ssl_cipher'")
            .fetch_one(&db)
            .await
            .unwrap();
        assert!(!cipher.is_empty(), "{rest}");
    }
    for (host, rest) in [
        // Of a CA that nobody knows.
        ("localhost", "ssl-mode=VERIFY_IDENTITY".to_owned()),
        // Of another host.
        ("127.0.0.1", format!("ssl-mode=VERIFY_IDENTITY&{ca}")),
    ] {
        let config = DatabaseConfig {
            connect_timeout: Duration::from_millis(300),
            ..config(&url(host, &rest))
        };
        let error = MySqlDb::connect(&config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().to_lowercase().contains("certificate"),
            "{error}"
        );
    }
}
