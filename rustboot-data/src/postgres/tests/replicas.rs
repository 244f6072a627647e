//! Where `read()` reads.

use super::*;

#[tokio::test]
async fn a_replica_is_read_from_while_it_is_alive_and_not_behind() {
    let server = server::shared().await;
    let (primary, replica) = (server.database().await, server.database().await);
    let mut config = config(&primary);
    config.replicas = vec![
        replica.clone().into(),
        "postgres://postgres@127.0.0.1:1/nowhere".to_owned().into(),
    ];
    let db = PgDb::connect(&config).await.unwrap();
    let where_it_reads = async || -> String {
        sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(db.read())
            .await
            .unwrap()
    };
    let name = replica.rsplit('/').next().unwrap();
    until("the replica is found", async || {
        where_it_reads().await == name
    })
    .await;
    for _ in 0..10 {
        assert_eq!(where_it_reads().await, name, "the dead one is passed over");
    }
    let health = crate::wire::Wired::replicas(&db);
    assert_eq!(health.iter().filter(|one| one.read_from).count(), 1);
    // It goes away.
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false"
    )))
    .execute(&db)
    .await
    .unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )))
    .execute(&db)
    .await
    .unwrap();
    until("the primary is read from", async || {
        sqlx::query_scalar::<_, String>("SELECT current_database()::text")
            .fetch_one(db.read())
            .await
            .is_ok_and(|now| now != name)
    })
    .await;
    db.close(Duration::from_secs(5)).await.unwrap();
}

/// A replica by streaming replication, which falls behind and catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_behind_is_not_read_from() {
    let (primary, replica) = tokio::task::spawn_blocking(|| {
        let primary = server::Server::start();
        let replica = primary.replica();
        (primary, replica)
    })
    .await
    .unwrap();
    let url = primary.database().await;
    let mut config = config(&url);
    let of_replica = url.replace(
        &format!(":{}/", primary.port),
        &format!(":{}/", replica.port),
    );
    config.replicas = vec![of_replica.clone().into()];
    config.max_replica_lag = Duration::from_secs(2);
    let db = PgDb::connect(&config).await.unwrap();
    make_table(&db).await;
    let reads_from_replica = async || -> bool {
        sqlx::query_scalar("SELECT pg_is_in_recovery()")
            .fetch_one(db.read())
            .await
            .unwrap()
    };
    until("the replica is read from", &reads_from_replica).await;
    // It stays fit while nothing happens on the primary, however old the last transaction gets.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(reads_from_replica().await);

    let on_replica = PgDb::connect(&super::config(&of_replica)).await.unwrap();
    sqlx::query("SELECT pg_wal_replay_pause()")
        .execute(&on_replica)
        .await
        .unwrap();
    until("it falls behind", async || {
        sqlx::query("INSERT INTO item (name) VALUES (random()::text)")
            .execute(&db)
            .await
            .unwrap();
        !reads_from_replica().await
    })
    .await;
    let health = crate::wire::Wired::replicas(&db);
    assert!(
        health[0].alive && !health[0].read_from && health[0].lag_ms > 2000,
        "{health:?}"
    );
    sqlx::query("SELECT pg_wal_replay_resume()")
        .execute(&on_replica)
        .await
        .unwrap();
    until("it has caught up", &reads_from_replica).await;
    let there = count(&db).await;
    until("what was written is there", async || {
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM item")
            .fetch_one(&on_replica)
            .await
            .unwrap();
        seen == there
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_whose_connections_are_all_in_use_is_not_dead() {
    let server = server::shared().await;
    let mut config = config(&server.database().await);
    config.replicas = vec![server.database().await.into()];
    config.max_connections = 1;
    let db = PgDb::connect(&config).await.unwrap();
    let is_read_from = || crate::wire::Wired::replicas(&db)[0].read_from;
    until("the replica is found", async || is_read_from()).await;
    let busy = db.read().acquire().await.unwrap();
    let until = std::time::Instant::now() + Duration::from_millis(3500);
    while std::time::Instant::now() < until {
        assert!(is_read_from(), "it was asked, and had no time to answer");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(busy);
    db.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_a_replica_refuses_are_heard_of() {
    let server = server::shared().await;
    let (primary, replica) = (server.database().await, server.database().await);
    let name = replica.rsplit('/').next().unwrap();
    let role = format!("{name}_reader");
    let admin = PgDb::connect(&config(&primary)).await.unwrap();
    let tell = async |sql: String| {
        let sql = sqlx::AssertSqlSafe(sql);
        sqlx::query(sql).execute(&admin).await.unwrap();
    };
    tell(format!("CREATE ROLE {role} LOGIN PASSWORD 'first'")).await;
    let mut config = config(&primary);
    let replica = format!("postgres://{role}:first@127.0.0.1:{}/{name}", server.port);
    config.replicas = vec![replica.into()];
    let db = PgDb::connect(&config).await.unwrap();
    until("the replica is found", async || {
        crate::wire::Wired::replicas(&db)[0].read_from
    })
    .await;
    let refused = tokio::spawn({
        let db = db.clone();
        async move { db.0.pool.refused().await }
    });
    tell(format!("ALTER ROLE {role} PASSWORD 'second'")).await;
    tell(format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    ))
    .await;
    let heard = tokio::time::timeout(Duration::from_secs(10), refused).await;
    heard.unwrap().unwrap();
    db.close(Duration::from_secs(5)).await.unwrap();
}
