//! Over TLS: the certificate of a Vault is checked, against the system's authorities and `vault.ca_cert`.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::*;

#[tokio::test]
async fn a_certificate_has_to_be_known() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let double = Double::start_with_tls(stocked(), TlsAcceptor::from(Arc::new(tls))).await;

    let world = World::with_token(&double)
        .file("vault.pem", &made.cert.pem())
        .args(&["--vault.ca_cert=vault.pem"]);
    let assembly = world.assemble().await.unwrap();
    assert_eq!(shop(&assembly).api_key.expose_secret(), CANARY);

    let (code, text) = World::with_token(&double)
        .args(&["--vault.timeout=500ms"])
        .failure()
        .await;
    assert_eq!(code, 69);
    assert!(text.contains("certificate"), "{text}");

    let (code, text) = World::with_token(&double)
        .args(&["--vault.ca_cert=nowhere.pem"])
        .failure()
        .await;
    assert_eq!(code, 78);
    assert!(text.contains("nowhere.pem"), "{text}");
}
