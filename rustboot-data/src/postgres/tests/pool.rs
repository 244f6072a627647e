//! Round trips, limits, what errors mean, and new terms.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rustboot_core::ErrorKind;
use rustboot_servers::{Proxy, Towards};

use super::*;

/// What passed between a client and the server.
#[derive(Default)]
struct Traffic {
    /// `ReadyForQuery` messages of the server: each ends a round trip.
    trips: AtomicUsize,
    /// Packets of the client.
    packets: AtomicUsize,
}

impl Traffic {
    fn saw(&self, towards: Towards, bytes: &[u8]) {
        match towards {
            Towards::Server => self.packets.fetch_add(1, Ordering::SeqCst),
            Towards::Client => {
                let ready = bytes.windows(5).filter(|some| some == b"Z\0\0\0\x05");
                self.trips.fetch_add(ready.count(), Ordering::SeqCst)
            }
        };
    }

    fn trips(&self) -> usize {
        self.trips.load(Ordering::SeqCst)
    }

    fn packets(&self) -> usize {
        self.packets.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_query_is_one_round_trip() {
    let server = server::shared().await;
    let traffic = Arc::new(Traffic::default());
    let seen = Arc::clone(&traffic);
    let watch = move |towards, bytes: &[u8]| seen.saw(towards, bytes);
    let proxy = Proxy::watched(&server.database().await, watch).unwrap();
    let db = PgDb::connect(&config(&proxy.url())).await.unwrap();
    make_table(&db).await;
    insert(&db, "a").await.unwrap();
    let query = async || -> (i32, String) {
        sqlx::query_as("SELECT id, name FROM item WHERE id = $1")
            .bind(1)
            .fetch_one(&db)
            .await
            .unwrap()
    };
    // The first one is prepared.
    query().await;
    let (trips, packets) = (traffic.trips(), traffic.packets());
    for _ in 0..100 {
        query().await;
    }
    assert_eq!(traffic.trips() - trips, 100);
    assert_eq!(traffic.packets() - packets, 100);
    // BEGIN, the statement, COMMIT.
    let trips = traffic.trips();
    let mut tx = db.begin().await.unwrap();
    sqlx::query("SELECT id, name FROM item WHERE id = $1")
        .bind(1)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(traffic.trips() - trips, 3);
    assert_eq!(db.status().size, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_share_four_connections() {
    let db = fixture(|_| {}).await;
    let mut set = tokio::task::JoinSet::new();
    for i in 0..1000 {
        let db = db.clone();
        set.spawn(async move {
            if i % 4 == 0 {
                insert(&db, &format!("n{i}")).await.unwrap();
            } else {
                count(&db).await;
            }
            assert!(db.status().size <= 4);
        });
    }
    set.join_all().await;
    assert_eq!(count(&db).await, 250);
}

#[tokio::test]
async fn errors_have_a_meaning() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    let kind = |error: sqlx::Error| crate::kind_of(&error).map(|(kind, _)| kind);
    assert_eq!(
        kind(insert(&db, "a").await.unwrap_err()),
        Some(ErrorKind::Conflict)
    );
    assert_eq!(
        kind(insert(&db, "").await.unwrap_err()),
        Some(ErrorKind::Invalid)
    );
    let missing = sqlx::query("SELECT 1 FROM item WHERE id = 99")
        .fetch_one(&db)
        .await;
    assert_eq!(
        kind(missing.map(|_| ()).unwrap_err()),
        Some(ErrorKind::NotFound)
    );
    let bug = sqlx::query("SELECT nonsense").execute(&db).await;
    assert_eq!(kind(bug.unwrap_err()), None);
    // Two transactions that cannot both have been first.
    let mut first = db.begin().await.unwrap();
    let mut second = db.begin().await.unwrap();
    for tx in [&mut first, &mut second] {
        let sql = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
        sqlx::query(sql).execute(&mut **tx).await.unwrap();
        sqlx::query("SELECT count(*) FROM item")
            .fetch_one(&mut **tx)
            .await
            .unwrap();
    }
    for (tx, name) in [(&mut first, "b"), (&mut second, "c")] {
        sqlx::query("INSERT INTO item (name) VALUES ($1)")
            .bind(name)
            .execute(&mut **tx)
            .await
            .unwrap();
    }
    first.commit().await.unwrap();
    assert_eq!(
        second.commit().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn limits_are_answered_with_unavailable() {
    let db = fixture(|config| {
        config.max_connections = 1;
        config.acquire_timeout = Duration::from_millis(500);
        config.statement_timeout = Some(Duration::from_millis(500));
    })
    .await;
    let error = sqlx::query("SELECT pg_sleep(60)")
        .execute(&db)
        .await
        .unwrap_err();
    let (kind, _) = crate::kind_of(&error).unwrap();
    assert_eq!(kind, ErrorKind::Timeout);
    assert_eq!(kind.status(), 503);
    assert_eq!(db.status().size, 1, "the connection goes on");
    let held = db.acquire().await.unwrap();
    let error = db.acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("1 of 1 in use"), "{error}");
    drop(held);
    count(&db).await;
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_is_told_apart_from_one_that_is_late() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = DatabaseConfig {
        connect_timeout: Duration::from_millis(300),
        ..config(&format!("postgres://shop:s3cret@127.0.0.1:{port}/shop"))
    };
    let began = Instant::now();
    let error = PgDb::connect(&nobody).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        began.elapsed() >= Duration::from_millis(90),
        "it was tried again"
    );
    let text = format!("{error} {error:?}");
    assert!(text.contains(&format!("127.0.0.1:{port}/shop")), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let server = server::shared().await;
    let wrong = config(&format!(
        "postgres://postgres:s3cret@127.0.0.1:{}/nowhere",
        server.port
    ));
    let began = Instant::now();
    let error = PgDb::connect(&wrong).await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "trying again is of no use"
    );
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("nowhere") && !text.contains("s3cret"),
        "{text}"
    );
}

#[tokio::test]
async fn new_terms_need_no_restart() {
    let server = server::shared().await;
    let db = fixture(|config| config.max_connections = 1).await;
    let url = db.0.pool.options();
    let database = url.get_database().unwrap().to_owned();
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "CREATE ROLE {database}_new LOGIN SUPERUSER PASSWORD 'x'"
    )))
    .execute(&db)
    .await
    .unwrap();
    let user = async || -> String {
        sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(&db)
            .await
            .unwrap()
    };
    assert_eq!(user().await, "postgres");
    let held = db.acquire().await.unwrap();
    let mut new = config(&format!(
        "postgres://{database}_new:x@127.0.0.1:{}/{database}",
        server.port
    ));
    new.max_connections = 3;
    let context = crate::wire::Context {
        app: "shop".to_owned(),
        #[cfg(feature = "sqlite")]
        base: ".".into(),
    };
    let target = <PgDb as crate::wire::Wired>::target(&new, "database", &context).unwrap();
    crate::wire::Wired::renew(&db, target, &new);
    // Somebody who is in the middle of something finishes it; everybody else is somebody else.
    assert_eq!(user().await, format!("{database}_new"));
    assert_eq!(db.status().max, 3);
    drop(held);
    let all = futures_util::future::join_all((0..3).map(|_| db.acquire())).await;
    for session in all {
        let mut session = session.unwrap();
        let name: String = sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(&mut *session)
            .await
            .unwrap();
        assert_eq!(name, format!("{database}_new"));
    }
}

