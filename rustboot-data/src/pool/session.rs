//! One session with the database: an sqlx connection, and what the pool has to know of it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Error, SqlSafeStr as _, SqlStr};
use sqlx_core::transaction::TransactionManager as _;
use tokio::time::timeout;

use super::running::undone;
use super::watch::{State, Watch};
use super::watchdog::{self, Pulse};
use super::{Driver, Shared, Terms};
use crate::statement::Shape;

/// How long a connection that was left in the middle of something may take to come to rest. One that waits for a lock of
/// another process cannot be interrupted; a new connection is there sooner than that one.
const CLEAN_LIMIT: Duration = Duration::from_millis(250);

/// How long a connection may take to answer a ping before it is used.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// What becomes of a session that is given back.
pub(super) enum Fate {
    /// It is free.
    Free,
    /// It has to be cleaned before it is.
    Dirty,
    /// It is not worth keeping.
    Lost,
}

/// What there is to do with a session that comes from the pool.
pub(super) enum Reclaimed {
    /// Nothing.
    Fit,
    /// A ping.
    Doubted,
    /// What was left on it has to be cleaned up.
    Unclean,
    /// It belongs to a server that did not answer.
    Disowned,
    /// It was made under other terms.
    Outdated,
}

/// An sqlx connection that is measured.
///
/// `&mut Session` is an sqlx executor: statements run through it are counted, logged when slow, and cut off by
/// `database.statement_timeout`. It dereferences to the sqlx connection for everything else; what runs on that one directly
/// is not seen, and the pool looks the connection over before the next user gets it.
pub struct Session<DB: Driver> {
    // The order matters: whoever drops a session stops what runs on it first.
    control: Control<DB>,
    connection: DB::Connection,
    pub(super) state: State,
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    generation: u64,
    idle: Idle,
    /// The time, when it has just been read: for the statement that begins at once.
    looked: Option<u64>,
}

/// Stops whatever runs, when the session is given up.
struct Control<DB: Driver>(DB::Control);

impl<DB: Driver> Drop for Control<DB> {
    fn drop(&mut self) {
        DB::interrupt(&self.0);
    }
}

/// Counts a session as idle while it is in the pool.
struct Idle {
    shared: Arc<Shared>,
    is_counted: bool,
}

impl Idle {
    fn begin(&mut self) {
        self.end();
        self.shared.metrics.idle.increment(1);
        self.is_counted = true;
    }

    fn end(&mut self) {
        if self.is_counted {
            self.shared.metrics.idle.decrement(1);
            self.is_counted = false;
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.end();
    }
}

impl<DB: Driver> Session<DB> {
    /// Opens one.
    pub(super) async fn open(terms: &Terms<DB>, shared: &Arc<Shared>) -> Result<Self, Error> {
        let opened = DB::open(&terms.options, terms.policy.statement_timeout).await;
        let (connection, control) = opened.inspect_err(|error| {
            shared.failed::<DB>(error);
            if DB::is_refused(error) {
                shared.refused.notify_waiters();
            }
        })?;
        let pulse = Arc::new(Pulse::default());
        if DB::REMOTE {
            shared.pulses.add(&pulse);
        }
        Ok(Self {
            control: Control(control),
            connection,
            state: State::new(shared.now()),
            shared: Arc::clone(shared),
            pulse,
            generation: terms.generation,
            idle: Idle {
                shared: Arc::clone(shared),
                is_counted: false,
            },
            looked: None,
        })
    }

