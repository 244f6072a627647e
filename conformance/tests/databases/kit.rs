//! The test kit on PostgreSQL and Redis: a database for each test, a copy of what the migrations made, and a place of its own in Redis.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustboot::core::component::{BoxFuture, ComponentKey, Dependency};
use rustboot::core::lifecycle::HookPhase;
use rustboot::prelude::*;
use rustboot::sqlx;

#[get("/kit/pairs")]
async fn pairs(db: PgDb) -> Result<String> {
    let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM pair")
        .fetch_one(&db)
        .await?;
    Ok(count.to_string())
}

#[post("/kit/pairs/{name}")]
async fn add(Path(name): Path<String>, mut tx: Tx<PgDb>) -> Result<StatusCode> {
    sqlx::query("INSERT INTO pair (name, half) VALUES ($1, 'a')")
        .bind(name)
        .execute(&mut tx)
        .await?;
    Ok(StatusCode::CREATED)
}

/// A key of the framework's, and one that is none of its business.
#[post("/kit/count")]
async fn count(mut redis: Redis) -> Result<String> {
    let below: u64 = redis.incr(redis.key("count"), 1).await?;
    let beside: u64 = redis.incr("count", 1).await?;
    Ok(format!("{below} {beside}"))
}

/// The name of the database.
async fn name_of(app: &TestApp) -> String {
    let (name,): (String,) = sqlx::query_as("SELECT current_database()::text")
        .fetch_one(&*app.component::<PgDb>())
        .await
        .unwrap();
    name
}

/// What is only in this test, while others write to tables of the same name at the same time.
async fn writes_alone(app: &TestApp) {
    app.get("/kit/pairs").await.assert_text("0");
    for n in 0..5 {
        let path = format!("/kit/pairs/{n}");
        app.post(&path).await.assert_status(201);
    }
    app.get("/kit/pairs").await.assert_text("5");
    app.post("/kit/pairs/1").await.assert_problem(409);
}

#[rustboot::test]
async fn a_test_writes_alone(app: TestApp) {
    writes_alone(&app).await;
}

#[rustboot::test]
async fn another_test_writes_alone(app: TestApp) {
    writes_alone(&app).await;
}

async fn counts_alone(app: &TestApp) {
    for expected in ["1 1", "2 2", "3 3"] {
        app.post("/kit/count").await.assert_text(expected);
    }
}

#[rustboot::test]
async fn a_test_counts_alone(app: TestApp) {
    counts_alone(&app).await;
    app.get("/health/redis").await.assert_success();
}

/// The URL of the surroundings is not used, but that there is one makes a difference: locks are in Redis then.
#[rustboot::test]
async fn another_test_counts_alone(app: TestAppBuilder) {
    let second = app.another();
    let url = "redis://192.0.2.1/";
    let app = app.env("REDIS_URL", url).start().await;
    counts_alone(&app).await;
    let conditions = app.context().conditions().iter();
    let reasons: Vec<&str> = conditions.map(|it| it.reason.as_str()).collect();
    assert!(
        reasons.contains(&"on Redis, for all replicas: redis.url is set"),
        "{reasons:?}"
    );
    let replica = second.env("REDIS_URL", url).with_services_of(&app);
    replica
        .start()
        .await
        .post("/kit/count")
        .await
        .assert_text("4 4");
}

