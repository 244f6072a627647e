//! What a statement that failed leaves of its transaction.

use super::*;
use crate::Transaction;

async fn execute(tx: &mut Transaction<MySql>, sql: &'static str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(&mut **tx).await.map(|_| ())
}

/// Past the eyes of the pool.
async fn execute_unseen(tx: &mut Transaction<MySql>, sql: &'static str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(&mut ***tx).await.map(|_| ())
}

const FIRST: &str = "UPDATE item SET name = concat(name, '!') WHERE id = 1";
const SECOND: &str = "UPDATE item SET name = concat(name, '!') WHERE id = 2";

#[tokio::test]
async fn a_statement_that_failed_is_taken_back_alone() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    let mut tx = db.begin().await.unwrap();
    execute(&mut tx, "INSERT INTO item (name) VALUES ('b')")
        .await
        .unwrap();
    execute(&mut tx, "INSERT INTO item (name) VALUES ('a')")
        .await
        .unwrap_err();
    execute(&mut tx, "INSERT INTO item (name) VALUES ('c')")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 3);
}

/// The server has rolled all of it back, and takes each statement after it for a transaction of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_deadlock_that_was_swallowed_nothing_is_written() {
    let db = fixture(|_| {}).await;
    insert(&db, "a").await.unwrap();
    insert(&db, "b").await.unwrap();
    for unseen in [false, true] {
        let mut one = db.begin().await.unwrap();
        let mut other = db.begin().await.unwrap();
        let ends = if unseen {
            execute_unseen(&mut one, FIRST).await.unwrap();
            execute_unseen(&mut other, SECOND).await.unwrap();
            tokio::join!(
                execute_unseen(&mut one, SECOND),
                execute_unseen(&mut other, FIRST)
            )
        } else {
            execute(&mut one, FIRST).await.unwrap();
            execute(&mut other, SECOND).await.unwrap();
            tokio::join!(execute(&mut one, SECOND), execute(&mut other, FIRST))
        };
        let (mut victim, survivor, error) = match ends {
            (Err(error), Ok(())) => (one, other, error),
            (Ok(()), Err(error)) => (other, one, error),
            both => panic!("one of them: {both:?}"),
        };
        assert_eq!(crate::kind_of(&error).unwrap().0, ErrorKind::Conflict);
        survivor.commit().await.unwrap();
        if !unseen {
            let late = "INSERT INTO item (name) VALUES ('late')";
            execute(&mut victim, late).await.unwrap_err();
            sqlx::query(late).fetch_all(&mut *victim).await.unwrap_err();
            let rows: Vec<_> =
                futures_util::StreamExt::collect(sqlx::query(late).fetch(&mut *victim)).await;
            assert!(rows.iter().all(Result::is_err));
        }
        let error = victim.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert_eq!(count(&db).await, 2);
    }
    // The connection is as good as before.
    let mut tx = db.begin().await.unwrap();
    execute(&mut tx, "INSERT INTO item (name) VALUES ('c')")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 3);
}
