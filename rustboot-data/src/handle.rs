//! What `SqliteDb`, `PgDb` and `MySqlDb` have in common: each is an sqlx executor, a component, an extractor, and a database that
//! [`Tx`](crate::Tx) works with.

/// Writes those impls for a type that has `pool(&self) -> &Pool<$driver>`.
macro_rules! handle {
    ($handle:ident, $driver:ty) => {
        impl $crate::transaction::Transactional for $handle {
            type Driver = $driver;

            fn tx_pool(&self) -> &$crate::pool::Pool<$driver> {
                self.pool()
            }
        }

        // Messages of the compiler shall not depend on features.
        #[diagnostic::do_not_recommend]
        impl rustboot_core::component::Injectable for $handle {
            fn dependency() -> Option<rustboot_core::component::Dependency> {
                let key = rustboot_core::component::ComponentKey::of::<Self>();
                Some(rustboot_core::component::Dependency::required(key))
            }

            fn inject(
                resolver: &rustboot_core::component::Resolver<'_>,
            ) -> rustboot_core::Result<Self> {
                $crate::handle::found(resolver.component::<Self>(None), stringify!($handle), None)
            }
        }

        #[diagnostic::do_not_recommend]
        impl rustboot_core::component::TakenByName for $handle {
            fn dependency_named(name: &'static str) -> rustboot_core::component::Dependency {
                let key = rustboot_core::component::ComponentKey::of::<Self>();
                rustboot_core::component::Dependency::required(key.named(name))
            }

            fn inject_named(
                resolver: &rustboot_core::component::Resolver<'_>,
                name: &'static str,
            ) -> rustboot_core::Result<Self> {
                let found = resolver.component::<Self>(Some(name));
                $crate::handle::found(found, stringify!($handle), Some(name))
            }
        }

        #[cfg(feature = "axum")]
        impl<S: Send + Sync + 'static> axum_core::extract::FromRequestParts<S> for $handle {
            type Rejection = rustboot_core::Error;

            async fn from_request_parts(
                parts: &mut http::request::Parts,
                state: &S,
            ) -> rustboot_core::Result<Self> {
                rustboot_core::extract::injected(parts, state)
            }
        }

        impl<'c> sqlx::Executor<'c> for &'c $handle {
            type Database = $driver;

            fn execute<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_util::future::BoxFuture<
                'e,
                sqlx::Result<<$driver as sqlx::Database>::QueryResult>,
            >
            where
                'c: 'e,
                E: 'q + sqlx::Execute<'q, $driver>,
            {
                self.pool().execute(query)
            }

            fn fetch_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_util::stream::BoxStream<
                'e,
                sqlx::Result<
                    sqlx::Either<
                        <$driver as sqlx::Database>::QueryResult,
                        <$driver as sqlx::Database>::Row,
                    >,
                >,
            >
            where
                'c: 'e,
                E: 'q + sqlx::Execute<'q, $driver>,
            {
                self.pool().fetch_many(query)
            }

            fn fetch_all<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_util::future::BoxFuture<
                'e,
                sqlx::Result<Vec<<$driver as sqlx::Database>::Row>>,
            >
            where
                'c: 'e,
                E: 'q + sqlx::Execute<'q, $driver>,
            {
                self.pool().fetch_all(query)
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> futures_util::future::BoxFuture<
                'e,
                sqlx::Result<Option<<$driver as sqlx::Database>::Row>>,
            >
            where
                'c: 'e,
                E: 'q + sqlx::Execute<'q, $driver>,
            {
                self.pool().fetch_optional(query)
            }

            fn prepare_with<'e>(
                self,
                sql: sqlx::SqlStr,
                parameters: &'e [<$driver as sqlx::Database>::TypeInfo],
            ) -> futures_util::future::BoxFuture<
                'e,
                sqlx::Result<<$driver as sqlx::Database>::Statement>,
            >
            where
                'c: 'e,
            {
                self.pool().prepare_with(sql, parameters)
            }

            fn describe<'e>(
                self,
                sql: sqlx::SqlStr,
            ) -> futures_util::future::BoxFuture<'e, sqlx::Result<sqlx::Describe<$driver>>>
            where
                'c: 'e,
            {
                self.pool().describe(sql)
            }
        }
    };
}

pub(crate) use handle;

use std::sync::Arc;

use rustboot_core::{Error, ErrorKind, Result};

/// The database that was asked for, or the error of asking for one that is not there.
pub(crate) fn found<T: Clone>(
    component: Option<Arc<T>>,
    what: &str,
    name: Option<&str>,
) -> Result<T> {
    component.map(|db| T::clone(&db)).ok_or_else(|| {
        let name = name.map_or(String::new(), |name| format!(" of the name `{name}`"));
        Error::new(
            ErrorKind::Configuration,
            format!("there is no component {what}{name}"),
        )
    })
}
