//! The life of a `Tx` by hand; over sockets, see the conformance tests.

use rustboot_core::ErrorKind;
use rustboot_core::finish::{Deferred, collecting};
use tempfile::TempDir;

use super::*;
use crate::{DatabaseConfig, SqliteDb};

async fn database() -> (TempDir, SqliteDb) {
    let dir = tempfile::tempdir().unwrap();
    let config = DatabaseConfig {
        url: Some("sqlite:test.db".to_owned().into()),
        ..DatabaseConfig::default()
    };
    let db = SqliteDb::connect(&config, dir.path()).await.unwrap();
    sqlx::query("CREATE TABLE item (name TEXT UNIQUE, parent TEXT REFERENCES item (name) DEFERRABLE INITIALLY DEFERRED)")
        .execute(&db)
        .await
        .unwrap();
    (dir, db)
}

fn take(db: &SqliteDb) -> (Tx<SqliteDb>, Deferred) {
    let (tx, deferred) = collecting(|| Tx::of_request(db.clone()));
    (tx.unwrap(), deferred.unwrap())
}

async fn insert(tx: &mut Tx<SqliteDb>, name: &str) {
    sqlx::query("INSERT INTO item (name) VALUES (?)")
        .bind(name)
        .execute(tx)
        .await
        .unwrap();
}

async fn count(db: &SqliteDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn it_commits_when_it_is_finished_and_rolls_back_when_not() {
    let (_dir, db) = database().await;
    for (round, finished) in [true, false, true].into_iter().enumerate() {
        let (mut tx, deferred) = take(&db);
        insert(&mut tx, &format!("{round}")).await;
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
            .fetch_one(&mut tx)
            .await
            .unwrap();
        assert!(seen > 0);
        drop(tx);
        if finished {
            deferred.finish().await.unwrap();
        } else {
            drop(deferred);
        }
    }
    assert_eq!(count(&db).await, 2);
    assert_eq!(db.status().in_use, 0);
}

#[tokio::test]
async fn it_begins_with_the_first_statement() {
    let (_dir, db) = database().await;
    let (mut tx, deferred) = take(&db);
    assert_eq!(db.status().in_use, 0);
    tx.begin().await.unwrap();
    assert_eq!(db.status().in_use, 1);
    tx.rollback().await.unwrap();
    assert_eq!(db.status().in_use, 0);
    insert(&mut tx, "a").await;
    tx.commit().await.unwrap();
    insert(&mut tx, "b").await;
    drop(tx);
    drop(deferred);
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn one_that_outlives_its_handler_is_an_error_and_is_rolled_back() {
    let (_dir, db) = database().await;
    let (mut tx, deferred) = take(&db);
    insert(&mut tx, "a").await;
    let error = deferred.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    insert(&mut tx, "b").await;
    drop(tx);
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn a_commit_that_is_refused_is_an_error_of_the_request() {
    let (_dir, db) = database().await;
    let (mut tx, deferred) = take(&db);
    sqlx::query("INSERT INTO item (name, parent) VALUES ('a', 'nobody')")
        .execute(&mut tx)
        .await
        .unwrap();
    drop(tx);
    let error = deferred.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn outside_of_a_request_there_is_none() {
    let (_dir, db) = database().await;
    let error = Tx::of_request(db).unwrap_err();
    assert!(error.to_string().contains("spawned"), "{error}");
}
