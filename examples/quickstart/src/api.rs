//! The handlers. Errors need no code here: `?` turns a missing row into a 404, a taken code into a 409, and anything
//! unexpected into a 500 that tells the client nothing but the request id to ask with.

use rustboot::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::LinksConfig;
use crate::input::{NewLink, Page};
use crate::links::{Link, Links, Target};

/// A link as clients see it.
#[derive(Serialize, JsonSchema)]
struct LinkBody {
    code: String,
    url: String,
    short_url: String,
    hits: u64,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct PageBody {
    items: Vec<LinkBody>,
    /// The `after` of the next page.
    next: Option<String>,
}

#[post("/api/links")]
async fn create(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Valid(Json(new)): Valid<Json<NewLink>>,
) -> Result<Response> {
    let link = links.add(&new.url, new.code.as_deref(), new.ttl()).await?;
    let location = format!("/api/links/{}", link.code);
    let body = show(link, &base_url(&config, &headers));
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(body),
    )
        .into_response())
}

#[get("/api/links")]
async fn list(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Valid(Query(page)): Valid<Query<Page>>,
) -> Result<Json<PageBody>> {
    let before = match &page.after {
        Some(code) => {
            let unknown = || {
                Error::invalid("the page cannot be found")
                    .with_parameter("after", "is not the code of a link")
            };
            links.find(code).await?.ok_or_else(unknown)?.id
        }
        None => i64::MAX,
    };
    let (items, more) = links.list(before, page.limit).await?;
    let base = base_url(&config, &headers);
    let items: Vec<LinkBody> = items.into_iter().map(|link| show(link, &base)).collect();
    let next = items.last().filter(|_| more).map(|link| link.code.clone());
    Ok(Json(PageBody { items, next }))
}

#[get("/api/links/{code}")]
async fn read(
    links: Inject<Links>,
    config: Config<LinksConfig>,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Result<Json<LinkBody>> {
    let link: Link = links.find(&code).await?.or_not_found()?;
    Ok(Json(show(link, &base_url(&config, &headers))))
}

#[delete("/api/links/{code}")]
async fn remove(links: Inject<Links>, Path(code): Path<String>) -> Result<StatusCode> {
    let removed = links.remove(&code).await?;
    removed.then_some(StatusCode::NO_CONTENT).or_not_found()
}

#[get("/{code}")]
async fn follow(links: Inject<Links>, Path(code): Path<String>) -> Result<Response> {
    let target: Target = links.target(&code).await?.or_not_found()?;
    if target.is_expired() {
        return Err(Error::gone("the link has expired"));
    }
    links.hit(&target);
    Ok((StatusCode::FOUND, [(header::LOCATION, target.url)]).into_response())
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
