//! The type that users see, written once for each kind of server.

/// Writes a database type: the struct, what it can do, and how it is wired.
macro_rules! server_database {
    (
        $(#[$doc:meta])*
        $handle:ident: $driver:ty,
        options: $options:ty,
        pool_options: $pool_options:ty,
        from_url: $from_url:path,
        with_name: $with_name:expr,
        limit_statements: $limit_statements:path,
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $handle(std::sync::Arc<Inner>);

        struct Inner {
            pool: $crate::pool::Pool<$driver>,
            addresses: std::sync::Mutex<$crate::server::Addresses<$options>>,
            replicas: $crate::server::Replicas<$handle>,
            plain: std::sync::OnceLock<sqlx::Pool<$driver>>,
        }

        impl $handle {
            /// Connects to the database of a configuration, as the component does. Runs no migrations.
            ///
            /// # Errors
            /// `Configuration` when there is no URL, or it is not one of this kind of database; `Unavailable` when the server
            /// does not let us in, or cannot be reached within `connect_timeout`. No error repeats the URL.
            ///
            /// # Cancellation
            /// Dropping the future closes what it opened.
            pub async fn connect(
                config: &$crate::DatabaseConfig,
            ) -> rustboot_core::Result<Self> {
                let addresses =
                    $crate::server::Addresses::of(config, "database", $from_url)?;
                Self::open(addresses, config, "database").await
            }

            pub(crate) async fn open(
                addresses: $crate::server::Addresses<$options>,
                config: &$crate::DatabaseConfig,
                name: &str,
            ) -> rustboot_core::Result<Self> {
                let policy = $crate::server::policy::<$driver>(config, name);
                let pool =
                    $crate::pool::Pool::connect(addresses.primary.options.clone(), policy).await?;
                let replicas = addresses.replicas.iter().enumerate().map(|(index, address)| {
                    let name = format!("{name}.replica{}", index + 1);
                    let policy = $crate::server::policy::<$driver>(config, &name);
                    Self(std::sync::Arc::new(Inner {
                        pool: pool.copy(address.options.clone(), policy),
                        addresses: std::sync::Mutex::new($crate::server::Addresses {
                            primary: address.clone(),
                            replicas: Vec::new(),
                        }),
                        replicas: $crate::server::Replicas::default(),
                        plain: std::sync::OnceLock::new(),
                    }))
                });
                let replicas = $crate::server::Replicas::watched(
                    replicas.collect(),
                    config.max_replica_lag,
                );
                Ok(Self(std::sync::Arc::new(Inner {
                    pool,
                    addresses: std::sync::Mutex::new(addresses),
                    replicas,
                    plain: std::sync::OnceLock::new(),
                })))
            }

            /// A transaction. Dropped without a commit, it is rolled back at once, by a task of its own.
            ///
            /// # Errors
            /// `Unavailable` when no connection gets free within `database.acquire_timeout`, or the server cannot be reached.
            ///
            /// # Cancellation
            /// Dropping the future leaves nothing open.
            pub async fn begin(
                &self,
            ) -> rustboot_core::Result<$crate::Transaction<$driver>> {
                self.0.pool.begin(true).await
            }

            /// A connection for several statements that need the same one.
            ///
            /// # Errors
            /// `Unavailable` when none gets free within `database.acquire_timeout`, or the server cannot be reached.
            pub async fn acquire(&self) -> rustboot_core::Result<$crate::Acquired<$driver>> {
                self.0.pool.acquire().await
            }

            /// Where to read: one of the replicas that are alive and not further behind than `database.max_replica_lag`, in
            /// turn; this very database when there is none. Each call decides anew. What is read from a replica may be older
            /// than what was just written.
            pub fn read(&self) -> &Self {
                self.0.replicas.choose().unwrap_or(self)
            }

            /// A plain sqlx pool on the same database, with the same limits, for libraries that want one. It is made at the
            /// first call, has connections of its own, and follows sqlx's policy: a ping before and after each use. After a
            /// reload of the configuration, new connections are made with the new URL and `statement_timeout`; those that are
            /// open stay, and so do `max_connections` and `acquire_timeout`.
            ///
            /// # Panics
            /// Outside of a tokio runtime.
            pub fn sqlx_pool(&self) -> &sqlx::Pool<$driver> {
                self.0.plain.get_or_init(|| {
                    // A reload comes before or after, not in between.
                    let _addresses = self
                        .0
                        .addresses
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    let policy = self.0.pool.policy();
                    let limit = self.0.pool.statement_limit();
                    <$pool_options>::new()
                        .max_connections(
                            u32::try_from(policy.max_connections).unwrap_or(u32::MAX),
                        )
                        .acquire_timeout(policy.acquire_timeout)
                        .after_connect(move |connection, _| {
                            Box::pin($limit_statements(connection, limit()))
                        })
                        .connect_lazy_with(self.0.pool.options())
                })
            }

            /// Runs the migrations that the database does not have yet, in the order of their versions. Several processes may
            /// do so at once; each waits for its turn for up to `database.connect_timeout`.
            ///
            /// # Errors
            /// When a migration fails; the error names its file and statement, and says what stays. When one was changed after
            /// it was applied, or is in the database and not in `migrations`. `Unavailable` when the lock is not free in time,
            /// or another process still runs a file outside of a transaction.
            ///
            /// # Cancellation
            /// Dropping the future gives up the migration that is under way, and the lock.
            pub async fn migrate(
                &self,
                migrations: &$crate::Migrations,
            ) -> rustboot_core::Result<()> {
                $crate::migrate::run(&self.0.pool, migrations).await
            }

            /// How full the pool is.
            pub fn status(&self) -> $crate::PoolStatus {
                self.0.pool.status()
            }

            /// Closes all connections, those to replicas included; nobody gets one any more. Those that are in use are waited
            /// for, up to `limit`.
            ///
            /// The application does this by itself when it stops. Dropping the last clone closes too, without waiting.
            ///
            /// # Errors
            /// `Timeout` when some were still in use; they close when they are given back.
            pub async fn close(
                &self,
                limit: std::time::Duration,
            ) -> rustboot_core::Result<()> {
                let plain = async {
                    if let Some(plain) = self.0.plain.get() {
                        let _in_time = tokio::time::timeout(limit, plain.close()).await;
                    }
                };
                let replicas = self.0.replicas.close(limit);
                let (closed, (), ()) = tokio::join!(self.0.pool.close(limit), plain, replicas);
                closed
            }

            pub(crate) fn pool(&self) -> &$crate::pool::Pool<$driver> {
                &self.0.pool
            }

            /// Goes on under new terms, and so does the plain pool, as far as sqlx lets it.
            fn renew_pools(
                &self,
                address: &$crate::server::Address<$options>,
                config: &$crate::DatabaseConfig,
                is_another: bool,
            ) {
                let pool = &self.0.pool;
                let policy = $crate::server::policy::<$driver>(config, pool.name());
                pool.renew(address.options.clone(), policy, is_another);
                if let Some(plain) = self.0.plain.get() {
                    plain.set_connect_options(address.options.clone());
                }
            }
        }

        impl $crate::server::Replica for $handle {
            type Driver = $driver;

            fn pool(&self) -> &$crate::pool::Pool<$driver> {
                self.pool()
            }
        }

        impl std::fmt::Debug for $handle {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let place = <$driver as $crate::pool::Driver>::place(&self.0.pool.options());
                write!(f, concat!(stringify!($handle), "({})"), place)
            }
        }

        $crate::handle::handle!($handle, $driver);

        impl $crate::wire::Wired for $handle {
            const TYPE: &'static str = stringify!($handle);
            type Target = $crate::server::Addresses<$options>;

            fn target(
                config: &$crate::DatabaseConfig,
                section: &str,
                context: &$crate::wire::Context,
            ) -> rustboot_core::Result<Self::Target> {
                let with_name: fn($options, &str) -> $options = $with_name;
                $crate::server::Addresses::of(config, section, |url| {
                    $from_url(url).map(|options| with_name(options, &context.app))
                })
            }

            fn describe(target: &Self::Target) -> String {
                <$driver as $crate::pool::Driver>::place(&target.primary.options)
            }

            async fn open(
                target: Self::Target,
                config: &$crate::DatabaseConfig,
                name: &str,
            ) -> rustboot_core::Result<Self> {
                Self::open(target, config, name).await
            }

            async fn migrate(
                &self,
                migrations: &$crate::Migrations,
            ) -> rustboot_core::Result<()> {
                Self::migrate(self, migrations).await
            }

            async fn close(&self, limit: std::time::Duration) -> rustboot_core::Result<()> {
                Self::close(self, limit).await
            }

            fn renew(&self, target: Self::Target, config: &$crate::DatabaseConfig) {
                let mut known = self
                    .0
                    .addresses
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let is_another = known.primary.mark != target.primary.mark;
                self.renew_pools(&target.primary, config, is_another);
                let replicas = self.0.replicas.members();
                for ((replica, new), old) in
                    replicas.zip(&target.replicas).zip(&known.replicas)
                {
                    // It is made with what is there now, or not at all, while this one is locked.
                    let _addresses = replica
                        .0
                        .addresses
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    replica.renew_pools(new, config, new.mark != old.mark);
                }
                if target.replicas.len() != known.replicas.len() {
                    tracing::warn!(
                        target: "rustboot::config",
                        database = self.0.pool.name(),
                        "another number of replicas needs a restart"
                    );
                }
                self.0.replicas.limit_lag(config.max_replica_lag);
                *known = target;
            }

            fn details(&self) -> Vec<(&'static str, serde_json::Value)> {
                let place = <$driver as $crate::pool::Driver>::place(&self.0.pool.options());
                vec![("at", place.into())]
            }

            fn replicas(&self) -> Vec<$crate::health::ReplicaHealth> {
                self.0.replicas.health()
            }
        }
    };
}

pub(crate) use server_database;
