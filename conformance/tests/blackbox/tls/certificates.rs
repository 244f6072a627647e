//! Certificates: wrong ones, old ones, and those that are replaced while the service runs.

use std::os::unix::fs::symlink;
use std::path::Path;

use rcgen::date_time_ymd;
use rustix::process::Signal;

use super::{Authority, Client, Identity, connect, encrypted, get, metric};
use crate::harness::{Sandbox, Service, eventually};
use crate::http::Request;

/// Whether a new connection gets that certificate.
async fn shows(client: &Client, service: &Service, identity: &Identity) -> bool {
    let stream = client.connect(&service.address).await.unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    chain[0] == identity.leaf()
}

fn write(folder: &Path, identity: &Identity) {
    std::fs::write(folder.join("tls.crt"), &identity.certificate).unwrap();
    std::fs::write(folder.join("tls.key"), &identity.key).unwrap();
}

#[tokio::test]
async fn new_files_take_effect_for_new_connections_and_end_no_old_one() {
    let authority = Authority::new();
    let client = Client::trusting(&authority);
    let first = authority.issue();
    let sandbox = encrypted(&first).env("APP_SERVER__TLS__RELOAD_INTERVAL", "50ms");
    let folder = sandbox.path("tls");
    let service = sandbox.start().await;
    assert!(shows(&client, &service, &first).await);
    let mut kept = connect(&client, &service).await.unwrap();
    kept.send(&Request::get("/text")).await.unwrap();
    let mut busy = connect(&client, &service).await.unwrap();
    busy.write(&Request::get("/sleep?ms=2000").bytes())
        .await
        .unwrap();

    let second = authority.issue_with(|params| params.not_after = date_time_ymd(2090, 1, 1));
    write(&folder, &second);
    eventually("the second certificate is shown", async || {
        shows(&client, &service, &second).await
    })
    .await;
    assert_eq!(busy.answer("GET").await.unwrap().text(), "slept");
    let answer = kept.send(&Request::get("/text")).await.unwrap();
    assert_eq!(answer.text(), "hello", "on the connection of before");
    let expiry = metric(&service, "tls_certificate_expiry_timestamp_seconds", &[]).await;
    assert_eq!(expiry, 3_786_912_000.0, "2090-01-01");
    let reloads = "tls_certificate_reloads_total";
    assert_eq!(
        metric(&service, reloads, &[("outcome", "success")]).await,
        1.0
    );

    // Half a renewal: the old pair stays, and the log says why.
    let third = authority.issue();
    std::fs::write(folder.join("tls.key"), &third.key).unwrap();
    service
        .log_line("the pair that does not fit", |line| {
            let message = line["message"].as_str().unwrap_or_default();
            line["level"] == "ERROR"
                && message.contains("server.tls.certificate_key")
                && message.contains("tls.key is not the private key of the certificate in")
        })
        .await;
    assert!(shows(&client, &service, &second).await);
    assert_eq!(
        metric(&service, reloads, &[("outcome", "failure")]).await,
        1.0
    );
    std::fs::remove_file(folder.join("tls.crt")).unwrap();
    service
        .log_line("the file that is gone", |line| {
            let message = line["message"].as_str().unwrap_or_default();
            message.contains("server.tls.certificate: cannot read ")
        })
        .await;
    assert!(shows(&client, &service, &second).await);
    // The other half.
    write(&folder, &third);
    eventually("the third certificate is shown", async || {
        shows(&client, &service, &third).await
    })
    .await;
    assert_eq!(kept.send(&Request::get("/text")).await.unwrap().status, 200);
    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    for secret in [&first.key, &second.key, &third.key] {
        let line = secret.lines().nth(1).unwrap();
        assert!(!(exit.stdout.clone() + &exit.stderr).contains(line));
    }
}

