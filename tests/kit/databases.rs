//! A database for each test.

use rustboot::sqlx;

use super::*;

/// Takes both kinds, each under a name of its own, so that they can be in one application.
#[get("/rows/sqlite")]
async fn sqlite_rows(db: SqliteDb) -> Result<String> {
    let (rows,): (i64,) = sqlx::query_as("SELECT count(*) FROM sqlite_master")
        .fetch_one(&db)
        .await?;
    Ok(rows.to_string())
}

#[rustboot::test]
async fn sqlite_is_empty_and_gone_afterwards(app: TestApp) -> Result<()> {
    app.get("/rows/sqlite").await.assert_text("0");
    let db = app.component::<SqliteDb>();
    sqlx::query("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        .execute(&*db)
        .await?;
    app.get("/rows/sqlite").await.assert_text("1");
    let health: Value = app.get("/health/database").await.json();
    assert_eq!(health["status"], "UP");
    Ok(())
}

#[rustboot::test]
async fn sqlite_of_another_test_is_another_file(app: TestApp) {
    app.get("/rows/sqlite").await.assert_text("0");
    let conditions: Value = app
        .context()
        .conditions()
        .iter()
        .map(|c| json!(c.reason))
        .collect();
    assert!(
        conditions
            .to_string()
            .contains("an SQLite file of the test's own, for database.url"),
        "{conditions}"
    );
}

#[rustboot::test(start_paused = true)]
async fn a_database_answers_while_time_stands_still(app: TestApp) -> Result<()> {
    let db = app.component::<SqliteDb>();
    for _ in 0..20 {
        sqlx::query("SELECT 1").execute(&*db).await?;
        app.get("/rows/sqlite").await.assert_text("0");
    }
    Ok(())
}

#[rustboot::test]
async fn a_replica_has_the_same_database(app: TestAppBuilder) -> Result<()> {
    let second = app.another();
    let one = app.start().await;
    let two = second.with_services_of(&one).start().await;
    sqlx::query("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        .execute(&*one.component::<SqliteDb>())
        .await?;
    two.get("/rows/sqlite").await.assert_text("1");
    assert_ne!(one.base_url(), two.base_url());
    Ok(())
}
