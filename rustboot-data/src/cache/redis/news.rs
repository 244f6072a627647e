//! What the replicas tell each other: a key was removed, everything was. Whoever may have missed some forgets what is in
//! his memory; the values are in Redis.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::store::OnRedis;
use crate::cache::inner::Inner;
use crate::{Message, Subscription};

/// How often is looked whether the connection was lost, whether there are removals that Redis has not heard of, and whether
/// everything was removed. It is also what notices that Redis is back when nobody asks for anything.
const ROUND: Duration = Duration::from_millis(500);

/// Listens until the cache is gone. Its owner is the cache, which drops it when it closes.
pub(crate) async fn listen(cache: Weak<Inner>, tier: Arc<OnRedis>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut subscription: Option<(Subscription, Heard)> = None;
    loop {
        tier.listens.send_replace(subscription.is_some());
        let message = match &mut subscription {
            Some((subscription, _)) => tokio::select! {
                message = subscription.recv() => match message {
                    Some(message) => Some(message),
                    // The application stops.
                    None => return,
                },
                _ = rounds.tick() => None,
                () = tier.recovered.notified() => None,
            },
            None => {
                tokio::select! {
                    _ = rounds.tick() => {}
                    () = tier.recovered.notified() => {}
                }
                None
            }
        };
        let Some(cache) = cache.upgrade() else { return };
        if let Some(message) = &message {
            take(&cache, &tier, message);
            continue;
        }
        tier.pay().await;
        if !tier.is_wanted() {
            subscription = None;
            tier.forget_epoch();
            continue;
        }
        if tier.epoch_has_changed().await {
            // News of it was lost, or the epoch was.
            cache.memory.clear();
        }
        match &mut subscription {
            Some((subscription, heard)) => {
                let now = Heard::of(subscription);
                if now != *heard {
                    *heard = now;
                    start_over(&cache, &tier);
                }
            }
            None => {
                // While Redis is down that is known at once, or within the limit of a command.
                if let Ok(new) = tier.pubsub.subscribe(&tier.channel()).await {
                    let heard = Heard::of(&new);
                    subscription = Some((new, heard));
                    start_over(&cache, &tier);
                }
            }
        }
    }
}

/// What was missed so far.
#[derive(PartialEq, Eq)]
struct Heard(u64, u64);

impl Heard {
    fn of(subscription: &Subscription) -> Self {
        let missed = subscription.missed();
        Self(missed.overflowed, missed.interruptions)
    }
}

fn take(cache: &Inner, tier: &OnRedis, message: &Message) {
    let Ok(text) = message.text() else { return };
    // The names of all replicas have one length.
    let Some((replica, news)) = text.split_at_checked(tier.replica.len()) else {
        return;
    };
    if replica == tier.replica {
        return;
    }
    match news.split_at_checked(1) {
        Some(("r", key)) => cache.memory.remove(key),
        Some(("c", _)) => start_over(cache, tier),
        _ => {}
    }
}

fn start_over(cache: &Inner, tier: &OnRedis) {
    tier.forget_epoch();
    cache.memory.clear();
}
