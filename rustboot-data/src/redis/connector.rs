//! Makes connections: to the server, to the one that Sentinels call the primary, or to a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::select_ok;
use redis::aio::{ConnectionLike as _, MultiplexedConnection, PubSubSink, PubSubStream};
use redis::cluster::ClusterClient;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo as _, Pipeline, PushInfo, PushKind, RedisError, RedisResult, Value,
};
use tokio::time::timeout;

use super::cluster::Cluster;
use super::error::timed_out;
use super::target::{Mode, Target};

/// How many commands may lie between their callers and the task that writes them.
const BUFFER: usize = 1024;

/// How much longer a node of a cluster may take for an answer than a command: so that it is the command that has waited for too long.
const CLUSTER_MARGIN: Duration = Duration::from_millis(100);

/// A connection that many may use at once.
#[derive(Clone)]
pub(crate) enum Conn {
    Node(MultiplexedConnection),
    Cluster(Cluster),
}

impl Conn {
    pub(super) async fn command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Node(node) => node.send_packed_command(cmd).await,
            Self::Cluster(cluster) => cluster.command(cmd).await,
        }
    }

    /// `watches` tells whether there was a `WATCH` before.
    pub(super) async fn commands(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
        watches: bool,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Node(node) => node.send_packed_commands(pipeline, offset, count).await,
            Self::Cluster(cluster) => cluster.commands(pipeline, offset, count, watches).await,
        }
    }

    /// Whether anybody answers. An answer that is an error is one too.
    pub(super) async fn probe(&mut self) -> RedisResult<()> {
        match self {
            Self::Node(node) => node
                .send_packed_command(&redis::cmd("PING"))
                .await
                .map(drop),
            // One that is down is not the cluster: three in a row are.
            Self::Cluster(cluster) => {
                let mut last = Ok(());
                for _ in 0..3 {
                    last = cluster.ask_anyone(redis::cmd("PING")).await.map(drop);
                    if last.is_ok() {
                        break;
                    }
                }
                last
            }
        }
    }

    /// The nodes that a cluster has at this moment; none without one.
    async fn nodes(&mut self) -> RedisResult<Vec<(String, u16)>> {
        let Self::Cluster(cluster) = self else {
            return Ok(Vec::new());
        };
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        Ok(addresses(&cluster.ask_anyone(slots).await?))
    }

    /// Whether one failed command says that the connection is of no use any more.
    pub(super) const fn is_one_socket(&self) -> bool {
        matches!(self, Self::Node(_))
    }

    /// How often what is behind this connection changed: what was watched before may be watched no more.
    pub(super) fn losses(&self) -> u64 {
        match self {
            Self::Node(_) => 0,
            Self::Cluster(cluster) => cluster.losses(),
        }
    }

    pub(super) fn database(&self) -> i64 {
        match self {
            Self::Node(node) => node.get_db(),
            Self::Cluster(cluster) => cluster.database(),
        }
    }
}

/// What connections are made with.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) target: Target,
    /// How long one attempt may take; with a cluster, twice that.
    pub(crate) limit: Duration,
    /// How long a command may take. Whoever sends one looks to that; the client of a cluster has to be told as well.
    pub(crate) command_timeout: Duration,
}

