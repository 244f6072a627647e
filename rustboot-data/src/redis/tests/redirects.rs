//! A cluster whose keys move, and whose nodes are lost in the middle of a command: what is sent again, and what is not.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::{TcpListener, TcpStream};

use super::sites::{SLOTS, Site, ask, cluster, follower};
use super::*;

/// A cluster of one node that can be told to vanish from the network.
struct Single {
    server: Server,
    /// Cuts the connection that the next answer comes on, and swallows the answer.
    cut: Arc<AtomicBool>,
    url: String,
}

impl Single {
    async fn start() -> Self {
        let server = blocking(|| {
            let options = follower(None, true).set("enable-debug-command", "yes");
            options.start().unwrap()
        })
        .await;
        let port = server.port().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let announced = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        tokio::spawn(relay(listener, port, Arc::clone(&cut)));
        let all = (SLOTS - 1).to_string();
        let () = ask(port, &["CLUSTER", "ADDSLOTSRANGE", "0", &all]).await;
        for (key, value) in [("ip", "127.0.0.1"), ("port", &announced.to_string())] {
            let key = format!("cluster-announce-{key}");
            let () = ask(port, &["CONFIG", "SET", &key, value]).await;
        }
        until("the cluster is there", async || {
            let info: String = ask(port, &["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok")
        })
        .await;
        Self {
            server,
            cut,
            url: format!("redis+cluster://127.0.0.1:{announced}"),
        }
    }

    /// What the node has, whoever asked how often.
    async fn count(&self, key: &str) -> u64 {
        let found: Option<u64> = ask(self.server.port().unwrap(), &["GET", key]).await;
        found.unwrap_or(0)
    }
}

async fn relay(listener: TcpListener, server: u16, cut: Arc<AtomicBool>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await;
        let (Ok(server), cut) = (server, Arc::clone(&cut)) else {
            continue;
        };
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let answers = async {
                let mut bytes = vec![0; 16 * 1024];
                loop {
                    let count = from_server.read(&mut bytes).await.unwrap_or(0);
                    if count == 0 || cut.swap(false, Ordering::SeqCst) {
                        break;
                    }
                    if to_client.write_all(&bytes[..count]).await.is_err() {
                        break;
                    }
                }
            };
            tokio::select! {
                () = answers => {}
                _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_got_no_answer_is_not_sent_again() {
    let single = Single::start().await;
    let redis = Redis::connect(&config(&single.url)).await.unwrap();
    for how in ["command", "pipeline", "transaction", "of its own"] {
        let mut held = redis.connection().await.unwrap();
        let _: u64 = held.incr("warm", 1).await.unwrap();
        // Whoever looks whether somebody is there would get what is swallowed.
        let _: u64 = { &redis }.incr("warm", 1).await.unwrap();
        single.cut.store(true, Ordering::SeqCst);
        let error = match how {
            "command" => { &redis }.incr::<_, _, u64>(how, 1).await.unwrap_err(),
            "of its own" => held.incr::<_, _, u64>(how, 1).await.unwrap_err(),
            how => {
                let mut pipeline = redis::pipe();
                if how == "transaction" {
                    pipeline.atomic();
                }
                pipeline.incr(how, 1);
                pipeline.exec_async(&mut redis.clone()).await.unwrap_err()
            }
        };
        assert_eq!(status_of(&error), 503, "{how}: {error}");
        drop(held);
        until("it is back", async || works(&redis).await).await;
        assert_eq!(single.count(how).await, 1, "{how}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_command_has_the_time_that_is_configured() {
    const SECOND: Duration = Duration::from_secs(1);
    let single = Single::start().await;
    let mut config = config(&single.url);
    config.command_timeout = SECOND * 4;
    let redis = Redis::connect(&config).await.unwrap();
    let sleeps = async |seconds: &str| -> RedisResult<()> {
        let mut command = redis::cmd("DEBUG");
        command.arg("SLEEP").arg(seconds);
        command.query_async(&mut redis.clone()).await
    };
    sleeps("1.5").await.unwrap();
    // And a reload of that alone counts, up and down.
    config.command_timeout = SECOND / 2;
    renewed(&redis, &config).await;
    let error = sleeps("1").await.unwrap_err();
    assert!(
        error.to_string().contains("redis.command_timeout"),
        "{error}"
    );
    config.command_timeout = SECOND * 4;
    renewed(&redis, &config).await;
    sleeps("1.5").await.unwrap();
}

/// Waits for the connection that a new configuration brings.
async fn renewed(redis: &Redis, config: &RedisConfig) {
    let epoch = || match &**redis.link().state.load() {
        link::State::Up(live) => live.epoch,
        link::State::Down(..) => 0,
    };
    let before = epoch();
    redis.renew(config).unwrap();
    until("there is a new connection", async || epoch() > before).await;
}

/// A slot on its way from the first node to another one.
struct Move<'a> {
    site: &'a Site,
    from: u16,
    to: u16,
    slot: String,
}

impl Move<'_> {
    async fn set(&self, port: u16, state: &str, node: u16) {
        let id: String = ask(node, &["CLUSTER", "MYID"]).await;
        let () = ask(port, &["CLUSTER", "SETSLOT", &self.slot, state, &id]).await;
    }

    async fn begin(&self) {
        self.set(self.to, "IMPORTING", self.from).await;
        self.set(self.from, "MIGRATING", self.to).await;
    }

    async fn finish(&self) {
        self.set(self.to, "NODE", self.to).await;
        self.set(self.from, "NODE", self.to).await;
        for server in &self.site.servers[1..3] {
            self.set(server.port().unwrap(), "NODE", self.to).await;
        }
    }
}

async fn transaction(redis: &Redis, key: &str) -> RedisResult<(u64, u64)> {
    let mut pipeline = redis::pipe();
    pipeline.atomic().incr(key, 1).incr(key, 1);
    pipeline.query_async(&mut redis.clone()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_refuses_goes_to_the_one_that_has_the_keys() {
    let mut site = cluster(false).await;
    let empty = blocking(|| follower(None, true).start().unwrap()).await;
    let (first, empty_port) = (site.first(), empty.port().unwrap());
    let met = ["CLUSTER", "MEET", "127.0.0.1", &empty_port.to_string()];
    let () = ask(first, &met).await;
    site.servers.push(empty);
    for server in &site.servers {
        until("everybody knows the new node", async || {
            let info: String = ask(server.port().unwrap(), &["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:4")
        })
        .await;
    }
    // To one that clients know, and to one that they have not heard of.
    for (tag, to) in [("a", site.servers[1].port().unwrap()), ("b", empty_port)] {
        let mut tag = tag.to_owned();
        while !site.is_on_the_first(&tag).await {
            tag.push('x');
        }
        let key = |name: &str| format!("{{{tag}}}{name}");
        let slot: u16 = ask(first, &["CLUSTER", "KEYSLOT", &tag]).await;
        let moves = Move {
            site: &site,
            from: first,
            to,
            slot: slot.to_string(),
        };
        let redis = Redis::connect(&config(&site.url)).await.unwrap();
        let (others, last) = (redis_of(&site).await, redis_of(&site).await);
        let mut held = redis.connection().await.unwrap();

        moves.begin().await;
        for expected in 1..4 {
            let found: u64 = { &redis }.incr(key("one"), 1).await.unwrap();
            assert_eq!(found, expected);
            let found: u64 = held.incr(key("held"), 1).await.unwrap();
            assert_eq!(found, expected);
            let found = transaction(&redis, &key("two")).await.unwrap();
            assert_eq!(found, (expected * 2 - 1, expected * 2));
        }
        // All at once: what is asked for stays beside its `ASKING`.
        let many = (0..50).map(|_| async { { &redis }.incr::<_, _, u64>(key("many"), 1).await });
        let many = futures_util::future::join_all(many).await;
        assert!(many.iter().all(Result::is_ok), "{many:?}");

        moves.finish().await;
        assert_eq!(
            { &redis }.incr::<_, _, u64>(key("one"), 1).await.unwrap(),
            4
        );
        assert_eq!(held.incr::<_, _, u64>(key("held"), 1).await.unwrap(), 4);
        assert_eq!({ &redis }.get::<_, u64>(key("many")).await.unwrap(), 50);
        // Whoever does nothing but transactions.
        let found = transaction(&others, &key("two")).await.unwrap();
        assert_eq!(found, (7, 8));

        // Of these a part may have been carried out. The next ones go where they belong.
        let mut pipeline = redis::pipe();
        pipeline.incr(key("three"), 1).incr(key("three"), 1);
        let refused = pipeline.exec_async(&mut last.clone()).await.unwrap_err();
        assert_eq!(status_of(&refused), 503, "{refused}");
        until("pipelines go to the new node", async || {
            pipeline.exec_async(&mut last.clone()).await.is_ok()
        })
        .await;
        assert_eq!({ &last }.get::<_, u64>(key("three")).await.unwrap(), 2);
    }
}

async fn redis_of(site: &Site) -> Redis {
    Redis::connect(&config(&site.url)).await.unwrap()
}

/// A watch is on one connection to one node. What it was for does not happen on another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_watches_does_not_follow() {
    let site = cluster(false).await;
    let mut key = "watched".to_owned();
    while !site.is_on_the_first(&key).await {
        key.push('x');
    }
    let slot: u16 = ask(site.first(), &["CLUSTER", "KEYSLOT", &key]).await;
    let moves = Move {
        site: &site,
        from: site.first(),
        to: site.servers[1].port().unwrap(),
        slot: slot.to_string(),
    };
    let redis = redis_of(&site).await;
    let mut reader = redis.connection().await.unwrap();
    let () = redis::cmd("WATCH")
        .arg(&key)
        .query_async(&mut reader)
        .await
        .unwrap();
    let mut held = redis.connection().await.unwrap();
    let () = redis::cmd("WATCH")
        .arg(&key)
        .query_async(&mut held)
        .await
        .unwrap();
    moves.begin().await;
    moves.finish().await;
    let mut pipeline = redis::pipe();
    pipeline.atomic().incr(&key, 1);
    let refused = pipeline.exec_async(&mut held).await.unwrap_err();
    assert_eq!(status_of(&refused), 503, "{refused}");
    // Nor when it is known already where the keys are.
    let _: Option<u64> = reader.get(&key).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = pipeline.exec_async(&mut reader).await.unwrap_err();
    assert_eq!(status_of(&refused), 503, "{refused}");
    assert_eq!({ &redis }.get::<_, Option<u64>>(&key).await.unwrap(), None);
    drop((held, reader));

    // On the node where the keys are now, it works, as soon as all nodes say that it is that one.
    until("it works there", async || {
        let mut held = redis.connection().await.unwrap();
        let () = redis::cmd("WATCH")
            .arg(&key)
            .query_async(&mut held)
            .await
            .unwrap();
        let (): () = { &redis }.set(&key, 5).await.unwrap();
        let done: RedisResult<Option<(u64,)>> = pipeline.query_async(&mut held).await;
        if let Ok(done) = &done {
            assert_eq!(*done, None);
        }
        done.is_ok()
    })
    .await;
}

/// The connection to a cluster outlives those to its nodes. A watch does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_whose_watch_was_lost_is_not_carried_out() {
    let single = Single::start().await;
    let redis = Redis::connect(&config(&single.url)).await.unwrap();
    let mut held = redis.connection().await.unwrap();
    let watch = async |held: &mut RedisConnection| {
        let mut command = redis::cmd("WATCH");
        let () = command.arg("watched").query_async(held).await.unwrap();
    };
    watch(&mut held).await;
    let port = single.server.port().unwrap();
    let _: u64 = ask(port, &["CLIENT", "KILL", "TYPE", "normal"]).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    until("it is back", async || works(&redis).await).await;
    let () = ask(port, &["SET", "watched", "5"]).await;
    let mut pipeline = redis::pipe();
    pipeline.atomic().incr("watched", 1);
    let refused = pipeline.exec_async(&mut held).await.unwrap_err();
    assert_eq!(status_of(&refused), 503, "{refused}");
    assert_eq!(single.count("watched").await, 5);

    // Whoever begins anew is served.
    let () = redis::cmd("UNWATCH").query_async(&mut held).await.unwrap();
    watch(&mut held).await;
    let done: Option<(u64,)> = pipeline.query_async(&mut held).await.unwrap();
    assert_eq!(done, Some((6,)));
}
