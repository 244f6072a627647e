//! Leases for tasks that run on one replica only: what rustboot-core asks for, made of what there is.

use std::time::Duration;

use rustboot_core::Result;
use rustboot_core::component::BoxFuture;
use rustboot_core::schedule::{Attempt, HeldLease, LeaseStore};
use tokio::time::Instant;

use super::{Claim, Hold, Store, Taken};

/// Leases of tasks in a store that all replicas share.
pub(crate) struct TaskLeases {
    pub(crate) name: &'static str,
    pub(crate) store: Store,
}

impl LeaseStore for TaskLeases {
    fn name(&self) -> &'static str {
        self.name
    }

    fn try_hold<'a>(
        &'a self,
        lease: &'a str,
        holder: &'a str,
        length: Duration,
    ) -> BoxFuture<'a, Result<Attempt>> {
        Box::pin(async move {
            let mut claim = Claim::named(&self.store, lease, holder);
            let asked = Instant::now();
            match claim.attempt(length).await? {
                Taken::Ours(token) => {
                    let hold = Hold::begin(claim, token, asked, length);
                    Ok(Attempt::Held(Box::new(hold)))
                }
                Taken::Theirs(ends_in) => Ok(Attempt::Taken {
                    by: self.store.holder(lease).await?.map(without_id),
                    ends_in,
                }),
            }
        })
    }
}

/// The name of a holder, without what makes it his alone.
fn without_id(owner: String) -> String {
    match owner.rsplit_once('-') {
        Some((name, _)) => name.to_owned(),
        None => owner,
    }
}

impl HeldLease for Hold {
    fn token(&self) -> u64 {
        self.token()
    }

    fn lost(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.lost())
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { (*self).release().await.map(drop) })
    }
}
