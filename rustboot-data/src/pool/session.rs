//! One session with the database: an sqlx connection, and what the pool has to know of it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::{Describe, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr};
use sqlx_core::transaction::TransactionManager as _;
use tokio::time::timeout;

use super::watch::{State, Watch, WatchedRows};
use super::watchdog::{self, Pulse};
use super::{Driver, Shared, Statement, Terms};
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

/// An sqlx connection that is measured.
///
/// `&mut Session` is an sqlx executor: statements run through it are counted, logged when slow, and cut off by
/// `database.statement_timeout`. It dereferences to the sqlx connection for everything else; what runs on that one directly
/// is not seen, and the pool looks the connection over before the next user gets it.
pub struct Session<DB: Driver> {
    // The order matters: whoever drops a session stops what runs on it first.
    control: Control<DB>,
    connection: DB::Connection,
    state: State,
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    generation: u64,
    idle: Idle,
}

/// Stops whatever runs, when the session is given up.
struct Control<DB: Driver>(DB::Control);

impl<DB: Driver> Drop for Control<DB> {
    fn drop(&mut self) {
        DB::interrupt(&self.0);
    }
}

/// Counts a session as idle while it is in the pool.
struct Idle(Option<Arc<Shared>>);

impl Idle {
    fn begin(&mut self, shared: &Arc<Shared>) {
        self.end();
        shared.metrics.idle.increment(1);
        self.0 = Some(Arc::clone(shared));
    }

    fn end(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.metrics.idle.decrement(1);
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
        let (connection, control) = opened.inspect_err(|error| shared.failed::<DB>(error))?;
        let pulse = Arc::new(Pulse::default());
        if DB::REMOTE {
            shared.pulses.add(&pulse);
        }
        Ok(Self {
            control: Control(control),
            connection,
            state: State::new(),
            shared: Arc::clone(shared),
            pulse,
            generation: terms.generation,
            idle: Idle(None),
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

    /// Goes to the pool.
    pub(super) fn rest(&mut self) {
        self.state.released = self.shared.now();
        self.idle.begin(&self.shared);
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
        Ok(())
    }

    /// Comes from the pool: looked over when there is a reason to, without a word to the database when there is none.
    pub(super) async fn reclaim(&mut self, generation: u64) -> Result<(), Error> {
        self.idle.end();
        if self.generation != generation {
            return Err(Error::PoolClosed);
        }
        if self.needs_cleaning() {
            return self.clean().await;
        }
        let shared = &self.shared;
        let since = |time: &AtomicU64| self.state.released <= time.load(Ordering::Relaxed);
        if since(&shared.disowned) {
            return Err(watchdog::no_answer());
        }
        let rested = shared.now().saturating_sub(self.state.released);
        if self.state.suspect
            || since(&shared.distrusted)
            || rested > shared.validate_after.load(Ordering::Relaxed)
        {
            let ping = sqlx::Connection::ping(&mut self.connection);
            match timeout(PING_LIMIT, ping).await {
                Ok(answer) => answer.inspect_err(|error| shared.failed::<DB>(error))?,
                Err(_) => {
                    shared.disowned.store(shared.now(), Ordering::Relaxed);
                    return Err(watchdog::no_answer());
                }
            }
        }
        self.state.suspect = false;
        Ok(())
    }

    fn needs_cleaning(&self) -> bool {
        self.state.in_flight || self.state.doubtful || self.depth() != 0
    }

    fn depth(&self) -> usize {
        DB::TransactionManager::get_transaction_depth(&self.connection)
    }

    pub(super) async fn begin(&mut self, sql: Option<&'static str>) -> Result<(), Error> {
        self.state.uneasy = false;
        let statement = sql.map(SqlStr::from_static);
        let (connection, watch) = self.control("BEGIN");
        watch
            .over(DB::TransactionManager::begin(connection, statement))
            .await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        if self.state.uneasy || self.state.doubtful {
            let (connection, watch) = self.control("SELECT");
            watch.over(DB::before_commit(connection)).await?;
        }
        let (connection, watch) = self.control("COMMIT");
        watch
            .over(DB::TransactionManager::commit(connection))
            .await?;
        match self.depth() {
            0 => Ok(()),
            // sqlx ends one level at a time; the one that is left will be rolled back.
            _ => Err(Error::Protocol(
                "a savepoint was left open, so only that one ended".to_owned(),
            )),
        }
    }

    pub(super) async fn roll_back(&mut self) -> Result<(), Error> {
        let (connection, watch) = self.control("ROLLBACK");
        watch
            .over(DB::TransactionManager::rollback(connection))
            .await
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

    fn split(&mut self, sql: SqlStr, shape: Shape) -> (&mut DB::Connection, Watch<'_, DB>) {
        (
            &mut self.connection,
            Watch::new(
                &mut self.state,
                &self.control.0,
                &self.shared,
                &self.pulse,
                sql,
                shape,
            ),
        )
    }

    /// A statement of the transaction manager, which counts what it leaves open.
    fn control(&mut self, keyword: &'static str) -> (&mut DB::Connection, Watch<'_, DB>) {
        let mut shape = Shape::of(keyword);
        shape.doubtful = false;
        self.split(keyword.into_sql_str(), shape)
    }

    fn watched(&mut self, statement: &Statement<DB>) -> (&mut DB::Connection, Watch<'_, DB>) {
        self.split(statement.text(), statement.shape)
    }

    pub(crate) async fn run(&mut self, statement: Statement<DB>) -> Result<DB::QueryResult, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::execute(connection, statement)).await
    }

    pub(crate) async fn all(&mut self, statement: Statement<DB>) -> Result<Vec<DB::Row>, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::fetch_all(connection, statement)).await
    }

    pub(crate) async fn first(
        &mut self,
        statement: Statement<DB>,
    ) -> Result<Option<DB::Row>, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::fetch_optional(connection, statement)).await
    }

    pub(crate) async fn parse<'e>(
        &'e mut self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> Result<DB::Statement, Error> {
        let shape = Shape::of("");
        let (connection, watch) = self.split(sql.clone(), shape);
        watch.over(DB::prepare(connection, sql, parameters)).await
    }

    pub(crate) async fn look_at(&mut self, sql: SqlStr) -> Result<Describe<DB>, Error> {
        let shape = Shape::of("");
        let (connection, watch) = self.split(sql.clone(), shape);
        watch.over(DB::describe(connection, sql)).await
    }

    pub(crate) fn rows(
        &mut self,
        statement: Statement<DB>,
    ) -> WatchedRows<'_, DB, Either<DB::QueryResult, DB::Row>> {
        let (connection, watch) = self.watched(&statement);
        WatchedRows::new(DB::fetch_many(connection, statement), watch)
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

impl<'c, DB: Driver> Executor<'c> for &'c mut Session<DB> {
    type Database = DB;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::QueryResult, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.run(Statement::of(query)))
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.rows(Statement::of(query)))
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.all(Statement::of(query)))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        Box::pin(self.first(Statement::of(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        'c: 'e,
    {
        Box::pin(self.parse(sql, parameters))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'c: 'e,
    {
        Box::pin(self.look_at(sql))
    }
}