/// Kubernetes mounts a secret as links to `..data`, itself a link to a folder, and replaces that link.
#[tokio::test]
async fn the_links_of_kubernetes_are_followed_and_a_hangup_looks_at_once() {
    let authority = Authority::new();
    let client = Client::trusting(&authority);
    let (first, second) = (authority.issue(), authority.issue());
    let sandbox = Sandbox::new()
        .env("APP_SERVER__TLS__RELOAD_INTERVAL", "0s")
        .env("APP_MANAGEMENT__PORT", "0");
    let mount = sandbox.path("mount");
    let version = |name: &str, identity: &Identity| {
        let folder = mount.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        write(&folder, identity);
    };
    version("..2026_01", &first);
    symlink("..2026_01", mount.join("..data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{name}"), mount.join(name)).unwrap();
    }
    let service = sandbox
        .env("APP_SERVER__TLS__CERTIFICATE", "mount/tls.crt")
        .env("APP_SERVER__TLS__CERTIFICATE_KEY", "mount/tls.key")
        .start()
        .await;
    assert!(shows(&client, &service, &first).await);
    version("..2026_02", &second);
    symlink("..2026_02", mount.join("..data_tmp")).unwrap();
    std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    std::fs::remove_dir_all(mount.join("..2026_01")).unwrap();
    service.signal(Signal::HUP);
    eventually("the second certificate is shown", async || {
        shows(&client, &service, &second).await
    })
    .await;
}

#[tokio::test]
async fn the_key_may_come_from_a_secret_store() {
    let authority = Authority::new();
    let identity = authority.issue();
    let secret = identity.key.lines().nth(1).unwrap().to_owned();
    let sandbox = || {
        Sandbox::new()
            .file("tls.crt", &identity.certificate)
            .file("secrets/server__tls__certificate_key_pem", &identity.key)
            .env("APP_SERVER__TLS__CERTIFICATE", "tls.crt")
            .env("APP_MANAGEMENT__PORT", "0")
    };
    let service = sandbox().start().await;
    let client = Client::trusting(&authority);
    assert_eq!(get(&client, &service, "/text").await.unwrap().status, 200);
    let shown = service.manage("/env").await.everything();
    assert!(shown.contains("certificate_key_pem") && !shown.contains(&secret));
    let exit = sandbox().run(&["config"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert!(exit.stdout.contains("certificate_key_pem") && !exit.stdout.contains(&secret));
}

/// Before the port is bound, by `run` and `check`: every problem with its key, the file and where that was set.
#[tokio::test]
async fn wrong_material_is_a_report() {
    let (one, other) = (Authority::new().issue(), Authority::new().issue());
    for command in ["run", "check"] {
        let exit = encrypted(&one)
            .file("tls/tls.key", &other.key)
            .run(&[command])
            .await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        for part in [
            "server.tls.certificate_key: ",
            "tls/tls.key is not the private key of the certificate in ",
            "set by the environment variable APP_SERVER__TLS__CERTIFICATE_KEY",
        ] {
            assert!(exit.stderr.contains(part), "{part}: {exit:?}");
        }
        let exit = encrypted(&one)
            .env("APP_SERVER__TLS__CERTIFICATE", "none.crt")
            .env("APP_SERVER__TLS__CLIENT_CA", "none.ca")
            .run(&[command])
            .await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        for part in [
            "2 problems",
            "server.tls.certificate: cannot read ",
            "none.crt: No such file",
            "server.tls.client_ca: cannot read ",
        ] {
            assert!(exit.stderr.contains(part), "{part}: {exit:?}");
        }
        // The text of a key where a path belongs must not come out again.
        let secret = one.key.lines().nth(1).unwrap();
        let exit = encrypted(&one)
            .env("APP_SERVER__TLS__CERTIFICATE_KEY", &one.key)
            .run(&[command])
            .await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        assert!(exit.stderr.contains("found PEM text"), "{exit:?}");
        assert!(!(exit.stdout + &exit.stderr).contains(secret));
        let exit = encrypted(&one)
            .without("APP_SERVER__TLS__CERTIFICATE_KEY")
            .run(&[command])
            .await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        let part = "server.tls.certificate_key: required with server.tls.certificate";
        assert!(exit.stderr.contains(part), "{exit:?}");
    }
}

/// Whoever has only that one would rather serve than not: clients that do not verify, or that pin, go on.
#[tokio::test]
async fn a_certificate_that_has_expired_is_a_warning() {
    let authority = Authority::new();
    let identity = authority.issue_with(|params| params.not_after = date_time_ymd(2001, 2, 3));
    let exit = encrypted(&identity).run(&["check"]).await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let warning = "server.tls.certificate: the certificate expired on 2001-02-03T00:00:00Z";
    assert!(exit.stdout.contains(warning), "{exit:?}");
    let service = encrypted(&identity).start().await;
    service
        .log_line("the warning", |line| {
            line["level"] == "WARN"
                && line["message"]
                    .as_str()
                    .is_some_and(|m| m.contains(warning))
        })
        .await;
    let expiry = metric(&service, "tls_certificate_expiry_timestamp_seconds", &[]).await;
    assert_eq!(expiry, 981_158_400.0);
}
