//! Material and dates. What a client sees is in the black-box tests.
#![allow(
    clippy::unwrap_used,
    reason = "the helpers run only in tests, where a panic is the report"
)]

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustboot_core::Secret;
use rustboot_core::config::Properties as _;

use super::material::{Fault, Material};
use super::validity::Validity;
use super::{ClientAuth, TlsConfig};

fn config() -> TlsConfig {
    TlsConfig {
        certificate: Some("tls.crt".into()),
        certificate_key: Some("tls.key".into()),
        certificate_key_pem: None,
        client_ca: None,
        client_auth: ClientAuth::Required,
        handshake_timeout: Duration::from_secs(10),
        reload_interval: Duration::from_secs(10),
    }
}

/// A certificate with its key, both as PEM.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["service.test".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn authority() -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .pem()
}

fn faults(config: &TlsConfig, base: &Path) -> Vec<Fault> {
    match Material::read(config, base).and_then(|material| material.prepare()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            std::fs::write(folder.0.path().join(name), text).unwrap();
        }
        folder
    }

    fn faults(&self, config: &TlsConfig) -> Vec<Fault> {
        faults(config, self.0.path())
    }
}

#[test]
fn a_pair_that_fits_is_ready_with_both_protocols() {
    let (certificate, key) = pair();
    let folder = Folder::with(&[("tls.crt", &certificate), ("tls.key", &key)]);
    let material = Material::read(&config(), folder.0.path()).unwrap();
    let ready = material.prepare().unwrap();
    assert_eq!(
        ready.server.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
    assert_eq!(ready.server.max_early_data_size, 0, "replays");
    let from_text = TlsConfig {
        certificate_key: None,
        certificate_key_pem: Some(Secret::new(key)),
        ..config()
    };
    assert_eq!(folder.faults(&from_text), []);
}

#[test]
fn what_is_wrong_names_the_key_and_the_file() {
    let (certificate, key) = pair();
    let (other, other_key) = pair();
    let chain = format!("{}{certificate}", authority());
    let folder = Folder::with(&[
        ("tls.crt", &certificate),
        ("tls.key", &key),
        ("other.key", &other_key),
        ("reversed.crt", &chain),
        ("empty", ""),
        (
            "broken",
            "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        ),
        (
            "locked.key",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ),
        ("both", &(other + &other_key)),
    ]);
    for (certificate, key, ca, fault, says) in [
        ("none", "tls.key", None, "certificate", "cannot read "),
        ("tls.crt", "none", None, "certificate_key", "cannot read "),
        (
            "empty",
            "tls.key",
            None,
            "certificate",
            "empty holds no certificate",
        ),
        (
            "tls.key",
            "tls.key",
            None,
            "certificate",
            "tls.key holds no certificate",
        ),
        (
            "broken",
            "tls.key",
            None,
            "certificate",
            "broken is not valid PEM",
        ),
        (
            "tls.crt",
            "tls.crt",
            None,
            "certificate_key",
            "tls.crt holds no private key",
        ),
        (
            "tls.crt",
            "locked.key",
            None,
            "certificate_key",
            "locked.key is encrypted",
        ),
        (
            "tls.crt",
            "other.key",
            None,
            "certificate_key",
            "other.key is not the private key of the certificate in ",
        ),
        (
            "reversed.crt",
            "tls.key",
            None,
            "certificate",
            "is number 2 in ",
        ),
        (
            "tls.crt",
            "tls.key",
            Some("none"),
            "client_ca",
            "cannot read ",
        ),
        (
            "tls.crt",
            "tls.key",
            Some("tls.key"),
            "client_ca",
            "holds no certificate",
        ),
    ] {
        let config = TlsConfig {
            certificate: Some(certificate.into()),
            certificate_key: Some(key.into()),
            client_ca: ca.map(Into::into),
            ..config()
        };
        let found = folder.faults(&config);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].key, fault, "{found:?}");
        assert!(found[0].message.contains(says), "{found:?}");
        assert!(
            found[0]
                .message
                .contains(&folder.0.path().display().to_string()),
            "{found:?}"
        );
    }
    // Everything at once, and a file may hold both.
    let all = TlsConfig {
        certificate: Some("none".into()),
        certificate_key: Some("none".into()),
        client_ca: Some("none".into()),
        ..config()
    };
    assert_eq!(folder.faults(&all).len(), 3);
    let both = TlsConfig {
        certificate: Some("both".into()),
        certificate_key: Some("both".into()),
        ..config()
    };
    assert_eq!(folder.faults(&both), []);
    let endless = TlsConfig {
        certificate: Some("/dev/zero".into()),
        ..config()
    };
    let found = folder.faults(&endless);
    assert!(found[0].message.contains("larger than 1 MiB"), "{found:?}");
}

