//! Routes that not everybody may call, and who sees to it.

use rustboot::axum::Router;
use rustboot::axum::extract::Request;
use rustboot::axum::http::request::Parts;
use rustboot::axum::middleware::{Next, from_fn};
use rustboot::axum::routing::{get, post};
use rustboot::prelude::*;
use rustboot::{
    Authenticator, ByteSize, ErrorKind, MountSettings, RouteSecurity, RouteSettings, SecurityScheme,
};

/// Who calls: `authorization: Bearer NAME:ROLE`.
#[derive(Debug, Clone)]
struct Caller {
    name: String,
    role: String,
}

/// Believes everything.
pub(crate) struct Bearer;

impl Authenticator for Bearer {
    async fn authenticate(
        &self,
        request: &mut Parts,
        demanded: &RouteSecurity,
        app: &AppContext,
    ) -> rustboot::axum::response::Result<()> {
        // As one that asks somebody else.
        rustboot::tokio::task::yield_now().await;
        let token = request.headers.get(header::AUTHORIZATION);
        let caller = token
            .and_then(|token| token.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| token.split_once(':'));
        let Some((name, role)) = caller else {
            let realm = format!("Bearer realm={:?}", app.info().name);
            let error = Error::new(ErrorKind::Unauthorized, "a token is needed");
            return Err(([(header::WWW_AUTHENTICATE, realm)], error).into());
        };
        if name == "mallory" {
            panic!("nobody expects mallory");
        }
        if !demanded.permits([role]) {
            return Err(Error::new(ErrorKind::Forbidden, "another role is needed").into());
        }
        let caller = Caller {
            name: name.to_owned(),
            role: role.to_owned(),
        };
        request.extensions.insert(caller);
        Ok(())
    }

    fn scheme(&self) -> Option<SecurityScheme> {
        let format = Some("NAME:ROLE".to_owned());
        Some(SecurityScheme::Bearer { format })
    }
}

#[post("/guarded/orders", security = "bearer", roles("admin", "support"))]
async fn order(Extension(caller): Extension<Caller>, body: String) -> String {
    rustboot::tracing::info!("the handler runs");
    format!("{} the {}: {body}", caller.name, caller.role)
}

/// Whoever has proved who they are. There is one scheme, so that it need not be named.
#[get("/guarded/{id}", security = "bearer")]
async fn anyone(Extension(caller): Extension<Caller>, Path(id): Path<u32>) -> String {
    format!("{} asks for {id}", caller.name)
}

#[get("/guarded/staff", roles("admin"))]
async fn staff() -> &'static str {
    "staff"
}

/// What the router demands of whoever calls it, whatever is called.
pub(crate) fn demands() -> MountSettings {
    MountSettings::new()
        .limits(
            RouteSettings::new()
                .max_in_flight(3)
                .body_limit(ByteSize::bytes(64)),
        )
        .security(RouteSecurity::new().roles(&["admin", "support"]))
}

/// With a layer of its own.
pub(crate) fn router() -> Router {
    let log = from_fn(async |request: Request, next: Next| {
        rustboot::tracing::info!("the layer runs");
        next.run(request).await
    });
    Router::new()
        .route("/guarded-router/orders", post(order))
        .route("/guarded-router/{id}", get(anyone))
        .layer(log)
}

#[get("/guarded/open", permit_all)]
async fn open() -> &'static str {
    "open"
}
