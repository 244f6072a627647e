//! Who may call a route: what the route demands, and who enforces it.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use rustboot_core::AppContext;
use rustboot_core::component::BoxFuture;
use rustboot_core::report::Problem;

use super::SecurityScheme;
use super::mapped::MappedRoute;
use super::mounted::Listed;

/// What a route demands of whoever calls it. It is data: an [`Authenticator`] enforces it. A route that demands something
/// while nobody enforces it keeps the application from starting (exit code 78).
///
/// ```
/// use rustboot_web::RouteSecurity;
///
/// const STAFF: RouteSecurity = RouteSecurity::new().scheme("bearer").roles(&["admin", "support"]);
/// assert!(STAFF.permits(["support"]));
/// assert!(!STAFF.permits(["customer"]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RouteSecurity {
    /// How the caller proves who it is: the name of a security scheme, `bearer`. Unset: the only one that there is.
    pub scheme: Option<&'static str>,
    /// The roles of which the caller needs one. Empty: anybody who has proved who they are.
    pub roles: &'static [&'static str],
    /// Whether everybody may call it, whatever the group of the route demands.
    pub permit_all: bool,
}

impl RouteSecurity {
    /// Nothing is demanded.
    pub const fn new() -> Self {
        Self {
            scheme: None,
            roles: &[],
            permit_all: false,
        }
    }

    /// The caller proves who it is by this security scheme.
    #[must_use]
    pub const fn scheme(mut self, name: &'static str) -> Self {
        self.scheme = Some(name);
        self
    }

    /// The caller needs one of these roles.
    #[must_use]
    pub const fn roles(mut self, roles: &'static [&'static str]) -> Self {
        self.roles = roles;
        self
    }

    /// Everybody may call it, whatever the group of the route demands.
    #[must_use]
    pub const fn permit_all(mut self) -> Self {
        self.permit_all = true;
        self
    }

    /// What is wrong when [`contradicts_itself`](Self::contradicts_itself).
    pub(crate) const CONTRADICTION: &'static str =
        "it permits everybody, and demands roles or a security scheme as well";

    /// Whether it says that everybody may, and that not everybody may.
    pub(crate) fn contradicts_itself(&self) -> bool {
        self.permit_all && (self.scheme.is_some() || !self.roles.is_empty())
    }

    /// What a route with these demands in a group with the others demands: what it says itself, and what it leaves out from
    /// the group.
    pub(crate) fn within(self, group: &Self) -> Self {
        let says_nothing = self == Self::new();
        Self {
            scheme: self.scheme.or(group.scheme),
            roles: match self.roles {
                [] => group.roles,
                own => own,
            },
            permit_all: self.permit_all || (says_nothing && group.permit_all),
        }
    }

    /// Whether it demands anything.
    pub const fn is_demanding(&self) -> bool {
        !self.permit_all && (self.scheme.is_some() || !self.roles.is_empty())
    }

    /// Whether a caller with these roles has one that is demanded. Also when none is.
    pub fn permits<'a>(&self, roles: impl IntoIterator<Item = &'a str>) -> bool {
        self.permit_all
            || self.roles.is_empty()
            || roles.into_iter().any(|role| self.roles.contains(&role))
    }
}

/// Enforces what routes demand. A module that brings authentication registers one for each of its security schemes with
/// [`authenticator`](crate::WebAppBuilder::authenticator).
///
/// It is asked for every request to a route or a mounted router whose [`RouteSecurity`] demands something, and for no other: behind the limits
/// (in flight, declared length of the body), inside of the panic guard and the timeout of the route, before the layers of the
/// route and before anything reads the body. A preflight request is answered before it is asked.
///
/// ```
/// use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
/// use http::request::Parts;
/// use rustboot_core::{AppContext, Error, ErrorKind};
/// use rustboot_web::{Authenticator, RouteSecurity};
///
/// struct OneToken;
///
/// impl Authenticator for OneToken {
///     async fn authenticate(
///         &self,
///         request: &mut Parts,
///         demanded: &RouteSecurity,
///         _app: &AppContext,
///     ) -> axum::response::Result<()> {
///         match request.headers.get(AUTHORIZATION) {
///             Some(token) if token == "Bearer s3cret" && demanded.permits(["admin"]) => Ok(()),
///             Some(token) if token == "Bearer s3cret" => {
///                 Err(Error::new(ErrorKind::Forbidden, "an admin may do that").into())
///             }
///             // RFC 9110 11.6.1: a 401 says how to do better.
///             _ => Err(([(WWW_AUTHENTICATE, "Bearer")], Error::new(ErrorKind::Unauthorized, "a token is needed")).into()),
///         }
///     }
/// }
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// Lets a request pass, or says what is answered instead: mostly an [`Error`](rustboot_core::Error) of the kind
    /// `Unauthorized` (401) or `Forbidden` (403), which becomes a problem like any other. Who the caller is goes into
    /// `request.extensions`, where extractors find it.
    ///
    /// The future is dropped when the client goes away, and at the timeout of the route.
    ///
    /// # Errors
    /// The answer of a request that may not pass.
    fn authenticate(
        &self,
        request: &mut Parts,
        demanded: &RouteSecurity,
        app: &AppContext,
    ) -> impl Future<Output = axum::response::Result<()>> + Send;

    /// What the OpenAPI document says of its security scheme. Without it, that of the name: HTTP's `basic`, and a bearer token
    /// for every other name.
    fn scheme(&self) -> Option<SecurityScheme> {
        None
    }
}