    /// Somebody is done with it. Begins to clean up what they left, without waiting.
    pub(super) fn release(&mut self, generation: u64) -> Fate {
        if self.state.broken || self.generation != generation {
            return Fate::Lost;
        }
        if !self.needs_cleaning() {
            return Fate::Free;
        }
        if self.state.in_flight && !DB::SURVIVES_CANCELLATION {
            return Fate::Lost;
        }
        self.state.doubtful = true;
        DB::interrupt(&self.control.0);
        DB::abandon(&mut self.connection);
        match DB::REMOTE {
            true => Fate::Dirty,
            false => Fate::Free,
        }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Goes to the pool.
    pub(super) fn rest(&mut self) {
        self.idle.begin();
    }

    /// Waits until nothing runs on it, and rolls back what is open.
    pub(super) async fn clean(&mut self) -> Result<(), Error> {
        let clean = DB::clean(&mut self.connection, &self.control.0);
        timeout(CLEAN_LIMIT, clean)
            .await
            .unwrap_or(Err(Error::PoolTimedOut))?;
        self.state.in_flight = false;
        self.state.doubtful = false;
        self.state.suspect = false;
        self.state.heard = self.shared.now();
        Ok(())
    }

    /// Comes from the pool. Whether it can be used as it is, which is the rule: nothing is asked of the database then.
    pub(super) fn reclaim(&mut self, generation: u64) -> Reclaimed {
        self.idle.end();
        self.looked = None;
        if self.generation != generation {
            return Reclaimed::Outdated;
        }
        if self.needs_cleaning() {
            return Reclaimed::Unclean;
        }
        let shared = &self.shared;
        let since = |time: &AtomicU64| self.state.heard <= time.load(Ordering::Relaxed);
        if since(&shared.disowned) {
            return Reclaimed::Disowned;
        }
        let now = shared.now();
        let silent = now.saturating_sub(self.state.heard);
        if self.state.suspect
            || since(&shared.distrusted)
            || silent > shared.validate_after.load(Ordering::Relaxed)
        {
            return Reclaimed::Doubted;
        }
        self.looked = Some(now);
        Reclaimed::Fit
    }

    /// Asks whether the database is still there.
    pub(super) async fn ping(&mut self) -> Result<(), Error> {
        let shared = &self.shared;
        let ping = sqlx::Connection::ping(&mut self.connection);
        match timeout(PING_LIMIT, ping).await {
            Ok(answer) => answer.inspect_err(|error| shared.failed::<DB>(error))?,
            Err(_) => {
                shared.disowned.store(shared.now(), Ordering::Relaxed);
                return Err(watchdog::no_answer());
            }
        }
        self.state.suspect = false;
        self.state.heard = self.shared.now();
        Ok(())
    }

    /// Whoever took it may take their time until the first statement.
    pub(super) fn is_taken_for_later(&mut self) {
        self.looked = None;
    }

    fn needs_cleaning(&self) -> bool {
        self.state.in_flight || self.state.doubtful || self.depth() != 0
    }

    pub(super) fn depth(&self) -> usize {
        DB::TransactionManager::get_transaction_depth(&self.connection)
    }

    pub(super) async fn begin(&mut self, sql: Option<&'static str>) -> Result<(), Error> {
        self.state.uneasy = false;
        self.state.undone = false;
        let statement = sql.map(SqlStr::from_static);
        let (connection, watch) = self.control("BEGIN");
        let begin = pin!(DB::TransactionManager::begin(connection, statement));
        watch.over(begin).await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        if self.state.undone {
            return Err(undone());
        }
        if self.state.uneasy || self.state.doubtful {
            let (connection, watch) = self.control("SELECT");
            watch.over(pin!(DB::before_commit(connection))).await?;
        }
        {
            let (connection, watch) = self.control("COMMIT");
            let commit = pin!(DB::TransactionManager::commit(connection));
            watch.over(commit).await?;
        }
        match self.depth() {
            0 => Ok(()),
            // sqlx ends one level at a time; the one that is left will be rolled back.
            _ => Err(Error::InvalidArgument(
                "a savepoint was left open, so only that one ended".to_owned(),
            )),
        }
    }

    pub(super) async fn roll_back(&mut self) -> Result<(), Error> {
        let (connection, watch) = self.control("ROLLBACK");
        let rollback = pin!(DB::TransactionManager::rollback(connection));
        watch.over(rollback).await
    }

    /// Gives up the open transaction without waiting. Has to be called once for each commit or rollback whose end nobody
    /// saw: sqlx counts on it.
    pub(super) fn start_rollback(&mut self) {
        DB::interrupt(&self.control.0);
        self.state.doubtful = true;
        DB::TransactionManager::start_rollback(&mut self.connection);
    }

    /// For migrations, which are not counted.
    pub(crate) fn unwatched(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    /// Ends it in order: a farewell to the server, and for SQLite the end of its thread.
    pub(crate) async fn close(self) -> Result<(), Error> {
        let Self {
            control,
            connection,
            ..
        } = self;
        DB::interrupt(&control.0);
        sqlx::Connection::close(connection).await
    }

    pub(super) fn split(
        &mut self,
        sql: SqlStr,
        shape: Shape,
    ) -> (&mut DB::Connection, Watch<'_, DB>) {
        let now = self.looked.take().unwrap_or_else(|| self.shared.now());
        (
            &mut self.connection,
            Watch::new(
                &mut self.state,
                &self.control.0,
                &self.shared,
                &self.pulse,
                sql,
                shape,
                now,
            ),
        )
    }

    /// A statement of the transaction manager, which counts what it leaves open.
    fn control(&mut self, keyword: &'static str) -> (&mut DB::Connection, Watch<'_, DB>) {
        let mut shape = Shape::of(keyword);
        shape.doubtful = false;
        self.split(keyword.into_sql_str(), shape)
    }
}

impl<DB: Driver> Deref for Session<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Driver> DerefMut for Session<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        // Nobody sees what is done with it.
        self.state.doubtful = true;
        &mut self.connection
    }
}

impl<DB: Driver> fmt::Debug for Session<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("pool", &self.shared.name)
            .field("transaction_depth", &self.depth())
            .finish_non_exhaustive()
    }
}
