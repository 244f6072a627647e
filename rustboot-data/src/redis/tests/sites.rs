//! Servers that take over from each other: Sentinels with a primary and a replica, and clusters.

use super::*;

/// Servers, and how they are found.
pub(crate) struct Site {
    pub(crate) url: String,
    /// Those that have the keys. The first is a primary, and the last is its replica, if there are replicas.
    pub(crate) servers: Vec<Server>,
    pub(crate) sentinels: Vec<Server>,
}

impl Site {
    /// Ends what the first primary is; `SIGKILL`.
    pub(crate) async fn kill_the_first(self) -> Self {
        blocking(move || {
            self.servers[0].kill().unwrap();
            self
        })
        .await
    }

    pub(crate) fn first(&self) -> u16 {
        self.servers[0].port().unwrap()
    }

    pub(crate) fn replica(&self) -> &Server {
        self.servers.last().unwrap()
    }

    /// Whether a key lives on the first primary.
    pub(crate) async fn is_on_the_first(&self, key: &str) -> bool {
        if !self.sentinels.is_empty() {
            return true;
        }
        let slot: u16 = ask(self.first(), &["CLUSTER", "KEYSLOT", key]).await;
        slot < SLOTS / 3
    }

    /// Waits until the replica has all that was written to the first primary so far.
    pub(crate) async fn replicated(&self) {
        let first = self.first();
        until("what is written is on the replica", async || {
            offset(first, "master_repl_offset").await
                == offset(self.replica().port().unwrap(), "slave_repl_offset").await
        })
        .await;
    }
}

/// How many slots a cluster has.
pub(super) const SLOTS: u16 = 16384;

/// A primary, a replica, and three Sentinels that need two votes. When it returns, they know each other.
pub(crate) async fn sentinels() -> Site {
    let site = blocking(|| {
        let primary = follower(None, false).start().unwrap();
        let port = primary.port().unwrap();
        let replica = follower(Some(port), false).start().unwrap();
        // What Sentinels see first they believe for ten seconds: that there is no replica, if it is not connected yet.
        while !is_connected(&replica) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let sentinel = || {
            Server::options()
                .without_password()
                .argument("--sentinel")
                .set("sentinel", format!("monitor main 127.0.0.1 {port} 2"))
                .set("sentinel", "down-after-milliseconds main 1000")
                .set("sentinel", "failover-timeout main 5000")
                .start()
                .unwrap()
        };
        let sentinels: Vec<Server> = (0..3).map(|_| sentinel()).collect();
        let at = sentinels
            .iter()
            .map(|s| format!("127.0.0.1:{}", s.port().unwrap()));
        Site {
            url: format!("redis+sentinel://{}/main", at.collect::<Vec<_>>().join(",")),
            servers: vec![primary, replica],
            sentinels,
        }
    })
    .await;
    for sentinel in &site.sentinels {
        let port = sentinel.port().unwrap();
        until(
            "the Sentinels know the replica and each other",
            async || {
                let replicas: Vec<redis::Value> =
                    ask(port, &["SENTINEL", "REPLICAS", "main"]).await;
                let others: Vec<redis::Value> = ask(port, &["SENTINEL", "SENTINELS", "main"]).await;
                replicas.len() == 1 && others.len() == 2
            },
        )
        .await;
    }
    site
}

/// Three primaries, and with `replicas` as many that follow them. When it returns, they know each other.
pub(crate) async fn cluster(replicas: bool) -> Site {
    let count = if replicas { 6 } else { 3 };
    let servers: Vec<Server> = blocking(move || {
        let nodes = (0..count).map(|_| follower(None, true).start().unwrap());
        nodes.collect()
    })
    .await;
    let ports: Vec<u16> = servers.iter().map(|node| node.port().unwrap()).collect();
    for (index, port) in (0..3).zip(&ports) {
        let (from, to) = (index * SLOTS / 3, (index + 1) * SLOTS / 3 - 1);
        let (from, to) = (from.to_string(), to.to_string());
        let () = ask(*port, &["CLUSTER", "ADDSLOTSRANGE", &from, &to]).await;
    }
    for other in &ports[1..] {
        let () = ask(
            ports[0],
            &["CLUSTER", "MEET", "127.0.0.1", &other.to_string()],
        )
        .await;
    }
    let everybody = format!("cluster_known_nodes:{count}");
    for port in &ports {
        until("the nodes know each other", async || {
            let info: String = ask(*port, &["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains(&everybody)
        })
        .await;
    }
    // The last follows the first.
    for (primary, replica) in ports[..3].iter().zip(ports[3..].iter().rev()) {
        let id: String = ask(*primary, &["CLUSTER", "MYID"]).await;
        let () = ask(*replica, &["CLUSTER", "REPLICATE", &id]).await;
    }
    for replica in &servers[3..] {
        until("the replicas follow", async || {
            let info: String = ask(replica.port().unwrap(), &["INFO", "replication"]).await;
            info.contains("master_link_status:up")
        })
        .await;
        for port in &ports {
            until("everybody knows of the replicas", async || {
                let nodes: String = ask(*port, &["CLUSTER", "NODES"]).await;
                nodes.lines().filter(|line| line.contains("slave")).count() == 3
            })
            .await;
        }
    }
    // With replicas the configuration names none but the one that will be killed.
    let named = if replicas { 1 } else { 3 };
    let at = ports[..named]
        .iter()
        .map(|port| format!("127.0.0.1:{port}"));
    Site {
        url: format!("redis+cluster://{}", at.collect::<Vec<_>>().join(",")),
        servers,
        sentinels: Vec::new(),
    }
}

pub(super) fn follower(of: Option<u16>, cluster: bool) -> rustboot_servers::RedisOptions {
    let options = Server::options()
        .without_password()
        // Otherwise a replica that comes is made to wait for five seconds, for others that may come as well.
        .set("repl-diskless-sync-delay", "0")
        .set("repl-ping-replica-period", "1");
    let options = match of {
        Some(port) => options.set("replicaof", format!("127.0.0.1 {port}")),
        None => options,
    };
    match cluster {
        true => options
            .set("cluster-enabled", "yes")
            .set("cluster-node-timeout", "1000")
            .set("cluster-require-full-coverage", "no"),
        false => options,
    }
}

fn is_connected(replica: &Server) -> bool {
    let url = format!("redis://127.0.0.1:{}/", replica.port().unwrap());
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let info: String = redis::cmd("INFO")
        .arg("replication")
        .query(&mut connection)
        .unwrap();
    info.contains("master_link_status:up")
}

/// Asks one server something, whatever the others say.
pub(crate) async fn ask<T: redis::FromRedisValue>(port: u16, words: &[&str]) -> T {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    let mut node = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command.query_async(&mut node).await.unwrap()
}

async fn offset(port: u16, name: &str) -> Option<u64> {
    let info: String = ask(port, &["INFO", "replication"]).await;
    let line = info.lines().find_map(|line| line.strip_prefix(name))?;
    line.strip_prefix(':')?.trim().parse().ok()
}
