//! Servers that crash, freeze, or cannot be reached any more.

use std::time::Instant;

use rustboot_core::ErrorKind;
use rustboot_servers::Proxy;

use super::server::Server;
use super::*;

fn limits(config: &mut DatabaseConfig) {
    config.max_connections = 3;
    config.acquire_timeout = Duration::from_secs(2);
}

async fn own() -> (Server, String) {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let url = server.database().await;
    (server, url)
}

/// Eight at once, of which each has to be refused within the limit.
async fn all_are_refused(db: &PgDb, within: Duration) {
    let began = Instant::now();
    let outcomes = futures_util::future::join_all((0..8).map(|_| async {
        let began = Instant::now();
        let outcome = sqlx::query("SELECT count(*) FROM item").fetch_one(db).await;
        (outcome.map(|_| ()), began.elapsed())
    }))
    .await;
    for (outcome, took) in outcomes {
        let error = outcome.unwrap_err();
        let kind = crate::kind_of(&error).map(|(kind, _)| kind.status());
        assert_eq!(kind, Some(503), "{error}");
        assert!(took < within, "{took:?}: {error}");
    }
    assert!(began.elapsed() < within);
}

async fn recovers(db: &PgDb) {
    let began = Instant::now();
    until("the database works again", async || {
        sqlx::query("SELECT 1").execute(db).await.is_ok()
    })
    .await;
    // Nothing that is left over fails afterwards.
    for _ in 0..8 {
        let all = futures_util::future::join_all((0..6).map(|_| count(db))).await;
        assert_eq!(all.len(), 6);
    }
    println!("recovered within {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back() {
    let (server, url) = own().await;
    let mut config = config(&url);
    limits(&mut config);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    let all = futures_util::future::join_all((0..3).map(|_| db.acquire())).await;
    drop(all);
    let server = tokio::task::spawn_blocking(move || {
        server.kill().unwrap();
        server
    })
    .await
    .unwrap();
    all_are_refused(&db, Duration::from_secs(4)).await;
    let _server = tokio::task::spawn_blocking(move || {
        server.restart().unwrap();
        server
    })
    .await
    .unwrap();
    recovers(&db).await;
}

/// As above, but nobody asked while it was away: the connections in the pool look as good as new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_nobody_saw_costs_no_request() {
    let (server, url) = own().await;
    let mut config = config(&url);
    limits(&mut config);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    let all = futures_util::future::join_all((0..3).map(|_| db.acquire())).await;
    drop(all);
    let _server = tokio::task::spawn_blocking(move || {
        server.kill().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        server.restart().unwrap();
        server
    })
    .await
    .unwrap();
    let all = futures_util::future::join_all((0..6).map(|_| count(&db))).await;
    assert_eq!(all, [0; 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_given_up_and_taken_back() {
    let (server, url) = own().await;
    let mut config = config(&url);
    limits(&mut config);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    server.pause().unwrap();
    all_are_refused(&db, Duration::from_secs(5)).await;
    // From then on nobody waits.
    let began = Instant::now();
    let error = db.acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    server.resume().unwrap();
    recovers(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_is_given_up_and_taken_back() {
    let server = server::shared().await;
    let proxy = Proxy::before(&server.database().await).unwrap();
    let mut config = config(&proxy.url());
    limits(&mut config);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    // One that waits, and those that come after.
    let waiting = tokio::spawn({
        let db = db.clone();
        async move {
            sqlx::query("SELECT pg_sleep(1)")
                .execute(&db)
                .await
                .map(|_| ())
        }
    });
    until("the statement runs", async || db.status().in_use == 1).await;
    proxy.swallow(true);
    all_are_refused(&db, Duration::from_secs(5)).await;
    waiting.await.unwrap().unwrap_err();
    proxy.swallow(false);
    recovers(&db).await;
}

/// The server as a whole is well, and does not keep its own limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_past_its_limit_is_given_up_on_our_side() {
    let db = fixture(|config| {
        config.max_connections = 1;
        config.statement_timeout = Some(Duration::from_millis(300));
    })
    .await;
    let sql = "SELECT pg_backend_pid()";
    let pid: i32 = sqlx::query_scalar(sql).fetch_one(&db).await.unwrap();
    let signal = |signal: &str| {
        let mut kill = std::process::Command::new("kill");
        assert!(
            kill.args(["-s", signal, &pid.to_string()])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("STOP");
    let began = Instant::now();
    let outcome = sqlx::query(sql).execute(&db).await;
    signal("CONT");
    let error = outcome.unwrap_err();
    let kind = crate::kind_of(&error).map(|(kind, _)| kind.status());
    assert_eq!(kind, Some(503), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    let other: i32 = sqlx::query_scalar(sql).fetch_one(&db).await.unwrap();
    assert_ne!(pid, other, "that connection is gone");
}

/// What the watchdog must not do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_long_is_left_alone() {
    let db = fixture(|config| config.acquire_timeout = Duration::from_secs(1)).await;
    sqlx::query("SELECT pg_sleep(3)")
        .execute(&db)
        .await
        .unwrap();
    let mut tx = db.begin().await.unwrap();
    sqlx::query("SELECT pg_sleep(1)")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.status().size, 1);
}