#[test]
fn keys_that_do_not_go_together_are_problems() {
    let problems = |config: &TlsConfig| {
        let mut problems = Vec::new();
        config.check(&mut problems);
        problems
    };
    assert_eq!(problems(&config()), []);
    let text = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----";
    for (config, key, says) in [
        (
            TlsConfig {
                certificate_key: None,
                ..config()
            },
            "certificate_key",
            "required with server.tls.certificate",
        ),
        (
            TlsConfig {
                certificate: None,
                ..config()
            },
            "certificate",
            "required with a private key",
        ),
        (
            TlsConfig {
                certificate_key_pem: Some(Secret::new(text.to_owned())),
                ..config()
            },
            "certificate_key_pem",
            "leave one of them out",
        ),
        (
            TlsConfig {
                certificate_key: Some(text.into()),
                ..config()
            },
            "certificate_key",
            "found PEM text",
        ),
        (
            TlsConfig {
                certificate: None,
                certificate_key: None,
                client_ca: Some("ca.crt".into()),
                ..config()
            },
            "certificate",
            "required with server.tls.client_ca",
        ),
        (
            TlsConfig {
                handshake_timeout: Duration::ZERO,
                ..config()
            },
            "handshake_timeout",
            "more than zero",
        ),
    ] {
        let found = problems(&config);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, key);
        assert!(found[0].1.contains(says), "{found:?}");
        assert!(!found[0].1.contains("MC4CAQ"), "{found:?}");
    }
}

#[test]
fn dates_are_read_from_both_forms() {
    for (from, until) in [(2020, 2049), (2020, 2050), (1999, 2031)] {
        let mut params = CertificateParams::new(["service.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 2);
        params.not_after = date_time_ymd(until, 12, 31);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let at = |text: String| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            Validity::of(certificate.der()),
            Some(Validity {
                begins: at(format!("{from}-01-02T00:00:00Z")),
                ends: at(format!("{until}-12-31T00:00:00Z")),
            })
        );
        // Cut off anywhere, it is no certificate, and no panic.
        for length in 0..certificate.der().len() {
            let _nothing = Validity::of(&certificate.der()[..length]);
        }
    }
    assert_eq!(Validity::of(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    assert_eq!(Validity::of(b""), None);
}

#[test]
fn a_change_of_any_part_changes_the_fingerprint() {
    let (certificate, key) = pair();
    let folder = Folder::with(&[
        ("tls.crt", &certificate),
        ("tls.key", &key),
        ("ca.crt", &authority()),
    ]);
    let of = |config: &TlsConfig| {
        Material::read(config, folder.0.path())
            .unwrap()
            .fingerprint()
    };
    let with_ca = |client_auth| TlsConfig {
        client_ca: Some("ca.crt".into()),
        client_auth,
        ..config()
    };
    let mut seen = vec![
        of(&config()),
        of(&with_ca(ClientAuth::Required)),
        of(&with_ca(ClientAuth::Optional)),
    ];
    let (certificate, key) = pair();
    std::fs::write(folder.0.path().join("tls.crt"), certificate).unwrap();
    seen.push(of(&config()));
    std::fs::write(folder.0.path().join("tls.key"), key).unwrap();
    seen.push(of(&config()));
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
    assert_eq!(of(&config()), of(&config()));
}
