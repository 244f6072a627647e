//! The thread behind a [`LogWriter`](super::LogWriter): takes the buffer, writes it out, tries again when it must.

use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Level;

use super::{FULL_BATCH, Rest, Shared, State, wait_timeout};
use crate::logs::buffer::Text;
use crate::logs::count;
use crate::logs::format::{Line, Style, Value};

/// How long lines are gathered before they are written, which saves a wake-up and a system call a line.
const PAUSE: Duration = Duration::from_millis(5);
/// The first and the longest pause after a failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1));
/// How often a sink that is full is asked after the last handle is gone. With the pauses between, about a second.
const LAST_ATTEMPTS: u32 = 11;
/// A buffer that a burst has grown beyond this (bytes) is given back.
const KEPT: usize = 1024 * 1024;
/// The target of the line about lines lost.
const TARGET: &str = "rustboot::logs";

/// Runs until the last handle is gone and everything is out, or the sink fails after that.
pub(super) fn run(shared: &Shared, mut sink: impl Write) {
    let mut batch = Vec::new();
    while let Some((accepted, lost)) = next_batch(shared, &mut batch) {
        if let Some((lost, style)) = lost {
            push_loss_line(&mut batch, style, lost);
        }
        let delivered = deliver(shared, &mut sink, &batch);
        let mut state = shared.lock();
        state.in_flight = 0;
        if !delivered {
            break;
        }
        state.written += accepted;
        shared.done.notify_all();
        drop(state);
        if batch.capacity() > KEPT {
            batch = Vec::new();
        }
        batch.clear();
    }
    // Before the last handle is told: who waited for it may look at the file.
    drop(sink);
    shared.lock().exited = true;
    shared.done.notify_all();
}

/// Waits for lines and takes them into `batch`. By how much `written` grows once they are out, and how many lines were
/// lost before and in which style to say so; `None` when there is nothing more to come.
fn next_batch(shared: &Shared, batch: &mut Vec<u8>) -> Option<(u64, Option<(u64, Style)>)> {
    let mut state = shared.lock();
    while state.buffer.is_empty() && state.unreported == 0 {
        if state.closed {
            return None;
        }
        state.rest = Rest::Idle;
        state = shared
            .wake
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
    state = gather(shared, state);
    state.rest = Rest::No;
    std::mem::swap(&mut state.buffer, batch);
    state.in_flight = batch.len();
    let lost = std::mem::take(&mut state.unreported);
    let accepted = batch.len() as u64 + u64::from(lost > 0);
    Some((accepted, (lost > 0).then_some((lost, state.style))))
}

/// Lets more lines come in for a moment, unless someone waits.
fn gather<'a>(shared: &Shared, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    let deadline = Instant::now() + PAUSE;
    while !state.urgent() && state.buffer.len() < FULL_BATCH {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        state.rest = Rest::Pausing;
        state = wait_timeout(&shared.wake, state, left);
    }
    state
}

/// Writes the whole batch, however often the sink fails. False when it fails and nobody is left to care.
fn deliver(shared: &Shared, sink: &mut impl Write, batch: &[u8]) -> bool {
    let mut written = 0;
    let mut pause = RETRY.0;
    let mut last_attempts = LAST_ATTEMPTS;
    loop {
        let before = written;
        let Err(error) = attempt(sink, batch, &mut written) else {
            return true;
        };
        if written > before {
            pause = RETRY.0;
        }
        // A sink that is merely full for now has not failed.
        let failed = error.kind() != ErrorKind::WouldBlock;
        let mut state = shared.lock();
        if failed {
            state.failures += 1;
            count::write_error();
            shared.done.notify_all();
        }
        if state.closed {
            last_attempts -= 1;
            if failed || last_attempts == 0 {
                return false;
            }
        }
        // Until the pause is over, someone asks for an attempt, or the stream is closed.
        let (asked, closed) = (state.asked, state.closed);
        let deadline = Instant::now() + pause;
        while state.asked == asked && state.closed == closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = wait_timeout(&shared.wake, state, left);
        }
        pause = if state.closed && !closed {
            RETRY.0
        } else {
            (pause * 2).min(RETRY.1)
        };
    }
}

/// Writes on from `written`. A sink that panics has failed, and goes on being tried like any other.
fn attempt(sink: &mut impl Write, batch: &[u8], written: &mut usize) -> io::Result<()> {
    let attempt = AssertUnwindSafe(|| {
        while *written < batch.len() {
            match sink.write(&batch[*written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => *written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        sink.flush()
    });
    catch_unwind(attempt).unwrap_or_else(|_| Err(io::Error::other("the sink panicked")))
}

fn push_loss_line(batch: &mut Vec<u8>, style: Style, lost: u64) {
    let mut line = Text::new();
    let text = format!("{lost} log lines were lost: the sink did not keep up");
    let mut made = Line::start(&mut line, style, Level::WARN, TARGET, None, |message| {
        message.write(Value::Str(&text));
    });
    made.field("lost", Value::U64(lost));
    made.finish();
    batch.extend_from_slice(line.as_bytes());
}
