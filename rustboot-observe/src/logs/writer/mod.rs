//! The way of a finished line to the outside: appended to a buffer here, written by a thread of its own.
//!
//! A slow or broken sink never holds up the application. What waits has a limit; beyond it lines are dropped and
//! counted, never blocked on. It does not rotate files: that is the platform's business.

mod sink;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use super::config::LogFormat;
use super::count;
use super::format::Style;

/// How much may wait, in bytes, what is being written included.
const LIMIT: usize = 8 * 1024 * 1024;
/// The thread writes at once, and not after its pause, when this much (bytes) waits.
const FULL_BATCH: usize = 256 * 1024;
/// How long the last handle waits for the lines that it leaves behind.
const DROP_LIMIT: Duration = Duration::from_secs(1);

/// A non-blocking writer of log lines. Clones share the stream, the buffer and the thread behind it.
///
/// Lines reach the sink in batches, at most 5 ms after they were written. At most 8 MiB wait; above that, lines are
/// dropped and counted ([`LogWriter::lost`], metric `log_lines_lost_total`), and once there is space again one line in
/// the stream says how many. A sink that fails is tried again, after 1 ms at first, once a second later on, beginning
/// with the byte that it did not take.
///
/// Dropping the last handle waits up to one second until everything is out. A process that is killed loses the lines
/// of the last 5 ms; one that exits without [`LogWriter::flush`] may.
#[derive(Clone)]
pub struct LogWriter(Arc<Handle>);

impl LogWriter {
    /// Writes to the standard output.
    ///
    /// # Panics
    ///
    /// When the operating system refuses another thread.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        Self::start(stdout.is_terminal(), stdout)
    }

    /// Writes to the standard error output.
    ///
    /// # Panics
    ///
    /// When the operating system refuses another thread.
    pub fn stderr() -> Self {
        let stderr = io::stderr();
        Self::start(stderr.is_terminal(), stderr)
    }

    /// Writes to `sink`, from a thread that blocks on it. The sink is flushed after each batch, and dropped some time
    /// after the last handle.
    ///
    /// # Panics
    ///
    /// When the operating system refuses another thread.
    pub fn to(sink: impl Write + Send + 'static) -> Self {
        Self::start(false, sink)
    }

    fn start(terminal: bool, sink: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        let spawned = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || sink::run(&for_thread, sink));
        if let Err(error) = spawned {
            panic!("cannot start the thread that writes the log: {error}");
        }
        Self(Arc::new(Handle { shared, terminal }))
    }

    /// Appends one line; its line break is added if it is missing. Never blocks on the sink: when 8 MiB are waiting,
    /// the line is dropped and counted.
    pub fn write_line(&self, line: &[u8]) {
        let shared = &self.0.shared;
        let broken = line.last() != Some(&b'\n');
        let mut state = shared.lock();
        let length = line.len() + usize::from(broken);
        if state.waiting() + length > LIMIT {
            if state.unreported == 0 {
                // Stands for the line that will say so, so that a flush waits for it.
                state.accepted += 1;
            }
            state.unreported += 1;
            drop(state);
            shared.lost.fetch_add(1, Ordering::Relaxed);
            count::lost_line();
            return;
        }
        state.buffer.extend_from_slice(line);
        if broken {
            state.buffer.push(b'\n');
        }
        state.accepted += length as u64;
        // A wake-up is a system call: only for a thread that sleeps, and once.
        let wake = match state.rest {
            Rest::Idle => true,
            Rest::Pausing => state.buffer.len() >= FULL_BATCH,
            Rest::No => false,
        };
        if wake {
            state.rest = Rest::No;
        }
        drop(state);
        if wake {
            shared.wake.notify_one();
        }
    }

    /// How many lines were dropped since the writer was made.
    pub fn lost(&self) -> u64 {
        self.0.shared.lost.load(Ordering::Relaxed)
    }

    /// Waits, blocking the thread, until everything that was accepted so far is out.
    ///
    /// False when `limit` passed first, or when the sink fails meanwhile; the lines stay in the buffer and go on being
    /// tried. In async code call it from `spawn_blocking`, or at the very end.
    pub fn flush(&self, limit: Duration) -> bool {
        self.0.shared.flush(limit)
    }

    /// Whether the sink is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.0.terminal
    }

    /// How the writer's own line, about lines lost, looks. Plain until then.
    pub(crate) fn set_style(&self, style: Style) {
        self.0.shared.lock().style = style;
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

/// Closes the stream when the last [`LogWriter`] goes.
struct Handle {
    shared: Arc<Shared>,
    terminal: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let deadline = Instant::now() + DROP_LIMIT;
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.wake.notify_one();
        while !state.exited {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return;
            };
            state = wait_timeout(&self.shared.done, state, left);
        }
    }
}

