//! A future that waits beside a busy one and is seldom ready, such as the end of the connection that it stands next to.
//!
//! In a `select!` it would be polled whenever its neighbour is, which is several times a request. Here it has a waker of its
//! own, and is polled after that has been called.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use pin_project_lite::pin_project;

pin_project! {
    /// Ready when `F` is; costs a load and a comparison for a poll in which nothing has happened.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub(super) struct Seldom<F> {
        #[pin]
        future: F,
        bell: Arc<Bell>,
        // The task that the bell knows.
        task: Option<Waker>,
    }
}

/// Notes that its future has been woken, and wakes the task.
#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl<F> Seldom<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            future,
            bell: Arc::new(Bell {
                // A future wants to be polled once before it is woken.
                rung: AtomicBool::new(true),
                task: AtomicWaker::new(),
            }),
            task: None,
        }
    }
}

impl<F: Future> Future for Seldom<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let is_known = |task: &Waker| task.will_wake(context.waker());
        if !this.task.as_ref().is_some_and(is_known) {
            this.bell.task.register(context.waker());
            *this.task = Some(context.waker().clone());
        }
        // After the registration: who rings from here on wakes the task.
        if !this.bell.rung.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        // Ringing has used up the registration. Both before the poll: who rings during it is not lost.
        this.bell.task.register(context.waker());
        this.bell.rung.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(this.bell));
        this.future.poll(&mut Context::from_waker(&waker))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::mpsc;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn it_is_polled_once_for_each_time_that_it_was_woken() {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        // Ready with the third message.
        let third = std::future::poll_fn(move |context| {
            counted.fetch_add(1, Ordering::Relaxed);
            loop {
                match receiver.poll_recv(context) {
                    Poll::Ready(Some(3)) => return Poll::Ready(()),
                    Poll::Ready(_) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        let mut seldom = Box::pin(Seldom::new(third));
        let mut expected = 1;
        // Each of two tasks is woken more than once, and who polled it last is the one.
        for messages in [[1, 2], [0, 3]] {
            let task = Arc::new(Woken::default());
            let waker = Waker::from(Arc::clone(&task));
            let mut context = Context::from_waker(&waker);
            for (woken, message) in (1..).zip(messages) {
                for _ in 0..10 {
                    assert!(seldom.as_mut().poll(&mut context).is_pending());
                }
                assert_eq!(polls.load(Ordering::Relaxed), expected);
                sender.send(message).unwrap();
                assert_eq!(task.0.load(Ordering::Relaxed), woken);
                expected += 1;
            }
            assert_eq!(
                seldom.as_mut().poll(&mut context).is_ready(),
                messages[1] == 3
            );
        }
        assert_eq!(polls.load(Ordering::Relaxed), expected);
    }
}