impl Connector {
    /// The connection for everyday commands. `ended` is called when it ends, at once, if the server speaks RESP3.
    pub(super) async fn shared(
        &self,
        ended: impl Fn() + Send + Sync + 'static,
    ) -> RedisResult<(Conn, String)> {
        self.within(async {
            if self.target.mode == Mode::Cluster {
                // For what redis-rs asks the nodes by itself, and waits for before it serves anybody: one that is frozen shall not hold that up for ever.
                let patience = Some(self.command_timeout + CLUSTER_MARGIN);
                let cluster = self.cluster(patience, &self.target.nodes).await?;
                return Ok((Conn::Cluster(cluster), self.target.to_string()));
            }
            let client = self.primary().await?;
            let mut config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(self.limit))
                // The limit of a command counts from the call on, not from when it is written.
                .set_response_timeout(None)
                .set_pipeline_buffer_size(BUFFER);
            if self.target.login.protocol().supports_resp3() {
                config = config.set_push_sender(move |push: PushInfo| {
                    if push.kind == PushKind::Disconnection {
                        ended();
                    }
                    Ok::<(), redis::aio::SendError>(())
                });
            }
            let node = client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            let node = self.checked(node).await?;
            let at = client.get_connection_info().addr().to_string();
            Ok((Conn::Node(node), at))
        })
        .await
    }

    /// A connection for one user at a time, which may wait for its answers as long as it likes. `shared` is the one of all others,
    /// which may know more of a cluster than the configuration.
    pub(super) async fn dedicated(
        &self,
        shared: Conn,
    ) -> RedisResult<(Conn, Option<Arc<deadpool_redis::Manager>>)> {
        use deadpool::managed::Manager as _;
        self.within(async {
            if self.target.mode == Mode::Cluster {
                let nodes = self.nodes(Some(shared)).await;
                let cluster = self.cluster(None, &nodes).await?;
                return Ok((Conn::Cluster(cluster), None));
            }
            let client = self.primary().await?;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(self.limit))
                .set_response_timeout(None);
            let info = client.get_connection_info().clone();
            let manager = deadpool_redis::Manager::new_with_config(info, config)?;
            let node = self.checked(manager.create().await?).await?;
            Ok((Conn::Node(node), Some(Arc::new(manager))))
        })
        .await
    }

    /// A connection for subscriptions; in a cluster, to another node with each attempt.
    pub(super) async fn listener(
        &self,
        attempt: usize,
        shared: Option<Conn>,
    ) -> RedisResult<(PubSubSink, PubSubStream)> {
        self.within(async {
            let client = match self.target.mode {
                Mode::Cluster => {
                    let nodes = self.nodes(shared).await;
                    self.client_of(nodes.get(attempt % nodes.len().max(1)))?
                }
                Mode::Standalone | Mode::Sentinel => self.primary().await?,
            };
            Ok(client.get_async_pubsub().await?.split())
        })
        .await
    }

    async fn within<T>(&self, attempt: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        // A cluster is connected to twice: to the nodes in the URL, and to those that these name. A frozen node takes its time in both.
        let limit = match self.target.mode {
            Mode::Cluster => self.limit * 2,
            Mode::Standalone | Mode::Sentinel => self.limit,
        };
        match timeout(limit, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(timed_out(format_args!(
                "{} did not let us in within {limit:?}",
                self.target
            ))),
        }
    }

    /// The nodes of a cluster: those of the configuration, and those that are known by now. The former may have been replaced, all of
    /// them, since the configuration was written.
    async fn nodes(&self, shared: Option<Conn>) -> Vec<ConnectionAddr> {
        let mut nodes = self.target.nodes.clone();
        if let Some(mut shared) = shared
            && let Ok(Ok(known)) = timeout(self.limit / 2, shared.nodes()).await
        {
            for (host, port) in known {
                let node = self.target.address(host, port);
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        nodes
    }

    /// A client of the server that writes go to.
    async fn primary(&self) -> RedisResult<Client> {
        match self.target.mode {
            Mode::Sentinel => self.client_of(Some(&self.ask_sentinels().await?)),
            Mode::Standalone | Mode::Cluster => self.client_of(self.target.nodes.first()),
        }
    }

    fn client_of(&self, address: Option<&ConnectionAddr>) -> RedisResult<Client> {
        let none = || RedisError::from((ErrorKind::InvalidClientConfig, "no address"));
        let info = address.ok_or_else(none)?.clone().into_connection_info()?;
        self.client(info.set_redis_settings(self.target.login.clone()))
    }

    /// Sentinels may know of a new primary before it knows itself, and a Sentinel that is cut off from the others may know of
    /// an old one.
    async fn checked(&self, mut node: MultiplexedConnection) -> RedisResult<MultiplexedConnection> {
        if self.target.mode == Mode::Sentinel {
            let role: Value = redis::cmd("ROLE").query_async(&mut node).await?;
            if !is_primary(&role) {
                return Err(RedisError::from((
                    ErrorKind::MasterNameNotFoundBySentinel,
                    "the server that the Sentinels name is not the primary (yet)",
                )));
            }
        }
        Ok(node)
    }

    /// All at once, and the first that knows the primary is believed: one that is frozen costs nothing.
    async fn ask_sentinels(&self) -> RedisResult<ConnectionAddr> {
        let asked = self
            .target
            .nodes
            .iter()
            .map(|node| Box::pin(self.ask_sentinel(node.clone())));
        let (address, _others) = select_ok(asked).await?;
        Ok(address)
    }

    async fn ask_sentinel(&self, sentinel: ConnectionAddr) -> RedisResult<ConnectionAddr> {
        let info = sentinel.into_connection_info()?;
        let client = self.client(info.set_redis_settings(self.target.sentinel_login.clone()))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limit))
            .set_response_timeout(Some(self.limit));
        let mut sentinel = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let found: Option<(String, u16)> = redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(&self.target.master)
            .query_async(&mut sentinel)
            .await?;
        let (host, port) = found.ok_or_else(|| {
            RedisError::from((
                ErrorKind::MasterNameNotFoundBySentinel,
                "the Sentinels know no primary of that name",
                self.target.master.clone(),
            ))
        })?;
        Ok(self.target.address(host, port))
    }

    /// Whether a connection is another one when this makes it. A password counts, and whatever cannot be changed later.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let for_good = self.target.mode == Mode::Cluster;
        self.target.mark != other.target.mark
            || (for_good && self.command_timeout != other.command_timeout)
    }

    /// A connection to one node of a cluster.
    pub(super) async fn node(&self, host: String, port: u16) -> RedisResult<MultiplexedConnection> {
        let client = self.client_of(Some(&self.target.address(host, port)))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.limit / 2))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER);
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    async fn cluster(
        &self,
        response: Option<Duration>,
        nodes: &[ConnectionAddr],
    ) -> RedisResult<Cluster> {
        let target = &self.target;
        let nodes = nodes.iter().map(|address| {
            let info = address.clone().into_connection_info()?;
            Ok(info.set_redis_settings(target.login.clone()))
        });
        let nodes: Vec<ConnectionInfo> = nodes.collect::<RedisResult<_>>()?;
        let losses = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&losses);
        let mut cluster = ClusterClient::builder(nodes)
            .push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    lost.fetch_add(1, Ordering::Release);
                }
                Ok::<(), redis::aio::SendError>(())
            })
            // All are tried at once and waited for, the frozen ones as well, before anybody is served.
            .connection_timeout(self.limit / 2)
            .overall_response_timeout(None)
            .retries(0);
        if let Some(response) = response {
            cluster = cluster.response_timeout(response);
        }
        #[cfg(feature = "tls")]
        if let Some(certificates) = super::tls::certificates(target)? {
            cluster = cluster.certs(certificates);
        }
        let routed = cluster.build()?.get_async_connection().await?;
        Ok(Cluster::new(routed, losses, self.clone()))
    }

    fn client(&self, info: ConnectionInfo) -> RedisResult<Client> {
        #[cfg(feature = "tls")]
        if let Some(certificates) = super::tls::certificates(&self.target)? {
            return Client::build_with_tls(info, certificates);
        }
        Client::open(info)
    }
}

fn is_primary(role: &Value) -> bool {
    let Value::Array(role) = role else {
        return false;
    };
    match role.first() {
        Some(Value::BulkString(name)) => name == b"master",
        Some(Value::SimpleString(name)) => name == "master",
        _ => false,
    }
}

/// The addresses in an answer to `CLUSTER SLOTS`: for each range of slots its two ends, and then the nodes.
fn addresses(slots: &Value) -> Vec<(String, u16)> {
    let Value::Array(ranges) = slots else {
        return Vec::new();
    };
    let nodes = ranges.iter().filter_map(|range| match range {
        Value::Array(range) => range.get(2..),
        _ => None,
    });
    let addresses = nodes.flatten().filter_map(|node| match node {
        Value::Array(node) => match node.as_slice() {
            // One that does not know its own address leaves it out.
            [Value::BulkString(host), Value::Int(port), ..] if !host.is_empty() => Some((
                String::from_utf8(host.clone()).ok()?,
                u16::try_from(*port).ok()?,
            )),
            _ => None,
        },
        _ => None,
    });
    addresses.collect()
}
