//! What is measured and remembered of one statement: how long it took, whether it ended, and what its error says about the
//! connection.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use futures_util::future::BoxFuture;
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
    /// The database has taken all of the transaction back, or may have: what comes after it would be on its own.
    pub(super) undone: bool,
    /// It ended, or is out of step with the server.
    pub(super) broken: bool,
    /// When the database last answered on it, in nanoseconds since the origin of the pool.
    pub(super) heard: u64,
}

impl State {
    pub(super) fn new(now: u64) -> Self {
        Self {
            in_flight: false,
            doubtful: false,
            suspect: false,
            uneasy: false,
            undone: false,
            broken: false,
            heard: now,
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
    /// In nanoseconds since the origin of the pool; 0 when it is the reader's turn.
    waiting_since: u64,
    /// In nanoseconds.
    took: u64,
}

impl<'e, DB: Driver> Watch<'e, DB> {
    pub(super) fn new(
        state: &'e mut State,
        control: &'e DB::Control,
        shared: &'e Shared,
        pulse: &'e Pulse,
        sql: SqlStr,
        shape: Shape,
        now: u64,
    ) -> Self {
        let limit = shared.statement_timeout.load(Ordering::Relaxed);
        DB::started(control, (limit != 0).then(|| Duration::from_nanos(limit)));
        if DB::REMOTE {
            pulse.begin(now);
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
            waiting_since: now,
            took: 0,
        }
    }

    /// Waits for the statement.
    pub(super) fn over<F>(self, statement: F) -> Over<'e, DB, F> {
        Over {
            statement,
            watch: self,
        }
    }

    fn ended(&mut self, error: Option<&Error>) {
        self.state.in_flight = false;
        if let Some(error) = error {
            self.state.suspect |= is_suspect(error);
            self.state.uneasy = true;
            let may_write = self.shape.writes || self.shape.doubtful;
            self.state.undone |= DB::ends_transaction(error, may_write);
            self.state.broken |= DB::is_broken(error);
            self.shared.failed::<DB>(error);
        }
    }

    fn pause(&mut self) {
        if self.waiting_since != 0 {
            let now = self.shared.now();
            self.took += now.saturating_sub(self.waiting_since);
            self.waiting_since = 0;
            if DB::REMOTE {
                self.pulse.end();
            }
            if !self.state.in_flight {
                self.state.heard = now;
            }
        }
    }
}

impl<DB: Driver> Drop for Watch<'_, DB> {
    fn drop(&mut self) {
        DB::finished(self.control);
        self.pause();
        let took = Duration::from_nanos(self.took);
        self.shared.metrics.operation(self.shape.operation, took);
        let cancelled = self.state.in_flight;
        let duration_ms = took.as_secs_f64() * 1e3;
        if self.took >= self.shared.slow_query.load(Ordering::Relaxed) {
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

/// A statement that is watched while it is waited for. A type of its own, since an `async fn` would have room for each of
/// its arguments twice.
pub(crate) struct Over<'e, DB: Driver, F> {
    // The order matters: the statement goes before the watch notes that it is gone.
    statement: F,
    watch: Watch<'e, DB>,
}

/// A statement as the drivers give it.
pub(crate) type Watched<'e, DB, T> = Over<'e, DB, BoxFuture<'e, Result<T, Error>>>;

impl<DB: Driver, F, T> Future for Over<'_, DB, F>
where
    F: Future<Output = Result<T, Error>> + Unpin,
{
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let result = match Pin::new(&mut this.statement).poll(cx) {
            Poll::Pending if DB::REMOTE => Err(ready!(this.watch.pulse.look(cx))),
            polled => ready!(polled),
        };
        this.watch.ended(result.as_ref().err());
        Poll::Ready(result)
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
        if watch.waiting_since == 0 {
            watch.waiting_since = watch.shared.now();
            if DB::REMOTE {
                watch.pulse.begin(watch.waiting_since);
            }
        }
        let item = match this.rows.as_mut().poll_next(cx) {
            Poll::Pending if DB::REMOTE => Some(Err(ready!(watch.pulse.look(cx)))),
            polled => ready!(polled),
        };
        match &item {
            None => this.watch.ended(None),
            Some(Err(error)) => this.watch.ended(Some(error)),
            Some(Ok(_)) => {}
        }
        this.watch.pause();
        Poll::Ready(item)
    }
}
