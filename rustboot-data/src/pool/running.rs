//! The statements of users on a session, each with its watch.
//!
//! After an error with which the database ends the transaction by itself, it takes each statement that follows for a transaction of its
//! own, and commits it. So whoever passed over the error gets another one instead, and nothing is sent.

use std::future::ready;

use futures_util::stream;
use sqlx::{Describe, Either, Error, SqlStr};

use super::watch::{Watch, Watched, WatchedRows};
use super::{Driver, Session, Statement};
use crate::statement::Shape;

/// A bug on our side, where an error was passed over. So it is none of those that mean something to a client.
pub(crate) fn undone() -> Error {
    Error::InvalidArgument(
        "an error in the transaction has ended it, so nothing in it can be committed".to_owned(),
    )
}

impl<DB: Driver> Session<DB> {
    /// Whether a transaction is open on our side, and on the other side it may be none any more.
    fn is_undone(&self) -> bool {
        self.state.undone && self.depth() != 0
    }

    fn watched(&mut self, statement: &Statement<DB>) -> (&mut DB::Connection, Watch<'_, DB>) {
        self.split(statement.text(), statement.shape)
    }

    pub(crate) fn run<'e>(
        &'e mut self,
        statement: &'e mut Statement<DB>,
    ) -> Watched<'e, DB, DB::QueryResult> {
        let is_undone = self.is_undone();
        let (connection, watch) = self.watched(statement);
        watch.over(match is_undone {
            false => DB::execute(connection, statement),
            true => Box::pin(ready(Err(undone()))),
        })
    }

    pub(crate) fn all<'e>(
        &'e mut self,
        statement: &'e mut Statement<DB>,
    ) -> Watched<'e, DB, Vec<DB::Row>> {
        let is_undone = self.is_undone();
        let (connection, watch) = self.watched(statement);
        watch.over(match is_undone {
            false => DB::fetch_all(connection, statement),
            true => Box::pin(ready(Err(undone()))),
        })
    }

    pub(crate) fn first<'e>(
        &'e mut self,
        statement: &'e mut Statement<DB>,
    ) -> Watched<'e, DB, Option<DB::Row>> {
        let is_undone = self.is_undone();
        let (connection, watch) = self.watched(statement);
        watch.over(match is_undone {
            false => DB::fetch_optional(connection, statement),
            true => Box::pin(ready(Err(undone()))),
        })
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
        let is_undone = self.is_undone();
        let (connection, watch) = self.watched(&statement);
        let rows = match is_undone {
            false => DB::fetch_many(connection, statement),
            true => Box::pin(stream::once(ready(Err(undone())))),
        };
        WatchedRows::new(rows, watch)
    }
}
