//! A PostgreSQL server of the tests' own, which ends with this process.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustboot_servers::Postgres;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

pub(super) struct Server {
    postgres: Postgres,
    pub(super) port: u16,
}

impl Server {
    /// A server with an empty cluster. Blocks.
    pub(super) fn start() -> Self {
        Self::of(Postgres::start().unwrap())
    }

    /// A physical replica of this one, by streaming replication. Blocks.
    pub(super) fn replica(&self) -> Self {
        Self::of(self.postgres.replica().unwrap())
    }

    fn of(postgres: Postgres) -> Self {
        let port = postgres.port().unwrap();
        Self { postgres, port }
    }

    /// A new, empty database.
    pub(super) async fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = sqlx::PgConnection::connect(&self.postgres.url())
            .await
            .unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        admin.execute(create).await.unwrap();
        self.postgres.url_of(&name)
    }
}

impl std::ops::Deref for Server {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.postgres
    }
}

/// The one that tests share which do not hurt it. It lives as long as the process.
pub(super) async fn shared() -> &'static Server {
    static SHARED: LazyLock<Server> = LazyLock::new(Server::start);
    tokio::task::spawn_blocking(|| &*SHARED).await.unwrap()
}
