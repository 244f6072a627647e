//! Dev services, seen from the shell: an application in the profile dev without a URL, started, killed, and started twice.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::harness::{Sandbox, Service, eventually, within};
use super::http::Request;

#[expect(
    clippy::disallowed_methods,
    reason = "the search path is the system's, not an application's configuration"
)]
pub(super) fn search_path() -> String {
    std::env::var("PATH").unwrap()
}

/// The ledger on PostgreSQL, or the courier on Redis, with nothing set; its data is in that folder.
pub(super) fn without_a_url(program: &'static str, data: &Path) -> Sandbox {
    Sandbox::of(program)
        .env("APP_DEV_SERVICES__FOLDER", &data.display().to_string())
        .env("PATH", &search_path())
}

fn ledger(data: &Path) -> Sandbox {
    without_a_url(env!("CARGO_BIN_EXE_ledger"), data)
}

/// A folder that PostgreSQL's own user may enter.
pub(super) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

/// What it says of the server that it started.
pub(super) fn said(service: &Service) -> String {
    let log = service.log();
    let mut messages = log.iter().filter_map(|line| line["message"].as_str());
    let said = messages.find_map(|message| message.strip_prefix("dev services: "));
    said.expect("a line about dev services").to_owned()
}

/// Where the server is.
pub(super) fn address(data: &Path, what: &str) -> SocketAddr {
    let url = std::fs::read_to_string(url_file(data, what)).unwrap();
    let (_, address) = url.split_once('@').unwrap();
    address.split('/').next().unwrap().parse().unwrap()
}

fn url_file(data: &Path, what: &str) -> PathBuf {
    data.join(format!("rustboot-conformance/{what}.url"))
}