/// [`Authenticator`] behind a pointer.
pub(crate) trait ErasedAuthenticator: Send + Sync {
    /// The answer of a request that may not pass.
    fn refusal<'a>(
        &'a self,
        request: &'a mut Parts,
        demanded: &'a RouteSecurity,
        app: &'a AppContext,
    ) -> BoxFuture<'a, Option<Response>>;

    /// What the OpenAPI document says.
    #[cfg(feature = "openapi")]
    fn described(&self) -> Option<SecurityScheme>;
}

impl<A: Authenticator> ErasedAuthenticator for A {
    fn refusal<'a>(
        &'a self,
        request: &'a mut Parts,
        demanded: &'a RouteSecurity,
        app: &'a AppContext,
    ) -> BoxFuture<'a, Option<Response>> {
        Box::pin(async move {
            match self.authenticate(request, demanded, app).await {
                Ok(()) => None,
                refused => Some(refused.into_response()),
            }
        })
    }

    #[cfg(feature = "openapi")]
    fn described(&self) -> Option<SecurityScheme> {
        self.scheme()
    }
}

/// Who decides whether a request may pass, and what is demanded of it.
#[derive(Clone)]
pub(crate) struct Guard {
    authenticator: Arc<dyn ErasedAuthenticator>,
    demanded: RouteSecurity,
}

impl Guard {
    /// The answer of a request that may not pass.
    pub(crate) async fn refusal(&self, request: &mut Parts, app: &AppContext) -> Option<Response> {
        let refusal = self.authenticator.refusal(request, &self.demanded, app);
        refusal.await
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Guard").field(&self.demanded).finish()
    }
}

/// Everybody who enforces something, by security scheme.
#[derive(Clone, Default)]
pub(crate) struct Authenticators(Vec<(&'static str, Arc<dyn ErasedAuthenticator>)>);

impl Authenticators {
    pub(crate) fn add(&mut self, scheme: &'static str, authenticator: impl Authenticator) {
        self.0.push((scheme, Arc::new(authenticator)));
    }

    /// Every security scheme, with what the OpenAPI document says of it.
    #[cfg(feature = "openapi")]
    pub(crate) fn schemes(&self) -> Vec<(&'static str, SecurityScheme)> {
        let described = |(name, by): &(&'static str, Arc<dyn ErasedAuthenticator>)| {
            let scheme = by.described();
            (
                *name,
                scheme.unwrap_or_else(|| SecurityScheme::by_name(name)),
            )
        };
        self.0.iter().map(described).collect()
    }

    /// Who enforces that. `None` when nothing is demanded.
    ///
    /// # Errors
    /// Nobody does, or it cannot be told who: a sentence, and what to do.
    pub(crate) fn of(&self, demanded: &RouteSecurity) -> Result<Option<Guard>, (String, String)> {
        if !demanded.is_demanding() {
            return Ok(None);
        }
        let guard = |authenticator: &Arc<dyn ErasedAuthenticator>| {
            Some(Guard {
                authenticator: Arc::clone(authenticator),
                demanded: *demanded,
            })
        };
        let known: Vec<&str> = self.0.iter().map(|(scheme, _)| *scheme).collect();
        let known = known.join(", ");
        let what = match demanded.scheme {
            Some(scheme) => format!("the security scheme {scheme:?}"),
            None => format!("one of the roles {}", demanded.roles.join(", ")),
        };
        match (demanded.scheme, &self.0[..]) {
            (_, []) => Err((
                format!("it demands {what}, and nothing in this application enforces that: it would be open to everybody"),
                "add a module that brings an authenticator (`app.authenticator(…)`), or take `roles` and `security` away".to_owned(),
            )),
            (None, [(_, only)]) => Ok(guard(only)),
            (None, _) => Err((
                format!("it demands {what}, and there are several security schemes: {known}"),
                "name one: `security = \"…\"`".to_owned(),
            )),
            (Some(scheme), all) => match all.iter().find(|(known, _)| *known == scheme) {
                Some((_, authenticator)) => Ok(guard(authenticator)),
                None => Err((
                    format!("it demands {what}, which nothing in this application enforces"),
                    format!("the security schemes that are enforced are: {known}"),
                )),
            },
        }
    }

    /// The schemes that two want to enforce, and the routes and routers that nobody does.
    pub(crate) fn problems(&self, routes: &[MappedRoute], mounted: &[Listed]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (i, (scheme, _)) in self.0.iter().enumerate() {
            if self.0[..i].iter().any(|(earlier, _)| earlier == scheme) {
                problems.push(
                    Problem::new(
                        format!("the security scheme {scheme:?}"),
                        "two authenticators enforce it",
                    )
                    .note("help: `app.authenticator(…)` is called once for each scheme"),
                );
            }
        }
        for route in routes {
            if let Err((message, help)) = self.of(&route.security) {
                problems.push(route.problem(message).note(format!("help: {help}")));
            }
        }
        for router in mounted {
            if let Err((message, help)) = self.of(&router.settings.security) {
                problems.push(router.problem(message).note(format!("help: {help}")));
            }
        }
        problems
    }
}

impl std::fmt::Debug for Authenticators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(scheme, _)| scheme))
            .finish()
    }
}
