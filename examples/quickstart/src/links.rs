//! Links, in SQLite or PostgreSQL, with their hits counted in memory. Both understand the same statements; only the types are named
//! once for each.
//!
//! A redirect reads nothing but the cache once a link is in it. Whoever changes a link takes it out again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustboot::prelude::*;
use rustboot::sqlx::{self, FromRow, Row};
use serde::{Deserialize, Serialize};

use crate::LinksConfig;
use crate::api::LinkError;

#[cfg(not(feature = "postgres"))]
pub(crate) type Db = SqliteDb;
#[cfg(not(feature = "postgres"))]
type DbRow = sqlx::sqlite::SqliteRow;

#[cfg(feature = "postgres")]
pub(crate) type Db = PgDb;
#[cfg(feature = "postgres")]
type DbRow = sqlx::postgres::PgRow;

/// A short link.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: i64,
    pub(crate) code: String,
    pub(crate) url: String,
    pub(crate) hits: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Where a link leads: what a redirect needs of it, and nothing that changes while people follow it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    id: i64,
    pub(crate) url: String,
    /// In milliseconds since 1970.
    expires_at: Option<i64>,
}

impl Target {
    pub(crate) fn is_expired(&self) -> bool {
        let now = Timestamp::now().as_millisecond();
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// The links of the application. Cloning copies handles.
#[derive(Clone)]
pub(crate) struct Links {
    db: Db,
    cache: Cache,
    config: Config<LinksConfig>,
    /// Hits by link that are not in the database yet.
    hits: Arc<Mutex<HashMap<i64, u64>>>,
}

impl Links {
    pub(crate) fn new(db: Db, cache: Cache, config: Config<LinksConfig>) -> Self {
        Self {
            db,
            cache,
            config,
            hits: Arc::default(),
        }
    }

    /// Adds a link, under a code of its own when none is given. A code that is taken is a conflict.
    pub(crate) async fn add(
        &self,
        url: &str,
        code: Option<&str>,
        ttl: Option<Duration>,
    ) -> Result<Link, LinkError> {
        let now = Timestamp::now();
        let expires_at = ttl.map(|ttl| now.checked_add(ttl)).transpose();
        let expires_at = expires_at.map_err(Error::from)?;
        let code = match code {
            Some(code) => code.to_owned(),
            None => generate_code(self.config.code_length),
        };
        let link: Link = sqlx::query_as(
            "INSERT INTO links (code, url, created_at, expires_at) VALUES ($1, $2, $3, $4) \
             RETURNING id, code, url, hits, created_at, expires_at",
        )
        .bind(code)
        .bind(url)
        .bind(now.as_millisecond())
        .bind(expires_at.map(Timestamp::as_millisecond))
        .fetch_one(&self.db)
        .await
        .map_err(|error| match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => LinkError::Taken,
            _ => LinkError::Other(error.into()),
        })?;
        // Somebody may have asked for the code before, and heard that there is none.
        self.forget(&link.code).await;
        Ok(link)
    }

    /// Where a code leads. Asked for at every redirect: a stale answer is given at once while the database is asked again.
    #[cached(key = "target:{code}", ttl = "60s", stale = "30s")]
    pub(crate) async fn target(&self, code: &str) -> Result<Option<Target>> {
        let target: Option<(i64, String, Option<i64>)> =
            sqlx::query_as("SELECT id, url, expires_at FROM links WHERE code = $1")
                .bind(code)
                .fetch_optional(&self.db)
                .await?;
        Ok(target.map(|(id, url, expires_at)| Target {
            id,
            url,
            expires_at,
        }))
    }

    /// After every change of a link.
    async fn forget(&self, code: &str) {
        self.cache.remove(&cache_key!("target:{code}")).await;
    }

    pub(crate) async fn find(&self, code: &str) -> Result<Option<Link>> {
        let link = sqlx::query_as(
            "SELECT id, code, url, hits, created_at, expires_at FROM links WHERE code = $1",
        )
        .bind(code)
        .fetch_optional(&self.db)
        .await?;
        Ok(link.map(|link| self.with_new_hits(link)))
    }

    /// The newest links below `before` (an id), and whether there are more.
    pub(crate) async fn list(&self, before: i64, limit: u32) -> Result<(Vec<Link>, bool)> {
        let mut links: Vec<Link> = sqlx::query_as(
            "SELECT id, code, url, hits, created_at, expires_at FROM links WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.db)
        .await?;
        let more = links.len() > limit as usize;
        links.truncate(limit as usize);
        Ok((
            links
                .into_iter()
                .map(|link| self.with_new_hits(link))
                .collect(),
            more,
        ))
    }

    /// Removes a link. False when there was none.
    pub(crate) async fn remove(&self, code: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM links WHERE code = $1")
            .bind(code)
            .execute(&self.db)
            .await?;
        self.forget(code).await;
        Ok(done.rows_affected() > 0)
    }

    /// Counts a hit.
    pub(crate) fn hit(&self, target: &Target) {
        *self.unwritten().entry(target.id).or_default() += 1;
    }

    /// Writes what was counted since the last time. When that fails, it is kept for the next time.
    pub(crate) async fn write_hits(&self) -> Result<()> {
        let counted = std::mem::take(&mut *self.unwritten());
        if counted.is_empty() {
            return Ok(());
        }
        let written = self.write(&counted).await;
        if written.is_err() {
            let mut hits = self.unwritten();
            for (id, count) in counted {
                *hits.entry(id).or_default() += count;
            }
        }
        written
    }

    async fn write(&self, counted: &HashMap<i64, u64>) -> Result<()> {
        let mut tx = self.db.begin().await?;
        for (id, count) in counted {
            sqlx::query("UPDATE links SET hits = hits + $1 WHERE id = $2")
                .bind(i64::try_from(*count)?)
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    fn with_new_hits(&self, mut link: Link) -> Link {
        link.hits += self.unwritten().get(&link.id).copied().unwrap_or_default();
        link
    }

    fn unwritten(&self) -> std::sync::MutexGuard<'_, HashMap<i64, u64>> {
        // Nothing in here can panic half-way.
        self.hits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FromRow<'_, DbRow> for Link {
    fn from_row(row: &DbRow) -> sqlx::Result<Self> {
        let time = |millisecond| {
            Timestamp::from_millisecond(millisecond).map_err(|e| sqlx::Error::Decode(e.into()))
        };
        Ok(Self {
            id: row.try_get("id")?,
            code: row.try_get("code")?,
            url: row.try_get("url")?,
            hits: row.try_get::<i64, _>("hits")?.unsigned_abs(),
            created_at: time(row.try_get("created_at")?)?,
            expires_at: row
                .try_get::<Option<i64>, _>("expires_at")?
                .map(time)
                .transpose()?,
        })
    }
}

fn generate_code(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}
