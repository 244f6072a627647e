//! A stream written as a future that hands out its items one by one: sqlx's rows borrow the connection that they come
//! from, and here both live in the same future. A small, safe stand-in for generators, which Rust does not have yet.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use sqlx::Error;

/// Where an item lies between the future that makes it and the reader.
struct Slot<T>(Mutex<Option<T>>);

impl<T> Slot<T> {
    fn with<R>(&self, f: impl FnOnce(&mut Option<T>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The writing end, inside the future.
pub(crate) struct Outlet<T>(Arc<Slot<T>>);

impl<T> Outlet<T> {
    /// Hands out one item, and goes on when the reader comes for the next.
    pub(crate) async fn give(&self, item: T) {
        self.0.with(|slot| *slot = Some(item));
        // Pending once: the stream finds the item, and polls the future again only when it has been taken.
        poll_fn(|_| match self.0.with(|slot| slot.is_none()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// The stream. Dropping it drops the future with all that it holds.
pub(crate) struct Rows<'e, T> {
    future: Option<BoxFuture<'e, Result<(), Error>>>,
    slot: Arc<Slot<T>>,
}

impl<'e, T> Rows<'e, T> {
    pub(crate) fn new<Fut>(make: impl FnOnce(Outlet<T>) -> Fut) -> Self
    where
        Fut: Future<Output = Result<(), Error>> + Send + 'e,
    {
        let slot = Arc::new(Slot(Mutex::new(None)));
        Self {
            future: Some(Box::pin(make(Outlet(Arc::clone(&slot))))),
            slot,
        }
    }
}

impl<T> Stream for Rows<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(None);
        };
        match future.as_mut().poll(cx) {
            Poll::Ready(result) => {
                self.future = None;
                Poll::Ready(result.err().map(Err))
            }
            Poll::Pending => match self.slot.with(Option::take) {
                Some(item) => Poll::Ready(Some(Ok(item))),
                None => Poll::Pending,
            },
        }
    }
}
