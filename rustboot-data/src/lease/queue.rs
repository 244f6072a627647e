//! Lines of those who wait in this process. Only the first of each asks the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// One line for each name, while somebody stands in it.
#[derive(Clone, Default)]
pub(crate) struct Queues(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

/// The first place of a line. Dropping it lets the next one in.
pub(crate) struct Place {
    queues: Queues,
    name: String,
    line: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Queues {
    fn lines(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, name: &str) -> Place {
        let line = {
            let mut lines = self.lines();
            let line = lines.get(name).cloned();
            line.unwrap_or_else(|| {
                let line = Arc::new(Semaphore::new(1));
                lines.insert(name.to_owned(), Arc::clone(&line));
                line
            })
        };
        Place {
            queues: self.clone(),
            name: name.to_owned(),
            line,
            permit: None,
        }
    }

    /// The first place, and whether somebody else had it until now. `None` when it is not free by then.
    pub(crate) async fn wait(&self, name: &str, until: Instant) -> Option<(Place, bool)> {
        let mut place = self.place(name);
        let line = || Arc::clone(&place.line);
        let (permit, waited) = match line().try_acquire_owned() {
            Ok(permit) => (permit, false),
            Err(_) => {
                let permit = timeout_at(until, line().acquire_owned()).await;
                // A line is never closed.
                (permit.ok()?.ok()?, true)
            }
        };
        place.permit = Some(permit);
        Some((place, waited))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lines().len()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut lines = self.queues.lines();
        // The line itself, and us: nobody else stands in it.
        if Arc::strong_count(&self.line) == 2 {
            lines.remove(&self.name);
        }
    }
}