/// What the handles and the thread share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The thread waits here.
    wake: Condvar,
    /// Those who flush wait here.
    done: Condvar,
    lost: AtomicU64,
}

struct State {
    buffer: Vec<u8>,
    /// Bytes that the thread has taken and the sink has not.
    in_flight: usize,
    /// Positions in the stream: how far it was taken in, and how far it has reached the sink.
    accepted: u64,
    written: u64,
    /// Someone waits for everything up to this position.
    wanted: u64,
    /// How often someone asked for everything to be written.
    asked: u64,
    /// Attempts that failed since the start.
    failures: u64,
    /// Lines lost that the stream does not mention yet.
    unreported: u64,
    rest: Rest,
    closed: bool,
    exited: bool,
    style: Style,
}

/// What the thread is doing, as far as waking it is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// At work, or about to be.
    No,
    /// Asleep until there is a line.
    Idle,
    /// Gathering lines for a moment.
    Pausing,
}

impl Default for State {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            in_flight: 0,
            accepted: 0,
            written: 0,
            wanted: 0,
            asked: 0,
            failures: 0,
            unreported: 0,
            rest: Rest::No,
            closed: false,
            exited: false,
            style: Style {
                format: LogFormat::Compact,
                ansi: false,
            },
        }
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.buffer.len() + self.in_flight
    }

    /// Whether someone waits for the thread, so that it must not pause.
    fn urgent(&self) -> bool {
        self.closed || self.written < self.wanted
    }
}

impl Shared {
    /// A panic under this lock is impossible but for a lack of memory; if it happened, the state would still be sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush(&self, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        let target = state.accepted;
        let failures = state.failures;
        if state.written >= target {
            return true;
        }
        state.wanted = state.wanted.max(target);
        state.asked += 1;
        // Also ends the pause after a failure: the answer is then that of a fresh attempt.
        self.wake.notify_one();
        loop {
            if state.written >= target {
                return true;
            }
            if state.failures > failures || state.exited {
                return false;
            }
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::from_secs(3600),
            };
            if left.is_zero() {
                return false;
            }
            state = wait_timeout(&self.done, state, left);
        }
    }
}

fn wait_timeout<'a>(
    condvar: &Condvar,
    guard: MutexGuard<'a, State>,
    limit: Duration,
) -> MutexGuard<'a, State> {
    condvar
        .wait_timeout(guard, limit)
        .unwrap_or_else(PoisonError::into_inner)
        .0
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = EventWriter<'a>;

    fn make_writer(&'a self) -> EventWriter<'a> {
        EventWriter {
            writer: self,
            rest: Vec::new(),
        }
    }
}

/// Turns what one event writes into one line, however many pieces it comes in. Made by [`MakeWriter`].
#[derive(Debug)]
pub struct EventWriter<'a> {
    writer: &'a LogWriter,
    /// Stays unallocated for formatters that write a line as a whole, as ours do.
    rest: Vec<u8>,
}

impl Write for EventWriter<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.rest.is_empty() && piece.ends_with(b"\n") {
            self.writer.write_line(piece);
        } else {
            self.rest.extend_from_slice(piece);
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for EventWriter<'_> {
    fn drop(&mut self) {
        if !self.rest.is_empty() {
            self.writer.write_line(&self.rest);
        }
    }
}
