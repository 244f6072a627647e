//! One session with the database: an sqlx connection, and what the pool has to know of it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::{Describe, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr};
use sqlx_core::transaction::TransactionManager as _;

use super::watch::{State, Watch, WatchedRows};
use super::{Driver, Policy, Shared, Statement};
use crate::statement::Shape;

/// An sqlx connection that is measured.
///
/// `&mut Session` is an sqlx executor: statements run through it are counted, logged when slow, and cut off by
/// `database.statement_timeout`. It dereferences to the sqlx connection for everything else; what runs on that one directly
/// is not seen, and the pool looks the connection over before the next user gets it.
pub struct Session<DB: Driver> {
    connection: DB::Connection,
    control: DB::Control,
    state: State,
    shared: Arc<Shared>,
    idle: bool,
}

impl<DB: Driver> Session<DB> {
    /// Opens one.
    pub(crate) async fn open(options: &DB::Options, shared: &Arc<Shared>) -> Result<Self, Error> {
        let (connection, control) = DB::open(options).await?;
        Ok(Self {
            connection,
            control,
            state: State::new(),
            shared: Arc::clone(shared),
            idle: false,
        })
    }

    /// Goes to the pool. False when the pool should rather not keep it.
    pub(super) fn release(&mut self) -> bool {
        let mut keep = true;
        if self.needs_cleaning() {
            self.state.doubtful = true;
            DB::interrupt(&self.control);
            DB::abandon(&mut self.connection);
            keep = DB::KEEPS_ABANDONED;
        }
        self.state.released = Instant::now();
        self.idle = true;
        self.shared.metrics.idle.increment(1);
        keep
    }

    /// Comes from the pool: looked over when there is a reason to, without a word to the database when there is none.
    pub(super) async fn reclaim(&mut self, policy: &Policy) -> Result<(), Error> {
        self.leave_pool();
        if self.needs_cleaning() {
            DB::clean(&mut self.connection, &self.control).await?;
        } else if self.state.suspect || self.state.released.elapsed() > policy.validate_after {
            sqlx::Connection::ping(&mut self.connection).await?;
        }
        self.state.in_flight = false;
        self.state.doubtful = false;
        self.state.suspect = false;
        Ok(())
    }

    fn needs_cleaning(&self) -> bool {
        self.state.in_flight || self.state.doubtful || self.depth() != 0
    }

    fn depth(&self) -> usize {
        DB::TransactionManager::get_transaction_depth(&self.connection)
    }

    fn leave_pool(&mut self) {
        if std::mem::take(&mut self.idle) {
            self.shared.metrics.idle.decrement(1);
        }
    }

    pub(super) async fn begin(&mut self, sql: Option<&'static str>) -> Result<(), Error> {
        let statement = sql.map(SqlStr::from_static);
        let (connection, watch) = self.control("BEGIN");
        watch
            .over(DB::TransactionManager::begin(connection, statement))
            .await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        let (connection, watch) = self.control("COMMIT");
        watch.over(DB::TransactionManager::commit(connection)).await
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
        DB::interrupt(&self.control);
        self.state.doubtful = true;
        DB::TransactionManager::start_rollback(&mut self.connection);
    }

    /// For migrations, which are not counted.
    pub(crate) fn unwatched(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    /// Ends it in order: a farewell to the server, and for SQLite the end of its thread.
    pub(crate) async fn close(self) -> Result<(), Error> {
        // What is open is rolled back by the end of the connection. The destructor has nothing left to do then.
        let mut this = self;
        this.leave_pool();
        DB::close(this).await
    }

    fn split(&mut self, sql: SqlStr, shape: Shape) -> (&mut DB::Connection, Watch<'_, DB>) {
        (
            &mut self.connection,
            Watch::new(&mut self.state, &self.control, &self.shared, sql, shape),
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

    pub(super) async fn run(&mut self, statement: Statement<DB>) -> Result<DB::QueryResult, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::execute(connection, statement)).await
    }

    pub(super) async fn all(&mut self, statement: Statement<DB>) -> Result<Vec<DB::Row>, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::fetch_all(connection, statement)).await
    }

    pub(super) async fn first(
        &mut self,
        statement: Statement<DB>,
    ) -> Result<Option<DB::Row>, Error> {
        let (connection, watch) = self.watched(&statement);
        watch.over(DB::fetch_optional(connection, statement)).await
    }

    pub(super) async fn parse<'e>(
        &'e mut self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> Result<DB::Statement, Error> {
        let shape = Shape::of("");
        let (connection, watch) = self.split(sql.clone(), shape);
        watch.over(DB::prepare(connection, sql, parameters)).await
    }

    pub(super) async fn look_at(&mut self, sql: SqlStr) -> Result<Describe<DB>, Error> {
        let shape = Shape::of("");
        let (connection, watch) = self.split(sql.clone(), shape);
        watch.over(DB::describe(connection, sql)).await
    }

    pub(super) fn rows(
        &mut self,
        statement: Statement<DB>,
    ) -> WatchedRows<'_, DB, Either<DB::QueryResult, DB::Row>> {
        let (connection, watch) = self.watched(&statement);
        WatchedRows::new(DB::fetch_many(connection, statement), watch)
    }
}
