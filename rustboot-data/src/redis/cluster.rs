//! A cluster: several nodes behind one connection, and what happens to a command that a node refuses.
//!
//! redis-rs knows which node has which keys, sends commands there, and makes lost connections again. Its own repeats are off, since it would also
//! repeat what was on a connection that got lost, and may have been carried out. Sent again from here is only what a node refused and did not carry
//! out: `MOVED` and `ASK` go to the node that the answer names, on connections beside those of redis-rs, since that one may be new to it; `TRYAGAIN` and
//! `CLUSTERDOWN` wait for a moment.
//!
//! What this will not do: send something again of which a part may have been carried out. That is a pipeline that is no transaction, and a
//! command whose keys are on several nodes (`MGET`, `DEL`, `MSET`). And it leaves a transaction alone that watches something, since the watch would not go with it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo, Slot};
use redis::{Arg, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::command::{Manner, Name};
use super::connector::Connector;

/// How often a command is sent again that was refused.
const REPEATS: u32 = 4;

/// The pause before a command is sent again to a node that was not ready for it, and with each time twice that.
const PAUSE: Duration = Duration::from_millis(10);

/// For how long a connection is used that was made for refused commands. Afterwards redis-rs has one, or nobody needs it.
const YOUNG: Duration = Duration::from_secs(10);

/// The connections to a cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    routed: ClusterConnection,
    aside: Arc<Aside>,
    losses: Arc<AtomicU64>,
}

/// Those that redis-rs knows nothing of.
struct Aside {
    connector: Connector,
    nodes: Mutex<HashMap<(String, u16), Arc<Beside>>>,
}

struct Beside {
    since: Instant,
    conn: OnceCell<MultiplexedConnection>,
}

/// What is sent again as a whole.
enum Work<'a> {
    Command(&'a Cmd),
    Transaction {
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    },
}

impl Cluster {
    /// `losses` counts the connections of `routed` that ended, and are made again.
    pub(super) fn new(
        routed: ClusterConnection,
        losses: Arc<AtomicU64>,
        connector: Connector,
    ) -> Self {
        let nodes = Mutex::default();
        Self {
            routed,
            aside: Arc::new(Aside { connector, nodes }),
            losses,
        }
    }

    /// How often a connection to a node was lost, or keys were not where they had been, so that commands go to other nodes since.
    pub(super) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Acquire)
    }

    pub(super) async fn command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        let outcome = self.routed.req_packed_command(cmd).await;
        let Err(error) = &outcome else { return outcome };
        match self.refusal(error) {
            Some(refused) if is_for_one_node(cmd) => {
                let values = self.again(Work::Command(cmd), refused).await?;
                Ok(values.into_iter().next_back().unwrap_or(Value::Nil))
            }
            _ => outcome,
        }
    }

    /// `watches` tells whether the connection watches something.
    pub(super) async fn commands(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
        watches: bool,
    ) -> RedisResult<Vec<Value>> {
        let routed = self.routed.req_packed_commands(pipeline, offset, count);
        let outcome = routed.await;
        let Err(error) = &outcome else { return outcome };
        let Some(refused) = self.refusal(error) else {
            return outcome;
        };
        if watches || !pipeline.is_transaction() {
            // The reason, and not only that there was one (`EXECABORT`).
            return Err(refused);
        }
        let work = Work::Transaction {
            pipeline,
            offset,
            count,
        };
        self.again(work, refused).await
    }

    /// Whatever node answers.
    pub(super) async fn ask_anyone(&mut self, cmd: Cmd) -> RedisResult<Value> {
        let anyone = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
        self.routed.route_command(cmd, anyone).await
    }

    pub(super) fn database(&self) -> i64 {
        self.routed.get_db()
    }

    fn refusal(&self, error: &RedisError) -> Option<RedisError> {
        let refused = refusal(error);
        if refused.is_some() {
            self.losses.fetch_add(1, Ordering::Release);
        }
        refused
    }

    /// Sends something again that was refused, until it is not.
    async fn again(&mut self, work: Work<'_>, refused: RedisError) -> RedisResult<Vec<Value>> {
        let mut refused = refused;
        let mut unreached = None;
        for repeat in 0..REPEATS {
            let named = match work.may_go_aside() {
                true => node_named_by(&refused),
                false => None,
            };
            // Who was sent to the right node is there, unless nodes send each other back and forth.
            if named.is_none() || repeat > 0 {
                sleep(PAUSE * 2_u32.pow(repeat)).await;
            }
            let outcome = match named {
                Some(node) => match self.aside.connect(node.clone()).await {
                    Ok(conn) => {
                        unreached = None;
                        let asking = refused.kind() == ErrorKind::Server(ServerErrorKind::Ask);
                        let outcome = work.send_beside(conn, asking).await;
                        if let Err(error) = &outcome
                            && error.is_unrecoverable_error()
                        {
                            self.aside.forget(&node);
                        }
                        outcome
                    }
                    // Nothing was sent. Somebody else may have the keys by now.
                    Err(error) => {
                        unreached = Some(error);
                        sleep(PAUSE * 2_u32.pow(repeat)).await;
                        work.send(&mut self.routed).await
                    }
                },
                None => work.send(&mut self.routed).await,
            };
            refused = match refusal_in(&outcome) {
                Some(refused) => refused,
                None => return outcome,
            };
        }
        // That the node is not there says more than that it has the keys.
        Err(unreached.unwrap_or(refused))
    }
}

