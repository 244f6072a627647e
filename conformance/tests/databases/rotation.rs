//! A password changes while the service runs, and so do other terms of the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use tokio::task::JoinSet;

use crate::harness::{eventually, fresh};
use crate::http::{Connection, Request};
use crate::{blocking, database, ledger, server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_needs_no_restart() {
    let url = database().await;
    let role = format!("rotating{}_{}", std::process::id(), fresh());
    let alter = |password: &str| format!("ALTER ROLE {role} PASSWORD '{password}'");
    let execute = |sql: String| blocking(move || server().execute(&sql).unwrap());
    execute(format!(
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'first'"
    ))
    .await;
    let (_, rest) = url.split_once('@').unwrap();
    let with = |password: &str| format!("postgres://{role}:{password}@{rest}");

    let sandbox = ledger("")
        .without("DATABASE_URL")
        .file("secrets/database_url", &with("first"));
    let secret = sandbox.path("secrets/database_url");
    let service = sandbox.start().await;
    assert_eq!(service.get("/user").await.text(), role);

    execute(alter("second")).await;
    // Every session of the old password is ended, as an operator would who rotates it for a reason.
    execute(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    ))
    .await;
    eventually("the old password does not work", async || {
        service.get("/user").await.status == 503
    })
    .await;
    std::fs::write(&secret, with("second")).unwrap();
    service.signal(Signal::HUP);
    eventually("the new password works", async || {
        service.get("/user").await.status == 200
    })
    .await;

    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let said = format!("{}{}", exit.stdout, exit.stderr);
    assert!(
        !said.contains("first") && !said.contains("second"),
        "{said}"
    );
    assert!(!said.contains("need a restart"), "{said}");
}

/// Nobody tells the service: the new password is among the secrets when the old one ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_is_found_when_the_old_one_is_refused() {
    let url = database().await;
    let role = format!("found{}_{}", std::process::id(), fresh());
    let execute = |sql: String| blocking(move || server().execute(&sql).unwrap());
    execute(format!(
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'first'"
    ))
    .await;
    let (_, rest) = url.split_once('@').unwrap();
    let with = |password: &str| format!("postgres://{role}:{password}@{rest}");

    let sandbox = ledger("")
        .without("DATABASE_URL")
        .file("secrets/database_url", &with("first"));
    let secret = sandbox.path("secrets/database_url");
    let service = sandbox.start().await;
    assert_eq!(service.get("/user").await.text(), role);

    std::fs::write(&secret, with("second")).unwrap();
    execute(format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    execute(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    ))
    .await;
    eventually("the new password works", async || {
        service.get("/user").await.status == 200
    })
    .await;

    let exit = service.stop().await;
    assert_eq!(exit.code, Some(0), "{exit:?}");
    let said = format!("{}{}", exit.stdout, exit.stderr);
    assert!(said.contains("refuses the credentials"), "{said}");
    assert!(
        !said.contains("first") && !said.contains("second"),
        "{said}"
    );
}

/// Between two roles and two sizes, again and again, with requests all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_under_load_fails_no_request() {
    let url = database().await;
    let role = format!("second{}_{}", std::process::id(), fresh());
    let create = format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'x'");
    blocking(move || server().execute(&create).unwrap()).await;
    let (_, rest) = url.split_once('@').unwrap();
    let other = format!("postgres://{role}:x@{rest}");

    let settings = |size: usize| format!("[database]\nmax_connections = {size}\n");
    let sandbox = ledger("")
        .without("DATABASE_URL")
        .file("secrets/database_url", &url)
        .file("config/app.toml", &settings(8));
    let secret = sandbox.path("secrets/database_url");
    let file = sandbox.path("config/app.toml");
    let service = sandbox.start().await;

    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..6 {
        let (address, over) = (service.address.clone(), Arc::clone(&over));
        clients.spawn(async move {
            let mut connection = Connection::open(&address).await.unwrap();
            let mut answered = 0;
            while !over.load(Ordering::SeqCst) {
                let answer = connection.send(&Request::get("/user")).await.unwrap();
                assert_eq!(answer.status, 200, "{answer:?}");
                answered += 1;
            }
            answered
        });
    }
    for round in 0..10 {
        let (url, user, size) = match round % 2 {
            0 => (&other, role.as_str(), 2),
            _ => (&url, "postgres", 8),
        };
        std::fs::write(&secret, url).unwrap();
        std::fs::write(&file, settings(size)).unwrap();
        service.signal(Signal::HUP);
        eventually("the reload took effect", async || {
            service.get("/user").await.text() == user
        })
        .await;
    }
    over.store(true, Ordering::SeqCst);
    let answered: usize = clients.join_all().await.into_iter().sum();
    assert!(answered > 0);
}
