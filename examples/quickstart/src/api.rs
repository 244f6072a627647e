//! The handlers. What can go wrong is in their types, and so in the OpenAPI document (`/openapi.json`, and `/docs` to try it out).

use rustboot::axum::response::NoContent;
use rustboot::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::LinksConfig;
use crate::input::{NewLink, Page};
use crate::links::{Link, Links, Target};

/// What a client is told when it gets no link.
#[derive(Debug, thiserror::Error, Problem)]
pub(crate) enum LinkError {
    #[error("there is no link with this code")]
    #[problem(status = 404, title = "No such link")]
    Unknown,
    #[error("the code is taken")]
    #[problem(status = 409)]
    Taken,
    #[error("the link has expired")]
    #[problem(status = 410)]
    Expired,
    /// Anything unexpected: a 500 that tells nothing but the request id to ask with, or a 503 when the database is away.
    #[error("{0}")]
    #[problem(transparent)]
    Other(#[problem(from)] Error),
}

/// A link as clients see it.
#[derive(Serialize, JsonSchema)]
struct LinkBody {
    code: String,
    /// Where it leads.
    url: String,
    short_url: String,
    /// How often it was followed.
    hits: u64,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct PageBody {
    items: Vec<LinkBody>,
    /// The `after` of the next page; null on the last one.
    next: Option<i64>,
}

/// Makes a link.
#[post("/api/links", tag = "links")]
async fn create(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Valid(Json(new)): Valid<Json<NewLink>>,
) -> Result<Status<201, (Location, Json<LinkBody>)>, LinkError> {
    let link = links.add(&new.url, new.code.as_deref(), new.ttl()).await?;
    let location = Location::to(format!("/api/links/{}", link.code));
    let body = show(link, &base_url(&config, &headers));
    Ok(Status((location, Json(body))))
}

/// Lists links, the newest first.
#[get("/api/links", tag = "links")]
async fn list(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Valid(Query(page)): Valid<Query<Page>>,
) -> Result<Json<PageBody>> {
    let before = page.after.unwrap_or(i64::MAX);
    let (items, more) = links.list(before, page.limit).await?;
    let next = items.last().filter(|_| more).map(|link| link.id);
    let base = base_url(&config, &headers);
    let items = items.into_iter().map(|link| show(link, &base)).collect();
    Ok(Json(PageBody { items, next }))
}

/// Shows a link.
#[get("/api/links/{code}", tag = "links")]
async fn read(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Result<Json<LinkBody>, LinkError> {
    let link = links.find(&code).await?.ok_or(LinkError::Unknown)?;
    Ok(Json(show(link, &base_url(&config, &headers))))
}

/// Removes a link.
#[delete("/api/links/{code}", tag = "links")]
async fn remove(links: Inject<Links>, Path(code): Path<String>) -> Result<NoContent, LinkError> {
    match links.remove(&code).await? {
        true => Ok(NoContent),
        false => Err(LinkError::Unknown),
    }
}

/// Follows a link.
#[get("/{code}", tag = "redirects")]
async fn follow(
    links: Inject<Links>,
    Path(code): Path<String>,
) -> Result<Status<302, Location>, LinkError> {
    let target: Target = links.target(&code).await?.ok_or(LinkError::Unknown)?;
    if target.is_expired() {
        return Err(LinkError::Expired);
    }
    links.hit(&target);
    Ok(Status(Location::to(target.url)))
}

fn show(link: Link, base_url: &str) -> LinkBody {
    LinkBody {
        short_url: format!("{base_url}/{}", link.code),
        code: link.code,
        url: link.url,
        hits: link.hits,
        created_at: link.created_at.to_string(),
        expires_at: link.expires_at.map(|time| time.to_string()),
    }
}

/// The configured address, or the one that the client used.
fn base_url(config: &LinksConfig, headers: &HeaderMap) -> String {
    if let Some(url) = &config.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}
