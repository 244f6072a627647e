//! MySQL, on a MariaDB that the kit starts. A database with a name, since the one without is SQLite's here.

use std::sync::Mutex;

use rustboot::core::component::ComponentKey;
use rustboot::sqlx;

use super::*;

/// Needs a database that nothing else in the application does, so that only these tests start a server.
struct Stock;

impl Module for Stock {
    fn name(&self) -> &str {
        "stock"
    }

    async fn configure(&self, app: &mut AppBuilder) -> Result<()> {
        app.require(ComponentKey::of::<MySqlDb>().named("stock"));
        Ok(())
    }
}

async fn with_stock(app: TestAppBuilder) -> TestApp {
    let app = app.set("databases.stock.max_connections", 3);
    app.module(Stock).start().await
}

async fn name_of(app: &TestApp) -> String {
    sqlx::query_scalar("SELECT CAST(DATABASE() AS CHAR)")
        .fetch_one(&*app.named::<MySqlDb>("stock"))
        .await
        .unwrap()
}

async fn writes_alone(app: &TestApp) -> Result<()> {
    let db = app.named::<MySqlDb>("stock");
    sqlx::query(
        "CREATE TABLE item (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL)",
    )
    .execute(&*db)
    .await?;
    for expected in 1..=3 {
        let added = sqlx::query("INSERT INTO item (name) VALUES (?)")
            .bind("pen")
            .execute(&*db)
            .await?;
        assert_eq!(added.last_insert_id(), expected);
    }
    let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM item")
        .fetch_one(&*db)
        .await?;
    assert_eq!(count, 3);
    Ok(())
}

#[rustboot::test]
async fn a_test_has_a_database_of_its_own(app: TestAppBuilder) -> Result<()> {
    let app = with_stock(app).await;
    assert_eq!(app.named::<MySqlDb>("stock").status().max, 3);
    writes_alone(&app).await?;
    let health: Value = app.get("/health").await.json();
    assert_eq!(
        health["components"]["databases.stock"]["status"], "UP",
        "{health}"
    );
    Ok(())
}

static NAME: Mutex<Option<String>> = Mutex::new(None);

#[rustboot::test]
#[ignore = "a part of the test below, which runs it as a whole"]
async fn writes_alone_and_keeps_its_name(app: TestAppBuilder) -> Result<()> {
    let app = with_stock(app).await;
    writes_alone(&app).await?;
    *NAME.lock().unwrap() = Some(name_of(&app).await);
    Ok(())
}

#[rustboot::test]
async fn another_test_had_another_one_that_is_gone(app: TestAppBuilder) -> Result<()> {
    let app = with_stock(app).await;
    writes_alone(&app).await?;
    let other = rustboot::tokio::task::spawn_blocking(writes_alone_and_keeps_its_name);
    other.await.unwrap();
    let name = NAME.lock().unwrap().take().unwrap();
    assert!(name.starts_with("rustboot_test_"), "{name}");
    assert_ne!(name_of(&app).await, name);
    let sql = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = ?";
    let count: i64 = sqlx::query_scalar(sql)
        .bind(name)
        .fetch_one(&*app.named::<MySqlDb>("stock"))
        .await?;
    assert_eq!(count, 0);
    Ok(())
}

#[rustboot::test]
async fn a_replica_has_the_same_database(app: TestAppBuilder) {
    let second = app.another();
    let one = with_stock(app).await;
    let two = with_stock(second.with_services_of(&one)).await;
    assert_eq!(name_of(&one).await, name_of(&two).await);
}
