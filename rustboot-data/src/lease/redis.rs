//! Leases in Redis. Each is a key with the owner in it, that ends by itself; what looks and changes is one script.
//!
//! The token is the time of the server in microseconds, and at least one more than the last: it keeps growing when the key
//! with the last one is gone, and when the server has lost all it knew.

use std::sync::Arc;
use std::time::Duration;

use redis::{AsyncCommands as _, RedisError, RedisResult, Script};
use rustboot_core::Result;

use super::store::Taken;
use crate::Redis;
use crate::redis::from_redis;

/// For how long the last token is remembered. From then on the time alone is larger.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

const TAKE: &str = r"
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {1, tonumber(redis.call('GET', KEYS[2]))}
end
if holder then
  return {0, redis.call('PTTL', KEYS[1])}
end
local time = redis.call('TIME')
local token = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if token <= last then
  token = last + 1
end
redis.call('SET', KEYS[2], string.format('%.0f', token), 'PX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, token}
";

const RENEW: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
";

const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
";

struct Scripts {
    take: Script,
    renew: Script,
    release: Script,
}

/// All of them.
#[derive(Clone)]
pub(crate) struct Leases {
    redis: Redis,
    scripts: Arc<Scripts>,
}

impl Leases {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            redis,
            scripts: Arc::new(Scripts {
                take: Script::new(TAKE),
                renew: Script::new(RENEW),
                release: Script::new(RELEASE),
            }),
        }
    }

    /// The key of a lease. What is in braces decides where in a cluster it lives, so that its token lives there too.
    fn key(&self, name: &str) -> String {
        // A brace inside would end that early.
        let name = name.replace('%', "%25").replace('}', "%7D");
        self.redis.key(format_args!("lock:{{{name}}}"))
    }

    pub(super) async fn take(&self, name: &str, owner: &str, lease: Duration) -> Result<Taken> {
        let key = self.key(name);
        let (taken, number): (u8, i64) = self
            .scripts
            .take
            .key(&key)
            .key(format!("{key}:token"))
            .arg(owner)
            .arg(millis(lease))
            .arg(millis(MEMORY))
            .invoke_async(&mut &self.redis)
            .await
            .map_err(|error| failed("taken", name, error))?;
        let number = u64::try_from(number).ok();
        Ok(match taken {
            1 => Taken::Ours(number.unwrap_or_default()),
            _ => Taken::Theirs(number.map(Duration::from_millis)),
        })
    }

    /// Who has it.
    pub(super) async fn holder(&self, name: &str) -> Result<Option<String>> {
        let found: RedisResult<Option<String>> = (&self.redis).get(self.key(name)).await;
        found.map_err(|error| failed("looked at", name, error))
    }

    pub(super) async fn renew(&self, name: &str, owner: &str, lease: Duration) -> Result<bool> {
        let mut script = self.scripts.renew.key(self.key(name));
        script
            .arg(owner)
            .arg(millis(lease))
            .invoke_async(&mut &self.redis)
            .await
            .map_err(|error| failed("renewed", name, error))
    }

    pub(super) async fn release(&self, name: &str, owner: &str) -> Result<bool> {
        let mut script = self.scripts.release.key(self.key(name));
        script
            .arg(owner)
            .invoke_async(&mut &self.redis)
            .await
            .map_err(|error| failed("released", name, error))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn failed(what: &str, name: &str, error: RedisError) -> rustboot_core::Error {
    from_redis(error, format_args!("the lock `{name}` could not be {what}"))
}
