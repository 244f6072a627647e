//! What is measured and remembered of one statement: how long it took, whether it ended, and what its error says about the
//! connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::Stream;
use futures_util::stream::BoxStream;
use sqlx::{Error, SqlStr};

use super::{Driver, Shared};
use crate::statement::Shape;

/// A statement longer than this is cut in the log, in bytes.
const LONGEST_TEXT: usize = 4096;

/// What the pool remembers of a connection between two users.
#[derive(Debug)]
pub(crate) struct State {
    /// A statement was begun, and nobody saw its end.
    pub(super) in_flight: bool,
    /// A transaction may be open that sqlx does not count.
    pub(super) doubtful: bool,
    /// The last error was one that a broken connection gives too.
    pub(super) suspect: bool,
    /// When it was last given back.
    pub(super) released: Instant,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            in_flight: false,
            doubtful: false,
            suspect: false,
            released: Instant::now(),
        }
    }
}

/// One running statement. Dropped before its end, it leaves the connection marked.
pub(crate) struct Watch<'e, DB: Driver> {
    state: &'e mut State,
    control: &'e DB::Control,
    shared: &'e Shared,
    sql: SqlStr,
    shape: Shape,
    waiting_since: Option<Instant>,
    took: Duration,
}

impl<'e, DB: Driver> Watch<'e, DB> {
    pub(super) fn new(
        state: &'e mut State,
        control: &'e DB::Control,
        shared: &'e Shared,
        sql: SqlStr,
        shape: Shape,
    ) -> Self {
        DB::started(control, shared.statement_timeout);
        state.in_flight = true;
        state.doubtful |= shape.doubtful;
        Self {
            state,
            control,
            shared,
            sql,
            shape,
            waiting_since: Some(Instant::now()),
            took: Duration::ZERO,
        }
    }

    /// Waits for the statement.
    pub(super) async fn over<T>(
        mut self,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let result = statement.await;
        self.ended(result.as_ref().err());
        result
    }

    fn ended(&mut self, error: Option<&Error>) {
        self.state.in_flight = false;
        self.state.suspect |= error.is_some_and(is_suspect);
    }

    fn pause(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.took += since.elapsed();
        }
    }
}

impl<DB: Driver> Drop for Watch<'_, DB> {
    fn drop(&mut self) {
        DB::finished(self.control);
        self.pause();
        self.shared
            .metrics
            .operation(self.shape.operation, self.took);
        let cancelled = self.state.in_flight;
        let duration_ms = self.took.as_secs_f64() * 1e3;
        if self.took >= self.shared.slow_query {
            tracing::warn!(
                target: "rustboot::sql",
                duration_ms,
                cancelled,
                pool = self.shared.name,
                statement = shown(self.sql.as_str()),
                "slow query"
            );
        } else {
            tracing::trace!(
                target: "rustboot::sql",
                duration_ms,
                cancelled,
                pool = self.shared.name,
                statement = shown(self.sql.as_str()),
                "query"
            );
        }
    }
}

/// Whether a broken connection gives such an error too. What the caller did wrong, and what the data forbids, says nothing
/// about the connection.
fn is_suspect(error: &Error) -> bool {
    match error {
        Error::RowNotFound
        | Error::TypeNotFound { .. }
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnDecode { .. }
        | Error::Encode(_)
        | Error::Decode(_)
        | Error::InvalidArgument(_) => false,
        Error::Database(error) => matches!(error.kind(), sqlx::error::ErrorKind::Other),
        _ => true,
    }
}

/// A text for the log, cut where a character ends.
fn shown(sql: &str) -> &str {
    &sql[..sql.floor_char_boundary(LONGEST_TEXT)]
}

/// The rows of a running statement. Only the time that is spent waiting for the database counts, not what the reader does
/// between two rows.
pub(crate) struct WatchedRows<'e, DB: Driver, T> {
    // The order matters: the rows go before the watch notes that they are gone.
    rows: BoxStream<'e, Result<T, Error>>,
    watch: Watch<'e, DB>,
}

impl<'e, DB: Driver, T> WatchedRows<'e, DB, T> {
    pub(super) fn new(rows: BoxStream<'e, Result<T, Error>>, watch: Watch<'e, DB>) -> Self {
        Self { rows, watch }
    }
}

impl<DB: Driver, T> Stream for WatchedRows<'_, DB, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.watch.waiting_since.get_or_insert_with(Instant::now);
        let item = ready!(this.rows.as_mut().poll_next(cx));
        this.watch.pause();
        match &item {
            None => this.watch.ended(None),
            Some(Err(error)) => this.watch.ended(Some(error)),
            Some(Ok(_)) => {}
        }
        Poll::Ready(item)
    }
}