impl Aside {
    async fn connect(&self, node: (String, u16)) -> RedisResult<MultiplexedConnection> {
        let beside = {
            let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            nodes.retain(|_, beside| beside.since.elapsed() < YOUNG);
            let beside = nodes.entry(node.clone()).or_insert_with(|| {
                Arc::new(Beside {
                    since: Instant::now(),
                    conn: OnceCell::new(),
                })
            });
            Arc::clone(beside)
        };
        let (host, port) = node;
        let made = beside
            .conn
            .get_or_try_init(|| self.connector.node(host, port));
        made.await.cloned()
    }

    fn forget(&self, node: &(String, u16)) {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.remove(node);
    }
}

impl Work<'_> {
    /// Whether the connection is the same for it afterwards.
    fn may_go_aside(&self) -> bool {
        match self {
            Self::Command(cmd) => {
                matches!(Manner::of(cmd), Manner::Passing | Manner::Waiting(_))
            }
            Self::Transaction { .. } => true,
        }
    }

    async fn send(&self, routed: &mut ClusterConnection) -> RedisResult<Vec<Value>> {
        match *self {
            Self::Command(cmd) => Ok(vec![routed.req_packed_command(cmd).await?]),
            Self::Transaction {
                pipeline,
                offset,
                count,
            } => routed.req_packed_commands(pipeline, offset, count).await,
        }
    }

    /// `ASKING` is for the very next command, or transaction: it is written together with that.
    async fn send_beside(
        &self,
        mut conn: MultiplexedConnection,
        asking: bool,
    ) -> RedisResult<Vec<Value>> {
        let mut together = Pipeline::new();
        together.cmd("ASKING");
        match *self {
            Self::Command(cmd) if asking => {
                together.add_command(cmd.clone());
                conn.send_packed_commands(&together, 1, 1).await
            }
            Self::Command(cmd) => Ok(vec![conn.send_packed_command(cmd).await?]),
            Self::Transaction { pipeline, .. } if asking => {
                together.cmd("MULTI");
                for cmd in pipeline.cmd_iter() {
                    together.add_command(cmd.clone());
                }
                together.cmd("EXEC");
                let count = together.len();
                let mut answers = conn.send_packed_commands(&together, 0, count).await?;
                match answers.iter().find_map(refusal_of) {
                    Some(refused) => Err(refused),
                    None => Ok(answers.split_off(count - 1)),
                }
            }
            Self::Transaction {
                pipeline,
                offset,
                count,
            } => conn.send_packed_commands(pipeline, offset, count).await,
        }
    }
}

/// Whether a node says with this that it did not do what it was told, and somebody else would, or itself in a moment. (One that is loading says so
/// too, but redis-rs hands out what it heard when it asked for the slots as if it were the answer to a command.)
const fn is_refusal(kind: ServerErrorKind) -> bool {
    matches!(
        kind,
        ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
    )
}

/// The refusal in an error: of the command, or of one in a transaction, of which nothing is carried out then.
fn refusal(error: &RedisError) -> Option<RedisError> {
    match error.kind() {
        ErrorKind::Server(kind) if is_refusal(kind) => Some(error.clone()),
        ErrorKind::Server(ServerErrorKind::ExecAbort) => {
            let errors = error.clone().into_server_errors()?;
            let mut errors = errors.iter().map(|(_, error)| error);
            let refused = errors.find(|error| error.kind().is_some_and(is_refusal))?;
            Some(refused.clone().into())
        }
        _ => None,
    }
}

fn refusal_of(value: &Value) -> Option<RedisError> {
    match value {
        Value::ServerError(error) if error.kind().is_some_and(is_refusal) => {
            Some(error.clone().into())
        }
        _ => None,
    }
}

fn refusal_in(outcome: &RedisResult<Vec<Value>>) -> Option<RedisError> {
    match outcome {
        Ok(values) => values.iter().find_map(refusal_of),
        Err(error) => refusal(error),
    }
}

/// Who has the keys, as `MOVED` and `ASK` say. A node that does not know what it is called by others names nobody.
fn node_named_by(refused: &RedisError) -> Option<(String, u16)> {
    let (node, _slot) = refused.redirect_node()?;
    let (host, port) = node.rsplit_once(':')?;
    match host {
        "" | "?" => None,
        host => Some((host.to_owned(), port.parse().ok()?)),
    }
}

/// Whether redis-rs sends a command as it is. It takes apart those that have a key in several slots.
fn is_for_one_node(cmd: &Cmd) -> bool {
    let step = match Name::of(cmd).text() {
        b"MGET" | b"DEL" | b"EXISTS" | b"UNLINK" | b"TOUCH" | b"WATCH" => 1,
        b"MSET" => 2,
        b"JSON.MGET" | b"JSON.MSET" => return false,
        _ => return true,
    };
    let mut keys = cmd.args_iter().skip(1).step_by(step);
    let slot = |arg| match arg {
        Arg::Simple(key) => Some(Slot::for_key(key)),
        _ => None,
    };
    let first = keys.next().and_then(slot);
    keys.all(|key| slot(key) == first)
}
