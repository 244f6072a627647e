//! A database in memory is one database.

use futures_util::future::join_all;

use super::*;

fn memory() -> Target {
    Target::from_url("sqlite::memory:", Path::new(".")).unwrap()
}

#[tokio::test]
async fn all_connections_see_the_same_memory() {
    let db = SqliteDb::open_with(
        memory(),
        Policy {
            max_connections: 1,
            ..policy()
        },
    )
    .await
    .unwrap();
    sqlx::query("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
        .execute(&db)
        .await
        .unwrap();
    join_all((0..50).map(|i| {
        let db = db.clone();
        async move {
            insert(&db, &i.to_string()).await.unwrap();
        }
    }))
    .await;
    assert_eq!(count(&db).await, 50);
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
        .fetch_one(db.sqlx_pool())
        .await
        .unwrap();
    assert_eq!(seen, 50);
    db.close(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn it_outlives_its_connections_and_two_are_not_the_same() {
    let config = DatabaseConfig {
        url: Some("sqlite::memory:".to_owned().into()),
        ..DatabaseConfig::default()
    };
    let db = SqliteDb::connect(&config, Path::new(".")).await.unwrap();
    assert_eq!(db.status().max, 1);
    sqlx::query("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
        .execute(&db)
        .await
        .unwrap();
    drop(db.begin().await.unwrap());
    tokio::time::timeout(
        Duration::from_millis(20),
        sqlx::query(ENDLESS).fetch_one(&db),
    )
    .await
    .unwrap_err();
    assert_eq!(count(&db).await, 0);
    let other = SqliteDb::connect(&config, Path::new(".")).await.unwrap();
    insert(&other, "a").await.unwrap_err();
}
