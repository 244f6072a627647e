//! The plain pool of sqlx on the same database.

use super::*;

async fn asked(db: &PgDb, sql: &'static str) -> sqlx::Result<String> {
    sqlx::query_scalar(sql).fetch_one(db.sqlx_pool()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_has_the_limits_and_hears_of_a_new_password() {
    let server = server::shared().await;
    let url = server.database().await;
    let name = url.rsplit('/').next().unwrap();
    let role = format!("{name}_plain");
    let admin = PgDb::connect(&config(&url)).await.unwrap();
    let tell = async |sql: String| {
        let sql = sqlx::AssertSqlSafe(sql);
        sqlx::query(sql).execute(&admin).await.unwrap();
    };
    let with = |password: &str, seconds| DatabaseConfig {
        statement_timeout: Some(Duration::from_secs(seconds)),
        ..config(&format!(
            "postgres://{role}:{password}@127.0.0.1:{}/{name}",
            server.port
        ))
    };
    tell(format!("CREATE ROLE {role} LOGIN PASSWORD 'first'")).await;
    let db = PgDb::connect(&with("first", 7)).await.unwrap();
    let limit = "SELECT current_setting('statement_timeout')";
    assert_eq!(asked(&db, limit).await.unwrap(), "7s");

    tell(format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    let new = with("second", 8);
    let context = crate::wire::Context {
        app: "shop".to_owned(),
        #[cfg(feature = "sqlite")]
        base: ".".into(),
    };
    let target = <PgDb as crate::wire::Wired>::target(&new, "database", &context).unwrap();
    crate::wire::Wired::renew(&db, target, &new);
    tell(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    ))
    .await;
    until("a new connection is made", async || {
        asked(&db, limit).await.is_ok_and(|limit| limit == "8s")
    })
    .await;
    let mut listener = sqlx::postgres::PgListener::connect_with(db.sqlx_pool())
        .await
        .unwrap();
    listener.listen("news").await.unwrap();
    tell("NOTIFY news, 'hot'".to_owned()).await;
    assert_eq!(listener.recv().await.unwrap().payload(), "hot");
}
