//! What is measured and remembered of one statement: how long it took, whether it ended, and what its error says about the
//! connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::Stream;
use futures_util::stream::BoxStream;
use sqlx::{Error, SqlStr};

use super::watchdog::Pulse;
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
    /// A statement failed, or may have, since the transaction began: some servers then take all of it back, and call a commit a
    /// success nevertheless.
    pub(super) uneasy: bool,
    /// It ended, or is out of step with the server.
    pub(super) broken: bool,
    /// When it was last given back, in microseconds since the origin of the pool.
    pub(super) released: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            in_flight: false,
            doubtful: false,
            suspect: false,
            uneasy: false,
            broken: false,
            released: 0,
        }
    }
}

/// One running statement. Dropped before its end, it leaves the connection marked.
pub(crate) struct Watch<'e, DB: Driver> {
    state: &'e mut State,
    control: &'e DB::Control,
    shared: &'e Shared,
    pulse: &'e Pulse,
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
        pulse: &'e Pulse,
        sql: SqlStr,
        shape: Shape,
    ) -> Self {
        let limit = shared.statement_timeout.load(Ordering::Relaxed);
        DB::started(control, (limit != 0).then(|| Duration::from_micros(limit)));
        if DB::REMOTE {
            pulse.begin(shared.now());
        }
        state.in_flight = true;
        state.doubtful |= shape.doubtful;
        Self {
            state,
            control,
            shared,
            pulse,
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
        let mut statement = pin!(statement);
        let result = poll_fn(|cx| match statement.as_mut().poll(cx) {
            Poll::Pending if DB::REMOTE => self.pulse.look(cx).map(Err),
            polled => polled,
        })
        .await;
        self.ended(result.as_ref().err());
        result
    }

    fn ended(&mut self, error: Option<&Error>) {
        self.state.in_flight = false;
        if let Some(error) = error {
            self.state.suspect |= is_suspect(error);
            self.state.uneasy = true;
            self.state.broken |= DB::is_broken(error);
            self.shared.failed::<DB>(error);
        }
    }

    fn pause(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.took += since.elapsed();
            if DB::REMOTE {
                self.pulse.end();
            }
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
        let slow_query = Duration::from_micros(self.shared.slow_query.load(Ordering::Relaxed));
        let duration_ms = self.took.as_secs_f64() * 1e3;
        if self.took >= slow_query {
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

impl Shared {
    /// An error came from a connection. When it shows that the connection is gone, the others may be too.
    pub(super) fn failed<DB: Driver>(&self, error: &Error) {
        if DB::is_broken(error) {
            self.distrusted.store(self.now(), Ordering::Relaxed);
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
        let watch = &mut this.watch;
        if watch.waiting_since.is_none() {
            watch.waiting_since = Some(Instant::now());
            if DB::REMOTE {
                watch.pulse.begin(watch.shared.now());
            }
        }
        let item = match this.rows.as_mut().poll_next(cx) {
            Poll::Pending if DB::REMOTE => Some(Err(ready!(watch.pulse.look(cx)))),
            polled => ready!(polled),
        };
        this.watch.pause();
        match &item {
            None => this.watch.ended(None),
            Some(Err(error)) => this.watch.ended(Some(error)),
            Some(Ok(_)) => {}
        }
        Poll::Ready(item)
    }
}
