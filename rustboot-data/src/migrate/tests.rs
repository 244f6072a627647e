use std::time::Duration;

use rustboot_core::app::Resource;
use tempfile::TempDir;

use super::split::statements;
use super::*;
use crate::pool::Driver as _;
use crate::{DatabaseConfig, SqliteDb};

const ITEM: Resource = Resource {
    path: "migrations/0001_item.sql",
    contents: "CREATE TABLE item (id INTEGER PRIMARY KEY);\nINSERT INTO item VALUES (1);",
};
const PRICE: Resource = Resource {
    path: "migrations/0002_price.up.sql",
    contents: "ALTER TABLE item ADD COLUMN price INTEGER;",
};
const PRICE_DOWN: Resource = Resource {
    path: "migrations/0002_price.down.sql",
    contents: "ALTER TABLE item DROP COLUMN price;",
};

fn of(resources: &[Resource]) -> Migrations {
    Migrations::embedded(resources, "sqlite").unwrap()
}

async fn open(dir: &TempDir, connect_timeout: Duration) -> SqliteDb {
    let config = DatabaseConfig {
        url: Some("sqlite:test.db".to_owned().into()),
        connect_timeout,
        ..DatabaseConfig::default()
    };
    SqliteDb::connect(&config, dir.path()).await.unwrap()
}

async fn database() -> (TempDir, SqliteDb) {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir, Duration::from_secs(10)).await;
    (dir, db)
}