#[rustboot::test]
async fn migrations_have_run_once_for_all(app: TestApp) {
    let (applied,): (i64,) = sqlx::query_as("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&*app.component::<PgDb>())
        .await
        .unwrap();
    assert_eq!(applied, 1);
    let (templates,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM pg_database WHERE datname LIKE 'rustboot_template_%'")
            .fetch_one(&*app.component::<PgDb>())
            .await
            .unwrap();
    assert_eq!(templates, 1);
}

#[rustboot::test(start_paused = true)]
async fn a_server_answers_while_time_stands_still(app: TestApp) {
    writes_alone(&app).await;
    app.advance(Duration::from_secs(600)).await;
    app.get("/kit/pairs").await.assert_text("5");
}

#[rustboot::test]
async fn two_replicas_share_a_database(app: TestAppBuilder) {
    let second = app.another();
    let one = app.start().await;
    let two = second.with_services_of(&one).start().await;
    one.post("/kit/pairs/x").await.assert_status(201);
    two.get("/kit/pairs").await.assert_text("1");
    assert_eq!(name_of(&one).await, name_of(&two).await);
    // The first to stop leaves it to the other.
    assert_eq!(one.stop().await, 0);
    two.get("/kit/pairs").await.assert_text("1");
}

#[rustboot::test(set("database.max_connections" = 3))]
async fn the_rest_of_the_section_is_that_of_the_configuration(app: TestApp) {
    assert_eq!(app.component::<PgDb>().status().max, 3);
}

/// Whatever URLs the surroundings have, a test keeps away from them.
#[rustboot::test]
async fn a_url_of_the_surroundings_is_not_used(app: TestAppBuilder) {
    let app = app
        .env("DATABASE_URL", "postgres://nobody@192.0.2.1/production")
        .start()
        .await;
    assert!(name_of(&app).await.starts_with("rustboot_test_"));
}

static NAME: Mutex<Option<String>> = Mutex::new(None);

#[rustboot::test]
#[ignore = "a part of the test below, which runs it as a whole"]
async fn keeps_its_name(app: TestApp) {
    *NAME.lock().unwrap() = Some(name_of(&app).await);
}

#[test]
fn a_database_is_gone_after_its_test() {
    keeps_its_name();
    let name = NAME.lock().unwrap().take().unwrap();
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    let server = rustboot_servers::Postgres::shared().unwrap();
    assert_eq!(server.execute(&count).unwrap(), "0");
}

static UNSTARTED: Mutex<Option<String>> = Mutex::new(None);

/// A start that gets as far as a hook, which keeps the name of the database.
fn starts_until(
    app: TestAppBuilder,
    end: fn() -> BoxFuture<'static, Result<()>>,
) -> TestAppBuilder {
    app.configure(move |app| {
        let needs = vec![Dependency::required(ComponentKey::of::<PgDb>())];
        app.hook(HookPhase::Start, "end", needs, move |resolver| {
            let db = resolver.component::<PgDb>(None);
            async move {
                let name: String = sqlx::query_scalar("SELECT current_database()::text")
                    .fetch_one(&*db.unwrap())
                    .await?;
                *UNSTARTED.lock().unwrap() = Some(name);
                end().await
            }
        });
    })
}

#[rustboot::test]
#[ignore = "a part of the test below, which runs it as a whole"]
async fn does_not_start(app: TestAppBuilder) {
    let app = starts_until(app, || {
        Box::pin(async { Err(Error::internal("not today")) })
    });
    let error = app.try_start().await.unwrap_err();
    assert!(error.to_string().contains("not today"), "{error}");
}

#[rustboot::test(timeout = "6s")]
#[ignore = "a part of the test below, which runs it as a whole"]
async fn does_not_get_started(app: TestAppBuilder) {
    starts_until(app, || Box::pin(std::future::pending()))
        .start()
        .await;
}

#[test]
fn a_database_is_gone_after_a_test_that_did_not_start() {
    let server = rustboot_servers::Postgres::shared().unwrap();
    let parts: [(fn(), bool); 2] = [(does_not_start, true), (does_not_get_started, false)];
    for (part, passes) in parts {
        assert_eq!(std::panic::catch_unwind(part).is_ok(), passes);
        let name = UNSTARTED.lock().unwrap().take().unwrap();
        let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        assert_eq!(server.execute(&count).unwrap(), "0", "{name}");
    }
}

#[rustboot::test]
async fn a_start_takes_a_moment(app: TestAppBuilder) {
    let warm = app.another().start().await;
    assert_eq!(warm.stop().await, 0);
    let began = Instant::now();
    app.start().await;
    println!("a start with a database of its own: {:?}", began.elapsed());
    // Generous, for a machine with much else to do.
    assert!(began.elapsed() < Duration::from_secs(5));
}
