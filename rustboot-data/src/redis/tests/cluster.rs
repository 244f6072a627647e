//! A cluster of three primaries.

use super::*;

struct Cluster(Vec<Server>);

impl Cluster {
    fn start() -> Self {
        let nodes = (0..3).map(|_| {
            loop {
                // The port between the nodes is this one and ten thousand.
                let port = std::net::TcpListener::bind("127.0.0.1:0")
                    .unwrap()
                    .local_addr()
                    .unwrap()
                    .port();
                if port > 50_000 {
                    continue;
                }
                let node = Server::options()
                    .without_password()
                    .port(port)
                    .set("cluster-enabled", "yes")
                    .set("cluster-node-timeout", "1000")
                    .set("cluster-require-full-coverage", "no")
                    .start();
                if let Ok(node) = node {
                    break node;
                }
            }
        });
        Self(nodes.collect())
    }

    async fn form(&self) {
        let ports: Vec<u16> = self.0.iter().map(|node| node.port().unwrap()).collect();
        for (index, port) in ports.iter().enumerate() {
            let mut node = node(*port).await;
            let mut slots = redis::cmd("CLUSTER");
            slots
                .arg("ADDSLOTSRANGE")
                .arg(index * 5462)
                .arg(((index + 1) * 5462 - 1).min(16383));
            let () = slots.query_async(&mut node).await.unwrap();
            for other in &ports {
                let mut meet = redis::cmd("CLUSTER");
                let () = meet
                    .arg("MEET")
                    .arg("127.0.0.1")
                    .arg(*other)
                    .query_async(&mut node)
                    .await
                    .unwrap();
            }
        }
        for port in ports {
            until("the nodes know each other", async || {
                let mut node = node(port).await;
                let info: String = redis::cmd("CLUSTER")
                    .arg("INFO")
                    .query_async(&mut node)
                    .await
                    .unwrap();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
            .await;
        }
    }

    fn url(&self) -> String {
        let ports = self
            .0
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port().unwrap()));
        format!("redis+cluster://{}", ports.collect::<Vec<_>>().join(","))
    }
}

async fn node(port: u16) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_where_they_belong_and_one_dead_node_is_not_the_cluster() {
    let cluster = blocking(Cluster::start).await;
    cluster.form().await;
    let redis = Redis::connect(&config(&cluster.url())).await.unwrap();
    for index in 0..100 {
        let (): () = { &redis }.set(format!("key{index}"), index).await.unwrap();
    }
    for index in 0..100 {
        let found: u64 = { &redis }.get(format!("key{index}")).await.unwrap();
        assert_eq!(found, index);
    }
    let mut held = redis.connection().await.unwrap();
    let (): () = { &redis }.rpush("queue", "job").await.unwrap();
    let got: Option<(String, String)> = held.blpop("queue", 2.0).await.unwrap();
    assert_eq!(got.unwrap().1, "job");
    drop(held);

    let health = health::RedisHealth {
        redis: std::sync::Arc::new(redis.clone()),
        critical: true,
        limit: Duration::from_millis(900),
    };
    let report = rustboot_core::health::HealthIndicator::check(&health).await;
    assert_eq!(
        report.status,
        rustboot_core::health::Status::Up,
        "{report:?}"
    );
    assert_eq!(report.details["mode"], "cluster");
    assert_eq!(report.details["cluster_state"], "ok");
    assert_eq!(report.details["cluster_nodes"], 3);

    // key0 to key99 are on all three. One of them is killed.
    let cluster = blocking(move || {
        cluster.0[1].kill().unwrap();
        cluster
    })
    .await;
    let (mut served, mut refused) = (0, 0);
    for index in 0..100 {
        let began = Instant::now();
        let found: RedisResult<u64> = { &redis }.get(format!("key{index}")).await;
        assert!(
            began.elapsed() < Duration::from_millis(1900),
            "{:?}",
            began.elapsed()
        );
        match found {
            Ok(_) => served += 1,
            Err(error) => {
                assert_eq!(status_of(&error), 503, "{error}");
                refused += 1;
            }
        }
    }
    assert!(
        served > 40 && refused > 15,
        "{served} served, {refused} refused"
    );
    assert!(redis.status().connected);

    let _cluster = blocking(move || {
        cluster.0[1].restart().unwrap();
        cluster
    })
    .await;
    let took = until("all keys are served again", async || {
        let mut all = true;
        for index in 0..100 {
            let found: RedisResult<Option<u64>> = { &redis }.get(format!("key{index}")).await;
            all &= found.is_ok();
        }
        all
    })
    .await;
    println!("{served} served and {refused} refused meanwhile; all again after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_altogether() {
    let cluster = blocking(Cluster::start).await;
    cluster.form().await;
    let redis = Redis::connect(&config(&cluster.url())).await.unwrap();
    assert!(works(&redis).await);
    let cluster = blocking(move || {
        for node in &cluster.0 {
            node.kill().unwrap();
        }
        cluster
    })
    .await;
    until("it is known to be down", async || {
        // Somebody has to notice.
        works(&redis).await;
        !redis.status().connected
    })
    .await;
    let began = Instant::now();
    assert!(!works(&redis).await);
    assert!(began.elapsed() < Duration::from_millis(200));
    // Without their files the nodes would have forgotten each other; the point is that the connection is made again.
    let _cluster = blocking(move || {
        for node in &cluster.0 {
            node.restart().unwrap();
        }
        cluster
    })
    .await;
    until("it is back", async || redis.status().connected).await;
}
