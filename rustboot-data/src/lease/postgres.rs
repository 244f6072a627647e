//! Leases in PostgreSQL: a row each, with its owner and its end on the clock of the server. Every question is one statement.
//!
//! The row stays when a lease is given back, so that its token keeps growing; the token is the time of the server in
//! microseconds, and at least one more than the last, so that it keeps growing without the row as well.

use std::sync::Arc;
use std::time::Duration;

use rustboot_core::Result;
use tokio::sync::OnceCell;

use super::store::Taken;
use crate::PgDb;
use crate::error::from_sqlx;

/// The table. Two replicas that make it at once wait for each other: `IF NOT EXISTS` alone is no lock.
const CREATE: &str = "
DO $$ BEGIN
  IF to_regclass('rustboot_lease') IS NULL THEN
    PERFORM pg_advisory_xact_lock(8247625236470915443);
    CREATE TABLE IF NOT EXISTS rustboot_lease (
      name text PRIMARY KEY,
      owner text NOT NULL,
      token bigint NOT NULL,
      ends_at timestamptz NOT NULL
    );
  END IF;
END $$";

const TAKE: &str = "
INSERT INTO rustboot_lease AS old (name, owner, token, ends_at)
VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp() + $3 * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET
  owner = excluded.owner,
  token = CASE WHEN old.owner = excluded.owner AND old.ends_at > clock_timestamp() THEN old.token
    ELSE greatest(old.token + 1, excluded.token) END,
  ends_at = excluded.ends_at
WHERE old.owner = excluded.owner OR old.ends_at <= clock_timestamp()
RETURNING token";

const HOLDER: &str = "
SELECT owner, (extract(epoch FROM ends_at - clock_timestamp()) * 1000000)::bigint
FROM rustboot_lease WHERE name = $1 AND ends_at > clock_timestamp()";

const RENEW: &str = "
UPDATE rustboot_lease SET ends_at = clock_timestamp() + $3 * interval '1 microsecond'
WHERE name = $1 AND owner = $2 AND ends_at > clock_timestamp()";

const RELEASE: &str = "
UPDATE rustboot_lease SET ends_at = clock_timestamp()
WHERE name = $1 AND owner = $2 AND ends_at > clock_timestamp()";

/// All of them.
#[derive(Clone)]
pub(crate) struct Leases {
    db: PgDb,
    table: Arc<OnceCell<()>>,
}

impl Leases {
    pub(super) fn new(db: PgDb) -> Self {
        Self {
            db,
            table: Arc::default(),
        }
    }

    async fn table(&self) -> Result<()> {
        let create = || async { sqlx::query(CREATE).execute(&self.db).await.map(drop) };
        let made = self.table.get_or_try_init(create).await;
        made.copied().map_err(|error| {
            from_sqlx(
                error,
                "the table rustboot_lease is not there, and could not be made",
            )
        })
    }

    pub(super) async fn take(&self, name: &str, owner: &str, lease: Duration) -> Result<Taken> {
        self.table().await?;
        // Whoever only looks changes nothing: the statement below locks the row.
        if let Some((holder, rest)) = self.holder(name).await?
            && holder != owner
        {
            return Ok(Taken::Theirs(Some(rest)));
        }
        let token: Option<(i64,)> = sqlx::query_as(TAKE)
            .bind(name)
            .bind(owner)
            .bind(micros(lease))
            .fetch_optional(&self.db)
            .await
            .map_err(|error| failed("taken", name, error))?;
        if let Some((token,)) = token {
            return Ok(Taken::Ours(u64::try_from(token).unwrap_or_default()));
        }
        let rest = self.holder(name).await?.map(|(_, rest)| rest);
        Ok(Taken::Theirs(rest))
    }

    /// Who has it, and for how long.
    pub(super) async fn holder(&self, name: &str) -> Result<Option<(String, Duration)>> {
        let found: Option<(String, i64)> = sqlx::query_as(HOLDER)
            .bind(name)
            .fetch_optional(&self.db)
            .await
            .map_err(|error| failed("looked at", name, error))?;
        Ok(found.map(|(owner, rest)| {
            let rest = Duration::from_micros(u64::try_from(rest).unwrap_or_default());
            (owner, rest)
        }))
    }

    pub(super) async fn renew(&self, name: &str, owner: &str, lease: Duration) -> Result<bool> {
        let renewed = sqlx::query(RENEW)
            .bind(name)
            .bind(owner)
            .bind(micros(lease))
            .execute(&self.db)
            .await
            .map_err(|error| failed("renewed", name, error))?;
        Ok(renewed.rows_affected() > 0)
    }

    pub(super) async fn release(&self, name: &str, owner: &str) -> Result<bool> {
        let released = sqlx::query(RELEASE)
            .bind(name)
            .bind(owner)
            .execute(&self.db)
            .await
            .map_err(|error| failed("released", name, error))?;
        Ok(released.rows_affected() > 0)
    }
}

/// As `double precision`, which an interval can be multiplied by.
fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn failed(what: &str, name: &str, error: sqlx::Error) -> rustboot_core::Error {
    from_sqlx(
        error,
        format_args!("the lease `{name}` could not be {what}"),
    )
}
