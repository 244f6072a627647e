//! Which request the current thread is working for, so that every log line can say so without a tracing span.
//!
//! A span costs a few microseconds a request; two swaps of a small value at each poll cost a few nanoseconds. This
//! module holds that value and its thread-local slot. It does not sample, export or propagate anything.

mod future;
mod request_id;
#[cfg(test)]
mod tests;
mod trace;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem;

pub use future::{Correlated, with_correlation};
pub use request_id::RequestId;
pub use trace::{SpanId, TraceId};

thread_local! {
    /// Empty when the thread works for no request.
    static CURRENT: RefCell<Correlation> = const { RefCell::new(Correlation::NONE) };
}

/// The ids that log lines carry: a request id, and a W3C trace id with the span id in it.
///
/// Small (72 bytes), and swapped into the thread-local slot without an allocation. The default one is empty and
/// stands for "no request".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlation {
    request_id: Option<RequestId>,
    trace: Option<(TraceId, SpanId)>,
}

impl Correlation {
    const NONE: Self = Self {
        request_id: None,
        trace: None,
    };

    /// A correlation with a request id and no trace.
    pub fn new(request_id: RequestId) -> Self {
        Self {
            request_id: Some(request_id),
            trace: None,
        }
    }

    /// The same, inside a trace. `span_id` is the span that this process works under.
    #[must_use]
    pub fn with_trace(mut self, trace_id: TraceId, span_id: SpanId) -> Self {
        self.trace = Some((trace_id, span_id));
        self
    }

    /// The request id, if there is one.
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// The trace id, if the work is part of a trace.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.trace.map(|(trace_id, _)| trace_id)
    }

    /// The span id, if the work is part of a trace.
    pub fn span_id(&self) -> Option<SpanId> {
        self.trace.map(|(_, span_id)| span_id)
    }

    /// Whether there is neither a request id nor a trace.
    pub fn is_empty(&self) -> bool {
        self.request_id.is_none() && self.trace.is_none()
    }

    /// Makes this the current correlation of the thread until the guard is dropped, also by a panic.
    ///
    /// Nests: the one that was current before is kept in `self` meanwhile and comes back. Guards must be dropped in
    /// the reverse order of entering, which scopes do by themselves. A guard that is leaked (`mem::forget`) leaves
    /// the correlation on the thread. Where the slot cannot be reached (during thread teardown, or from inside
    /// [`current`]) nothing happens.
    ///
    /// Never hold the guard across an `.await`: enter at each poll instead, as [`Correlated`] does.
    pub fn enter(&mut self) -> Entered<'_> {
        let swapped = swap(self);
        Entered {
            correlation: self,
            swapped,
            not_send: PhantomData,
        }
    }
}

/// Puts the previous correlation back when dropped. Made by [`Correlation::enter`].
#[derive(Debug)]
#[must_use = "the correlation is current only while the guard lives"]
pub struct Entered<'a> {
    correlation: &'a mut Correlation,
    swapped: bool,
    /// The slot belongs to the thread that entered.
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.swapped {
            swap(self.correlation);
        }
    }
}

/// Exchanges `correlation` with the thread's. False when the slot is gone or being read further up the stack.
fn swap(correlation: &mut Correlation) -> bool {
    CURRENT
        .try_with(|slot| match slot.try_borrow_mut() {
            Ok(mut current) => {
                mem::swap(&mut *current, correlation);
                true
            }
            Err(_) => false,
        })
        .unwrap_or(false)
}

/// Calls `read` with the thread's correlation, or `None` when it works for no request.
///
/// May be called from inside itself, and never panics by itself, not even while the thread is torn down.
pub fn current<R>(read: impl FnOnce(Option<&Correlation>) -> R) -> R {
    // Asked first, since `try_with` would take `read` away with it when it fails.
    if CURRENT.try_with(|_| ()).is_err() {
        return read(None);
    }
    CURRENT.with(|slot| match slot.try_borrow() {
        Ok(correlation) if !correlation.is_empty() => read(Some(&correlation)),
        _ => read(None),
    })
}

/// The id of the request that the thread works for.
pub fn request_id() -> Option<RequestId> {
    current(|correlation| correlation?.request_id.clone())
}
