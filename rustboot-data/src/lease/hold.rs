//! Keeps a lease: asks for more time long before it ends, and tells its owner when it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustboot_core::Result;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::queue::Place;
use super::store::{Store, Taken};

/// Between attempts to reach a store that does not answer.
const RETRY: Duration = Duration::from_millis(250);

/// A lease that may be ours: what gives it back when it is dropped.
pub(crate) struct Claim {
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) owner: String,
    /// The next in this process comes when the store knows that we have gone.
    place: Option<Place>,
    /// Whether there may be something to give back.
    armed: bool,
}

impl Claim {
    pub(crate) fn new(store: &Store, name: &str, place: Option<Place>) -> Self {
        let mut claim = Self::named(store, name, &std::process::id().to_string());
        claim.place = place;
        claim
    }

    /// One whose owner others can read.
    pub(crate) fn named(store: &Store, name: &str, owner: &str) -> Self {
        Self {
            store: store.clone(),
            name: name.to_owned(),
            owner: format!("{owner}-{:032x}", fastrand::u128(..)),
            place: None,
            armed: false,
        }
    }

    /// One attempt. When it fails, or is dropped before its end, the lease may be ours: then dropping the claim gives it back.
    pub(crate) async fn attempt(&mut self, lease: Duration) -> Result<Taken> {
        self.armed = true;
        let taken = self.store.take(&self.name, &self.owner, lease).await?;
        if let Taken::Theirs(_) = taken {
            self.armed = false;
        }
        Ok(taken)
    }

    /// Gives it back. Says whether it still was ours.
    pub(crate) async fn release(mut self) -> Result<bool> {
        let released = self.store.release(&self.name, &self.owner).await;
        self.armed = released.is_err();
        released
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let (store, name) = (self.store.clone(), std::mem::take(&mut self.name));
        let (owner, place) = (std::mem::take(&mut self.owner), self.place.take());
        if let Some(memory) = store.here() {
            memory.release(&name, &owner);
            return;
        }
        // Without a runtime there is no connection either, and it ends by itself.
        if let Ok(runtime) = Handle::try_current() {
            // It ends with the limit of a command.
            runtime.spawn(async move {
                if let Err(error) = store.release(&name, &owner).await {
                    tracing::debug!(target: "rustboot::lock", lock = name, error = %error, "it ends with its lease");
                }
                drop(place);
            });
        }
    }
}

/// What the owner and the task that renews have in common.
struct Shared {
    base: Instant,
    /// Until when it is ours for sure, in microseconds since `base`.
    until: AtomicU64,
    lost: CancellationToken,
}

impl Shared {
    fn extend(&self, until: Instant) {
        let micros = until.saturating_duration_since(self.base).as_micros();
        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
        self.until.store(micros, Ordering::Release);
    }

    fn until(&self) -> Instant {
        self.base + Duration::from_micros(self.until.load(Ordering::Acquire))
    }
}

/// A lease that is ours.
pub(crate) struct Hold {
    claim: Option<Claim>,
    token: u64,
    shared: Arc<Shared>,
    renewal: Option<AbortHandle>,
}

impl Hold {
    /// Begins to renew. `asked` is from before the question: from then on the store counts at the latest.
    pub(crate) fn begin(claim: Claim, token: u64, asked: Instant, lease: Duration) -> Self {
        let shared = Arc::new(Shared {
            base: asked,
            until: AtomicU64::new(0),
            lost: CancellationToken::new(),
        });
        let renewal = claim.store.expires().then(|| {
            shared.extend(asked + certain(lease));
            let (store, shared) = (claim.store.clone(), Arc::clone(&shared));
            let (name, owner) = (claim.name.clone(), claim.owner.clone());
            // Its owner is the hold, which ends it.
            let task = Handle::current().spawn(async move {
                renew(&store, &name, &owner, lease, &shared).await;
                shared.lost.cancel();
            });
            task.abort_handle()
        });
        Self {
            claim: Some(claim),
            token,
            shared,
            renewal,
        }
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn name(&self) -> &str {
        self.claim.as_ref().map_or("", |claim| &claim.name)
    }

    /// Whether it is ours at this moment, as far as can be known from here.
    pub(crate) fn is_held(&self) -> bool {
        !self.shared.lost.is_cancelled()
            && (self.renewal.is_none() || Instant::now() < self.shared.until())
    }

    /// Ends when it is lost.
    pub(crate) async fn lost(&self) {
        self.shared.lost.cancelled().await;
    }

    /// Gives it back. Says whether it still was ours.
    pub(crate) async fn release(mut self) -> Result<bool> {
        self.stop_renewing();
        match self.claim.take() {
            Some(claim) => claim.release().await,
            None => Ok(false),
        }
    }

    fn stop_renewing(&self) {
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.stop_renewing();
    }
}

/// What of a lease can be relied on: our clock and that of the store do not run at quite the same speed.
fn certain(lease: Duration) -> Duration {
    lease - lease / 50
}

/// Ends when the lease is lost.
async fn renew(store: &Store, name: &str, owner: &str, lease: Duration, shared: &Shared) {
    loop {
        let until = shared.until();
        // Two more attempts fit in before the end.
        sleep_until(until - certain(lease) * 2 / 3).await;
        loop {
            let asked = Instant::now();
            match timeout_at(until, store.renew(name, owner, lease)).await {
                Ok(Ok(true)) => {
                    shared.extend(asked + certain(lease));
                    break;
                }
                Ok(Ok(false)) => {
                    tracing::warn!(target: "rustboot::lock", lock = name, "the lock is lost: somebody else may have it");
                    return;
                }
                Ok(Err(error)) => {
                    tracing::debug!(target: "rustboot::lock", lock = name, error = %error, "the lock could not be renewed");
                    if asked + RETRY < until {
                        sleep(RETRY.min(lease / 10)).await;
                        continue;
                    }
                }
                Err(_) => {}
            }
            sleep_until(until).await;
            tracing::warn!(target: "rustboot::lock", lock = name, "the lock is lost: it could not be renewed in time");
            return;
        }
    }
}