#[tokio::test]
async fn connections_carry_the_name_and_the_settings() {
    let db = fixture(|config| config.statement_timeout = Some(Duration::from_secs(7))).await;
    let setting = async |name: &str| -> String {
        sqlx::query_scalar("SELECT current_setting($1)")
            .bind(name)
            .fetch_one(&db)
            .await
            .unwrap()
    };
    assert_eq!(setting("statement_timeout").await, "7s");
    let version: String = setting("server_version_num").await;
    if version.parse::<u32>().unwrap() >= 140_000 {
        assert_eq!(setting("client_connection_check_interval").await, "1s");
    }
    let shown = format!("{db:?}");
    assert!(shown.starts_with("PgDb(127.0.0.1:"), "{shown}");
}

/// PostgreSQL answers `COMMIT` with `ROLLBACK` then, and no error; sqlx does not look.
#[tokio::test]
async fn a_commit_that_was_a_rollback_is_no_success() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    for past_our_eyes in [false, true] {
        let mut tx = db.begin().await.unwrap();
        sqlx::query("INSERT INTO item (name) VALUES ('b')")
            .execute(&mut *tx)
            .await
            .unwrap();
        let twice = sqlx::query("INSERT INTO item (name) VALUES ('a')");
        if past_our_eyes {
            twice.execute(&mut **tx).await.unwrap_err();
        } else {
            twice.execute(&mut *tx).await.unwrap_err();
        }
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert_eq!(count(&db).await, 1);
    }
    // With a savepoint around the statement that fails, the rest is fine.
    let mut tx = db.begin().await.unwrap();
    let mut inner = sqlx::Connection::begin(&mut **tx).await.unwrap();
    sqlx::query("INSERT INTO item (name) VALUES ('a')")
        .execute(&mut *inner)
        .await
        .unwrap_err();
    inner.rollback().await.unwrap();
    sqlx::query("INSERT INTO item (name) VALUES ('c')")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 2);
}

/// After a failover, the old primary still answers: a new connection may find the new one.
#[tokio::test]
async fn a_connection_to_a_server_that_became_read_only_is_not_kept() {
    let db = fixture(|config| config.max_connections = 1).await;
    let pid = async || -> i32 {
        sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&db)
            .await
            .unwrap()
    };
    let before = pid().await;
    sqlx::query("SET default_transaction_read_only = on")
        .execute(&db)
        .await
        .unwrap();
    let error = insert(&db, "a").await.unwrap_err();
    assert_eq!(crate::kind_of(&error).unwrap().0, ErrorKind::Unavailable);
    insert(&db, "a").await.unwrap();
    assert_ne!(pid().await, before);
}
