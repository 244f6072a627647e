//! Who listens to what. The connection looks here for what it should be subscribed to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use super::message::Message;
use super::metrics::Metrics;
use super::queue::Queue;

/// One channel that somebody listens to.
struct Channel {
    name: Arc<str>,
    listeners: Vec<Arc<Queue>>,
    /// Whether messages arrive.
    live: watch::Sender<bool>,
}

/// All channels.
pub(super) struct Board {
    channels: Mutex<HashMap<Arc<str>, Channel>>,
    /// Channels that somebody listens to since, or nobody any more.
    changed: Mutex<Vec<Arc<str>>>,
    pub(super) change: Notify,
    /// Whether messages arrive by themselves: in memory.
    always_live: bool,
    pub(super) metrics: Metrics,
}

impl Board {
    pub(super) fn new(always_live: bool) -> Self {
        Self {
            channels: Mutex::default(),
            changed: Mutex::default(),
            change: Notify::new(),
            always_live,
            metrics: Metrics::new(),
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Arc<str>, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, channel: Arc<str>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.push(channel);
        drop(changed);
        self.change.notify_one();
    }

    /// Adds a listener. What comes back says when messages arrive.
    pub(super) fn listen(&self, name: &str, queue: &Arc<Queue>) -> watch::Receiver<bool> {
        self.metrics.subscribed();
        let mut channels = self.channels();
        if let Some(channel) = channels.get_mut(name) {
            channel.listeners.push(Arc::clone(queue));
            return channel.live.subscribe();
        }
        let name: Arc<str> = name.into();
        let channel = Channel {
            name: Arc::clone(&name),
            listeners: vec![Arc::clone(queue)],
            live: watch::Sender::new(self.always_live),
        };
        let live = channel.live.subscribe();
        channels.insert(Arc::clone(&name), channel);
        // Under the lock of the channels, so that this and its opposite are told in order.
        self.tell(name);
        live
    }

    /// Takes a listener away.
    pub(super) fn leave(&self, name: &str, queue: &Arc<Queue>) {
        self.metrics.unsubscribed();
        let mut channels = self.channels();
        let Some(channel) = channels.get_mut(name) else {
            return;
        };
        channel.listeners.retain(|other| !Arc::ptr_eq(other, queue));
        if channel.listeners.is_empty()
            && let Some(channel) = channels.remove(name)
        {
            self.tell(channel.name);
        }
    }

    /// Hands a message to all who listen. Says whether there was anybody.
    pub(super) fn deliver(&self, name: &str, payload: Bytes) -> bool {
        let channels = self.channels();
        let Some(channel) = channels.get(name) else {
            return false;
        };
        self.metrics.received();
        let message = Message::new(&channel.name, payload);
        for listener in &channel.listeners {
            if listener.push(message.clone()) {
                self.metrics.lost();
            }
        }
        true
    }

    /// The channels that changed since the last call, and whether somebody listens to each now.
    #[cfg(feature = "redis")]
    pub(super) fn changes(&self) -> Vec<(Arc<str>, bool)> {
        let channels = self.channels();
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = std::mem::take(&mut *changed);
        let wanted = |name: Arc<str>| {
            let wanted = channels.contains_key(&name);
            (name, wanted)
        };
        changed.into_iter().map(wanted).collect()
    }

    /// Every channel that somebody listens to.
    #[cfg(feature = "redis")]
    pub(super) fn all(&self) -> Vec<Arc<str>> {
        let channels = self.channels();
        // They are all told now.
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.clear();
        channels.keys().cloned().collect()
    }

    /// Messages of these arrive from now on.
    #[cfg(feature = "redis")]
    pub(super) fn live(&self, names: &[Arc<str>]) {
        let channels = self.channels();
        for channel in names.iter().filter_map(|name| channels.get(name)) {
            channel.live.send_replace(true);
        }
    }

    /// The connection is gone.
    #[cfg(feature = "redis")]
    pub(super) fn interrupted(&self) {
        self.metrics.interrupted();
        for channel in self.channels().values() {
            // One that was never live has not missed anything.
            if channel.live.send_replace(false) {
                for listener in &channel.listeners {
                    listener.interrupted();
                }
            }
        }
    }

    /// Ends all subscriptions.
    pub(super) fn end(&self) {
        for channel in self.channels().values() {
            for listener in &channel.listeners {
                listener.end();
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.channels().len()
    }
}