pub(super) async fn is_gone(address: SocketAddr) {
    eventually("the server is gone", async || {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
}

async fn pairs(service: &Service, name: &str) -> u16 {
    let request = Request::post(&format!("/pairs/{name}/ok"));
    service.send(request).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_started_keeps_its_data_and_ends_with_the_application() {
    let data = folder();
    let service = ledger(data.path()).start().await;
    let postgres = address(data.path(), "postgres");
    assert_eq!(
        said(&service),
        format!(
            "PostgreSQL on {postgres}, data in {}",
            data.path().join("rustboot-conformance/postgres").display()
        )
    );
    assert_eq!(pairs(&service, "kept").await, 201);
    let conditions: Value = service.get("/conditions").await.json();
    let text = conditions.to_string();
    assert!(
        text.contains("PostgreSQL from dev services when something uses it"),
        "{text}"
    );
    assert!(
        text.contains(&format!("PostgreSQL on {postgres}")),
        "{text}"
    );
    let env: Value = service.get("/env").await.json();
    let text = env.to_string();
    assert!(text.contains(r#""origin":"dev services""#), "{text}");
    assert!(!text.contains("postgres://"), "{text}");
    let mode = std::os::unix::fs::MetadataExt::mode(
        &std::fs::metadata(url_file(data.path(), "postgres")).unwrap(),
    );
    assert_eq!(mode & 0o777, 0o600);

    service.signal(Signal::TERM);
    assert_eq!(service.exit().await.code, Some(0));
    assert!(tokio::net::TcpStream::connect(postgres).await.is_err());
    assert!(!url_file(data.path(), "postgres").exists());

    // The pair is there: adding it again is a conflict.
    let service = ledger(data.path()).start().await;
    assert_eq!(pairs(&service, "kept").await, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_application_takes_its_server_along_and_starts_again() {
    let data = folder();
    let service = ledger(data.path()).start().await;
    let first = address(data.path(), "postgres");
    assert_eq!(pairs(&service, "kept").await, 201);
    service.signal(Signal::KILL);
    assert_eq!(service.exit().await.code, None);
    // At once: the old server may be on its way out.
    let service = ledger(data.path()).start().await;
    is_gone(first).await;
    assert_ne!(address(data.path(), "postgres"), first);
    assert_eq!(pairs(&service, "kept").await, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_a_server_and_two_applications_do_not() {
    let data = folder();
    let (one, two) = tokio::join!(ledger(data.path()).start(), ledger(data.path()).start());
    let postgres = address(data.path(), "postgres");
    let mut both = [said(&one), said(&two)];
    both.sort();
    assert!(both[0].starts_with(&format!("PostgreSQL on {postgres}, data in")));
    assert_eq!(
        both[1],
        format!(
            "PostgreSQL on {postgres}, of another process of rustboot-conformance; it ends with that one"
        )
    );
    assert_eq!(pairs(&one, "shared").await, 201);
    assert_eq!(pairs(&two, "shared").await, 409);

    // A command of the same application finds it as well.
    let status = ledger(data.path()).run(&["migrate", "status"]).await;
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.stdout.contains("applied"), "{status:?}");

    let other = folder();
    let apart = ledger(other.path()).start().await;
    assert_eq!(pairs(&apart, "shared").await, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_started_and_keeps_its_data() {
    let data = folder();
    let courier = || without_a_url(env!("CARGO_BIN_EXE_courier"), data.path());
    let service = courier().start().await;
    assert!(said(&service).starts_with("Redis on 127.0.0.1:"));
    let redis = address(data.path(), "redis");
    assert_eq!(service.get("/count").await.text(), "1");
    service.signal(Signal::TERM);
    assert_eq!(service.exit().await.code, Some(0));
    is_gone(redis).await;
    let service = courier().start().await;
    assert_eq!(service.get("/count").await.text(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_none_outside_of_dev_and_for_who_only_looks() {
    let data = folder();
    let started = || data.path().join("rustboot-conformance").exists();
    for sandbox in [
        ledger(data.path()).env("APP_ENV", "prod"),
        ledger(data.path()).env("APP_ENV", "test"),
        ledger(data.path())
            .env("APP_ENV", "prod")
            .env("APP_DEV_SERVICES__ENABLED", "true"),
        ledger(data.path()).env("APP_DEV_SERVICES__ENABLED", "false"),
    ] {
        let exit = within("the report", sandbox.spawn().exit()).await;
        assert_eq!(exit.code, Some(78), "{exit:?}");
        assert!(
            exit.stderr.contains("database.url: required, and not set"),
            "{exit:?}"
        );
    }
    let check = ledger(data.path()).run(&["check"]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(
        check.stdout.contains(
            "module dev services is active: PostgreSQL and Redis are started when something needs them and no URL is set"
        ),
        "{check:?}"
    );
    assert!(!started());
}

/// The home of root is one, and many a project is in there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_root_is_elsewhere_when_the_server_may_not_enter_the_folder() {
    use std::os::unix::fs::PermissionsExt;

    let closed = folder();
    std::fs::set_permissions(closed.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let place = closed.path().join("rustboot-conformance/postgres");
    let data = match rustix::process::getuid().is_root() {
        true => {
            let name = place.display().to_string().replace('/', "-");
            Path::new("/var/lib/rustboot-dev").join(&name[1..])
        }
        false => place.clone(),
    };
    let _left = (place != data).then(|| Leftover(data.clone()));
    let service = ledger(closed.path()).start().await;
    let said = said(&service);
    let ending = format!("data in {}", data.display());
    assert!(said.ends_with(&ending), "{said}");
    assert_eq!(pairs(&service, "kept").await, 201);
    service.signal(Signal::TERM);
    assert_eq!(service.exit().await.code, Some(0));
    assert_eq!(place.exists(), place == data);
    let service = ledger(closed.path()).start().await;
    assert_eq!(pairs(&service, "kept").await, 409);
    service.signal(Signal::TERM);
    assert_eq!(service.exit().await.code, Some(0));
}

/// Data in no temporary folder.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        // It may have failed before it was there.
        let _there = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_leaves_no_server() {
    let data = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let exit = ledger(data.path())
        .env("APP_SERVER__PORT", &port)
        .spawn()
        .exit()
        .await;
    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(!url_file(data.path(), "postgres").exists());
    // Nobody has a lock on the data: a next start gets it at once.
    let began = std::time::Instant::now();
    ledger(data.path()).start().await;
    assert!(began.elapsed() < Duration::from_secs(15));
}