async fn scalar(db: &SqliteDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn versions(db: &SqliteDb) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn each_runs_once_in_order() {
    let (_dir, db) = database().await;
    db.migrate(&of(&[])).await.unwrap();
    db.migrate(&of(&[ITEM])).await.unwrap();
    for _ in 0..2 {
        db.migrate(&of(&[PRICE_DOWN, PRICE, ITEM])).await.unwrap();
        assert_eq!(versions(&db).await, [1, 2]);
        assert_eq!(
            scalar(&db, "SELECT count(*) FROM item WHERE price IS NULL").await,
            1
        );
    }
    // sqlx's own runner agrees that nothing is left to do.
    let sqlx_own = sqlx::migrate::Migrator::with_migrations(
        of(&[ITEM, PRICE])
            .files()
            .iter()
            .map(|file| file.migration.clone())
            .collect(),
    );
    sqlx_own.run(db.sqlx_pool()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_start_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let outside = Resource {
        path: "migrations/0003_vacuum.sql",
        contents: "-- no-transaction\nVACUUM; INSERT INTO item (id) VALUES (2);",
    };
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = dir.path().to_owned();
        set.spawn(async move {
            let config = DatabaseConfig {
                url: Some("sqlite:test.db".to_owned().into()),
                ..DatabaseConfig::default()
            };
            let db = SqliteDb::connect(&config, &path).await.unwrap();
            db.migrate(&of(&[ITEM, PRICE, outside])).await.unwrap();
            db.close(Duration::from_secs(5)).await.unwrap();
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
    let db = open(&dir, Duration::from_secs(10)).await;
    assert_eq!(versions(&db).await, [1, 2, 3]);
    assert_eq!(scalar(&db, "SELECT count(*) FROM item").await, 2);
}

#[tokio::test]
async fn a_failing_file_is_taken_back_and_named_with_its_statement() {
    let (dir, db) = database().await;
    let broken = Resource {
        path: "migrations/0002_broken.sql",
        contents: "-- two good ones; then a bad one\nCREATE TABLE other (name TEXT);\nINSERT INTO other VALUES ('a;b');\n\n/* here */ CRATE TABLE third (id INTEGER);\n",
    };
    let error = db
        .migrate(&of(&[ITEM, broken]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "migrations/0002_broken.sql:5, statement 3 (`CRATE TABLE third (id INTEGER)`)"
        ),
        "{error}"
    );
    assert!(error.contains("syntax error"), "{error}");
    assert_eq!(versions(&db).await, [1]);
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name IN ('other', 'third')";
    assert_eq!(scalar(&db, tables).await, 0);
    // No lock is left: another one may write, and the repaired file goes through.
    let other = open(&dir, Duration::from_secs(1)).await;
    sqlx::query("INSERT INTO item VALUES (7)")
        .execute(&other)
        .await
        .unwrap();
    let repaired = Resource {
        path: broken.path,
        contents: "CREATE TABLE other (name TEXT);",
    };
    db.migrate(&of(&[ITEM, repaired])).await.unwrap();
    assert_eq!(versions(&db).await, [1, 2]);
}

#[tokio::test]
async fn a_file_outside_of_a_transaction_says_what_stays() {
    let (_dir, db) = database().await;
    let broken = Resource {
        path: "migrations/0001_outside.sql",
        contents: "-- no-transaction\nCREATE TABLE item (id INTEGER);\nSELECT nonsense;",
    };
    let error = db.migrate(&of(&[broken])).await.unwrap_err().to_string();
    assert!(error.contains("0001_outside.sql:3, statement 2"), "{error}");
    assert!(error.contains("stays"), "{error}");
    assert!(versions(&db).await.is_empty());
    assert_eq!(
        scalar(&db, "SELECT count(*) FROM _sqlx_migrations").await,
        0
    );
}

#[tokio::test]
async fn history_must_not_change() {
    let (_dir, db) = database().await;
    db.migrate(&of(&[ITEM, PRICE])).await.unwrap();
    let changed = Resource {
        path: ITEM.path,
        contents: "CREATE TABLE item (id TEXT);",
    };
    let error = db
        .migrate(&of(&[changed, PRICE]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("migrations/0001_item.sql was changed after it was applied"),
        "{error}"
    );
    let error = db.migrate(&of(&[ITEM])).await.unwrap_err().to_string();
    assert!(
        error.contains("the migration 2, which is newer than all of this build"),
        "{error}"
    );
    let error = db.migrate(&of(&[PRICE])).await.unwrap_err().to_string();
    assert!(error.contains("this build has no file for it"), "{error}");
    assert_eq!(versions(&db).await, [1, 2]);
}

#[tokio::test]
async fn what_was_left_in_part_is_waited_for_and_then_explained() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir, Duration::from_millis(300)).await;
    db.migrate(&of(&[ITEM])).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET success = FALSE")
        .execute(&db)
        .await
        .unwrap();
    let error = db.migrate(&of(&[ITEM])).await.unwrap_err().to_string();
    assert!(error.contains("applied in part"), "{error}");
    let repair = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sqlx::query("UPDATE _sqlx_migrations SET success = TRUE")
            .execute(&db)
            .await
            .unwrap();
    };
    let migrations = of(&[ITEM]);
    let (migrated, ()) = tokio::join!(db.migrate(&migrations), repair);
    migrated.unwrap();
}

#[tokio::test]
async fn a_lock_that_stays_taken_is_not_waited_for_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir, Duration::from_millis(200)).await;
    let tx = db.begin().await.unwrap();
    let error = db.migrate(&of(&[ITEM])).await.unwrap_err();
    assert_eq!(error.kind(), rustboot_core::ErrorKind::Unavailable);
    drop(tx);
    db.migrate(&of(&[ITEM])).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_nobody_waits_for_is_taken_back() {
    let (_dir, db) = database().await;
    let slow = Resource {
        path: "migrations/0001_slow.sql",
        contents: "CREATE TABLE item (id INTEGER); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO item SELECT i FROM n;",
    };
    let slow = of(&[slow]);
    let cut = tokio::time::timeout(Duration::from_millis(100), db.migrate(&slow)).await;
    cut.unwrap_err();
    db.migrate(&of(&[ITEM])).await.unwrap();
    assert_eq!(scalar(&db, "SELECT count(*) FROM item").await, 1);
}

#[tokio::test]
async fn a_database_that_is_only_read_and_one_in_memory() {
    let (dir, db) = database().await;
    db.migrate(&of(&[ITEM])).await.unwrap();
    let connect = async |url: &str| {
        let config = DatabaseConfig {
            url: Some(url.to_owned().into()),
            ..DatabaseConfig::default()
        };
        SqliteDb::connect(&config, dir.path()).await.unwrap()
    };
    let read_only = connect("sqlite:test.db?mode=ro").await;
    read_only.migrate(&of(&[ITEM, PRICE])).await.unwrap();
    assert_eq!(versions(&read_only).await, [1]);
    let memory = connect("sqlite::memory:").await;
    memory.migrate(&of(&[ITEM, PRICE])).await.unwrap();
    assert_eq!(versions(&memory).await, [1, 2]);
}

#[test]
fn names_and_folders() {
    let file = |path| Resource {
        path,
        contents: "SELECT 1;",
    };
    let migrations = of(&[
        file("migrations/sqlite/0002_b.sql"),
        file("migrations/postgres/0002_b.sql"),
        file("migrations/20240101120000_c_d.up.sql"),
        file("migrations/0002_b.sql"),
        file("migrations/README.md"),
        file("migrations/sqlite/old/0009_x.sql"),
        file("templates/0001_mail.sql"),
        file("migrations/0001_a.sql"),
    ]);
    let seen: Vec<_> = migrations
        .files()
        .iter()
        .map(|file| {
            (
                file.path,
                file.migration.version,
                &*file.migration.description,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("migrations/0001_a.sql", 1, "a"),
            ("migrations/sqlite/0002_b.sql", 2, "b"),
            (
                "migrations/20240101120000_c_d.up.sql",
                20_240_101_120_000,
                "c d"
            ),
        ]
    );
    for wrong in [
        "migrations/a.sql",
        "migrations/1a_b.sql",
        "migrations/_b.sql",
        "migrations/99999999999999999999_b.sql",
    ] {
        assert_eq!(
            Migrations::embedded(&[file(wrong)], "sqlite")
                .unwrap_err()
                .len(),
            1,
            "{wrong}"
        );
    }
    let twice = [file("migrations/1_a.sql"), file("migrations/01_b.sql")];
    assert_eq!(
        Migrations::embedded(&twice, "sqlite").unwrap_err()[0].subject,
        "migrations/01_b.sql"
    );
}

#[test]
fn a_statement_ends_where_the_database_says() {
    let sql = "-- one;\nCREATE TABLE a (b TEXT DEFAULT ';'); ;\n/* ; */\nINSERT INTO a VALUES ('it''s; fine'), (\"x;\"), (`;`), ([;]);\n\
        CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT CASE WHEN 1 THEN 2 END;\n  DELETE FROM a;\nEND;\n\
        SELECT $$ ; $$, $tag$ ; $$ ; $tag$, $1;\nselect 'ü;' -- the end";
    let found = statements(sql, sqlx::Sqlite::QUOTING);
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 4, 5, 9, 10]);
    assert!(
        found[2].1.ends_with("DELETE FROM a;\nEND"),
        "{}",
        found[2].1
    );
    assert_eq!(found[4].1, "select 'ü;' -- the end");
    for odd in [
        "",
        ";;;",
        "-- only this",
        "/* not closed",
        "'not closed",
        "$",
        "[",
        "é",
    ] {
        let _ = statements(odd, sqlx::Sqlite::QUOTING);
    }
}
