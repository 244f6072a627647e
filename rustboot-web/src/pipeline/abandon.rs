//! The end of a handler that nobody waits for any more: its time is up, its client is gone, or the service stops.
//!
//! What it held is dropped then, and may have something to log: a lease that is given back, a transaction that is rolled back. That
//! belongs to the request as much as what was logged before. The ids of the thread are those of whoever happens to drop it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::answer::Answer;
use super::record::Record;

/// Drops what is left of a handler, and then what it deferred to its end, with the ids of the request on what is logged.
#[cold]
pub(super) fn abandon(answer: &mut Answer, record: &mut Record) {
    let answer = std::mem::replace(answer, Answer::Done);
    let deferred = std::mem::take(&mut record.deferred);
    let _entered = record.correlation.enter();
    // A panic in there has been logged and counted, and must not become one of the connection. The handler goes first, and gives
    // back what it borrowed.
    let _panic = catch_unwind(AssertUnwindSafe(|| drop(answer)));
    let _panic = catch_unwind(AssertUnwindSafe(|| drop(deferred)));
}
