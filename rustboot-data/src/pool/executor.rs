//! The pool, and a session of it, as sqlx executors. The pool runs each statement on a session of its own, which is back in the
//! pool when the statement ends or its future or stream is dropped.

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::{Describe, Either, Error, Execute, Executor, SqlStr};

use super::rows::Rows;
use super::{Driver, Pool, Session, Statement};

impl<'c, DB: Driver> Executor<'c> for &'c Pool<DB> {
    type Database = DB;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::QueryResult, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move {
            let mut session = self.lease(statement.shape.writes).await?;
            session.run(&mut statement).await
        })
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let statement = Statement::of(query);
        Box::pin(Rows::new(|outlet| async move {
            let mut session = self.lease(statement.shape.writes).await?;
            let mut rows = session.rows(statement);
            while let Some(row) = rows.try_next().await? {
                outlet.give(row).await;
            }
            Ok(())
        }))
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move {
            let mut session = self.lease(statement.shape.writes).await?;
            session.all(&mut statement).await
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move {
            let mut session = self.lease(statement.shape.writes).await?;
            session.first(&mut statement).await
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut session = self.lease(false).await?;
            session.parse(sql, parameters).await
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut session = self.lease(false).await?;
            session.look_at(sql).await
        })
    }
}

impl<'c, DB: Driver> Executor<'c> for &'c mut Session<DB> {
    type Database = DB;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DB::QueryResult, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move { self.run(&mut statement).await })
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
        let mut statement = Statement::of(query);
        Box::pin(async move { self.all(&mut statement).await })
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move { self.first(&mut statement).await })
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
