//! [`Tx`] as an sqlx executor: the first statement begins the transaction.

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::{Database, Describe, Either, Error, Execute, Executor, SqlStr};

use super::{Transactional, Tx};
use crate::pool::{Rows, Statement};

impl<'c, D: Transactional> Executor<'c> for &'c mut Tx<D> {
    type Database = D::Driver;

    fn execute<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<<D::Driver as Database>::QueryResult, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, D::Driver>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move { self.begun().await?.run(&mut statement).await })
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<
        'e,
        Result<Either<<D::Driver as Database>::QueryResult, <D::Driver as Database>::Row>, Error>,
    >
    where
        'c: 'e,
        E: 'q + Execute<'q, D::Driver>,
    {
        let statement = Statement::of(query);
        Box::pin(Rows::new(|outlet| async move {
            let mut rows = self.begun().await?.rows(statement);
            while let Some(row) = rows.try_next().await? {
                outlet.give(row).await;
            }
            Ok(())
        }))
    }

    fn fetch_all<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Vec<<D::Driver as Database>::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, D::Driver>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move { self.begun().await?.all(&mut statement).await })
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<D::Driver as Database>::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, D::Driver>,
    {
        let mut statement = Statement::of(query);
        Box::pin(async move { self.begun().await?.first(&mut statement).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<D::Driver as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<D::Driver as Database>::Statement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.begun().await?.parse(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<D::Driver>, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.begun().await?.look_at(sql).await })
    }
}
