//! A replica by replication, which stops and goes on.

use super::*;

/// A primary, and one that follows it. Blocks.
fn servers() -> (MariaDb, MariaDb) {
    let primary = MariaDb::options().set("server-id", "1");
    let primary = primary.set("log-bin", "changes").start().unwrap();
    let replica = MariaDb::options().set("server-id", "2").start().unwrap();
    let url = primary.url();
    let (_, login) = url.split_once("//root:").unwrap();
    let (password, _) = login.split_once('@').unwrap();
    // From here on: what came before are the passwords of the primary.
    let position = primary.execute("SELECT @@gtid_binlog_pos").unwrap();
    let follow = format!(
        "SET GLOBAL gtid_slave_pos = '{position}'; \
         CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'root', MASTER_PASSWORD = '{password}', \
         MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1; START SLAVE",
        primary.port().unwrap()
    );
    replica.execute(&follow).unwrap();
    (primary, replica)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_does_not_follow_is_not_read_from() {
    let (primary, replica) = tokio::task::spawn_blocking(servers).await.unwrap();
    let url = primary.create_database("shop").unwrap();
    let mut config = config(&url);
    config.replicas = vec![replica.url_of("shop").into()];
    let db = MySqlDb::connect(&config).await.unwrap();
    db.execute("CREATE TABLE item (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20) NOT NULL)")
        .await
        .unwrap();
    let reads_from = async || -> u64 {
        sqlx::query_scalar("SELECT CAST(@@server_id AS UNSIGNED)")
            .fetch_one(db.read())
            .await
            .unwrap()
    };
    until("the replica is read from", async || reads_from().await == 2).await;
    insert(&db, "pen").await.unwrap();
    until("what was written is there", async || {
        let seen: sqlx::Result<i64> = sqlx::query_scalar("SELECT count(*) FROM item")
            .fetch_one(db.read())
            .await;
        seen.is_ok_and(|seen| seen == 1)
    })
    .await;

    let replica = told(replica, "STOP SLAVE").await;
    until("the primary is read from", async || reads_from().await == 1).await;
    let health = crate::wire::Wired::replicas(&db);
    assert!(health[0].alive && !health[0].read_from, "{health:?}");
    let _replica = told(replica, "START SLAVE").await;
    until("it follows again", async || reads_from().await == 2).await;
    db.close(Duration::from_secs(5)).await.unwrap();
}

async fn told(replica: MariaDb, sql: &'static str) -> MariaDb {
    tokio::task::spawn_blocking(move || {
        replica.execute(sql).unwrap();
        replica
    })
    .await
    .unwrap()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
