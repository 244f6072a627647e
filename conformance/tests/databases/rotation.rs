//! A password changes while the service runs.

use rustix::process::Signal;

use crate::harness::{eventually, fresh};
use crate::postgres::Postgres;
use crate::{blocking, database, ledger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_needs_no_restart() {
    let url = database().await;
    let role = format!("rotating{}_{}", std::process::id(), fresh());
    let alter = |password: &str| format!("ALTER ROLE {role} PASSWORD '{password}'");
    let execute = |sql: String| blocking(move || Postgres::shared().execute("postgres", &sql));
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
