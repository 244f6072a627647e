//! One statement on its way to the database, taken apart so that its text can be looked at first.

use sqlx::error::BoxDynError;
use sqlx::{Execute, SqlSafeStr, SqlStr};

use super::Driver;
use crate::statement::Shape;

/// What a caller handed in as `Execute`, and what its text tells.
pub struct Statement<DB: Driver> {
    sql: SqlStr,
    arguments: Result<Option<DB::Arguments>, BoxDynError>,
    prepared: Option<DB::Statement>,
    persistent: bool,
    pub(crate) shape: Shape,
}

impl<DB: Driver> Statement<DB> {
    /// Takes a query apart.
    pub(crate) fn of<'q>(mut query: impl Execute<'q, DB>) -> Self {
        let arguments = query.take_arguments();
        let prepared = query.statement().cloned();
        let persistent = query.persistent();
        let sql = query.sql();
        Self {
            shape: Shape::of(sql.as_str()),
            sql,
            arguments,
            prepared,
            persistent,
        }
    }

    /// Plain text, without arguments.
    pub(crate) fn plain(sql: impl SqlSafeStr) -> Self {
        let sql = sql.into_sql_str();
        Self {
            shape: Shape::of(sql.as_str()),
            sql,
            arguments: Ok(None),
            prepared: None,
            persistent: false,
        }
    }

    /// A copy of the text; of a literal, only of its address.
    pub(super) fn text(&self) -> SqlStr {
        self.sql.clone()
    }
}

impl<DB: Driver> std::fmt::Debug for Statement<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement")
            .field("sql", &self.sql)
            .finish_non_exhaustive()
    }
}

// For streams, which keep it.
impl<DB: Driver> Execute<'_, DB> for Statement<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.prepared.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        std::mem::replace(&mut self.arguments, Ok(None))
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}

// For futures. Those of sqlx have room for what they were given as long as they run, so they are given eight bytes.
impl<DB: Driver> Execute<'_, DB> for &mut Statement<DB> {
    fn sql(self) -> SqlStr {
        self.text()
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.prepared.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        Execute::take_arguments(&mut **self)
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
