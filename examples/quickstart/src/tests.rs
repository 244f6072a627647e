//! The service from the outside, each test with a database of its own: an SQLite file, or with the feature `postgres` a
//! database of PostgreSQL. What needs a process of its own (signals, restarts) is in `tests/`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

use std::time::Duration;

use rustboot::serde_json::{Value, json};
use rustboot::sqlx;

use super::*;

#[rustboot::test]
async fn links_are_made_read_followed_and_removed(app: TestApp) {
    let new = json!({"url": "https://example.com/a?b=c", "code": "guide", "ttl": "1h"});
    let made = app.post("/api/links").json(&new).await;
    made.assert_status(201)
        .assert_header("location", "/api/links/guide")
        .assert_json_has(json!({
            "code": "guide",
            "url": "https://example.com/a?b=c",
            "short_url": format!("{}/guide", app.base_url()),
            "hits": 0,
        }));
    let link: Value = made.json();
    let time = |name: &str| {
        let text = link[name].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap()
    };
    let lasts = time("expires_at") - time("created_at");
    assert_eq!(lasts, jiff::Span::new().seconds(3600).fieldwise());

    app.get("/api/links/guide")
        .await
        .assert_json_has(json!({"url": link["url"]}));
    app.get("/guide")
        .await
        .assert_status(302)
        .assert_header("location", "https://example.com/a?b=c");
    app.get("/api/links/guide")
        .await
        .assert_json_has(json!({"hits": 1}));

    app.delete("/api/links/guide").await.assert_status(204);
    app.delete("/api/links/guide").await.assert_problem(404);
    app.get("/guide").await.assert_problem(404);
}

#[rustboot::test(set("links.code_length" = 12, "links.public_url" = "https://sho.rt/"))]
async fn a_code_is_generated_as_it_is_configured(app: TestApp) {
    let new = json!({"url": "http://example.com"});
    let link: Value = app.post("/api/links").json(&new).await.json();
    let code = link["code"].as_str().unwrap();
    assert_eq!(code.len(), 12);
    assert_eq!(link["short_url"], format!("https://sho.rt/{code}"));
    assert_eq!(link["expires_at"], json!(null));
}

#[rustboot::test]
async fn pages_follow_each_other_newest_first(app: TestApp) {
    for n in 0..7 {
        let new = json!({"url": format!("https://example.com/{n}"), "code": format!("link-{n}")});
        app.post("/api/links").json(&new).await.assert_status(201);
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = app.get("/api/links").query([("limit", "3")]);
        let page: Value = page
            .query(after.iter().map(|code| ("after", code)))
            .await
            .json();
        let codes = page["items"].as_array().unwrap().iter();
        seen.extend(codes.map(|link| link["code"].as_str().unwrap().to_owned()));
        match page["next"].as_i64() {
            Some(next) => after = Some(next.to_string()),
            None => break,
        }
    }
    let newest_first: Vec<String> = (0..7).rev().map(|n| format!("link-{n}")).collect();
    assert_eq!(seen, newest_first);
}

#[rustboot::test]
async fn bad_input_is_refused_with_one_entry_a_field(app: TestApp) {
    let long = format!("https://example.com/{}", "x".repeat(2048));
    for (body, pointers) in [
        (json!({"url": "ftp://example.com"}), vec!["/url"]),
        (json!({"url": "javascript:alert(1)"}), vec!["/url"]),
        (json!({"url": long}), vec!["/url"]),
        (
            json!({"url": "https://e.com", "code": "a b c"}),
            vec!["/code"],
        ),
        (
            json!({"url": "https://e.com", "code": "health"}),
            vec!["/code"],
        ),
        (json!({"url": "https://user@e.com"}), vec!["/url"]),
        (json!({"url": "https://e.com:x"}), vec!["/url"]),
        (json!({"url": "https://e.com", "ttl": "-1h"}), vec!["/ttl"]),
        (
            json!({"url": "https://e.com", "ttl": "10000d"}),
            vec!["/ttl"],
        ),
        (json!({"url": "https://e.com", "ttl": "1w"}), vec!["/ttl"]),
        (
            json!({"url": "x", "code": "!", "ttl": "0s"}),
            vec!["/url", "/code", "/ttl"],
        ),
        (json!({}), vec!["/url"]),
        (json!([]), vec![""]),
    ] {
        let answer = app.post("/api/links").json(&body).await;
        answer.assert_invalid(&pointers);
        assert_eq!(answer.problem().request_id.as_deref(), answer.request_id());
    }
    for (name, value) in [("limit", "0"), ("limit", "101"), ("after", "gone")] {
        let page = app.get("/api/links").query([(name, value)]).await;
        page.assert_invalid(&[name]);
    }
    let cut = app.post("/api/links").body("application/json", "{").await;
    cut.assert_problem(400);

    let new = json!({"url": "https://e.com", "code": "twice"});
    app.post("/api/links").json(&new).await.assert_status(201);
    app.post("/api/links").json(&new).await.assert_problem(409);
}

#[rustboot::test]
async fn an_expired_link_is_gone(app: TestApp) {
    let new = json!({"url": "https://e.com", "code": "brief", "ttl": "1ms"});
    app.post("/api/links").json(&new).await.assert_status(201);
    app.wait_until("it has expired", async || {
        app.get("/brief").await.status() == 410
    })
    .await;
}

/// Hits are written once a second. Until then they are in memory only.
#[rustboot::test(start_paused = true)]
async fn hits_are_written_by_the_task(app: TestApp) -> Result<()> {
    let new = json!({"url": "https://e.com", "code": "busy"});
    app.post("/api/links").json(&new).await.assert_status(201);
    for _ in 0..5 {
        app.get("/busy").await.assert_status(302);
    }
    let db = app.component::<Db>();
    let written = async || {
        let row: (i64,) = sqlx::query_as("SELECT hits FROM links WHERE code = 'busy'")
            .fetch_one(&*db)
            .await
            .unwrap();
        row.0
    };
    assert_eq!(written().await, 0);
    app.advance(Duration::from_secs(2)).await;
    app.wait_until("the hits are written", async || written().await == 5)
        .await;
    Ok(())
}

#[rustboot::test]
async fn what_it_does_can_be_seen(app: TestApp) {
    let new = json!({"url": "https://e.com", "code": "seen"});
    app.post("/api/links").json(&new).await.assert_status(201);
    app.get("/seen").await.assert_status(302);
    let follow = [("http_route", "/{code}")];
    app.wait_until("the request is measured", async || {
        let metrics = app.metrics();
        metrics.value("http_server_request_duration_seconds_count", &follow) == Some(1.0)
    })
    .await;
    app.logs().level("ERROR").assert_none();
    app.get("/health/database")
        .await
        .assert_json_has(json!({"status": "UP"}));
}

/// What a redirect needs is asked of the database once, and again after every change.
#[rustboot::test]
async fn redirects_are_cached_until_the_link_changes(app: TestApp) {
    let make = async |url: &str| {
        let new = json!({"url": url, "code": "moved"});
        app.post("/api/links").json(&new).await.assert_status(201);
    };
    let leads_to = async |url: &str| {
        let followed = app.get("/moved").await;
        followed.assert_status(302).assert_header("location", url);
    };

    // That there is no such link is known for a while, but not after it was made.
    app.get("/moved").await.assert_problem(404);
    app.get("/moved").await.assert_problem(404);
    make("https://example.com/one").await;
    for _ in 0..100 {
        leads_to("https://example.com/one").await;
    }
    let metrics = app.metrics();
    let loads = [("cache", "default"), ("outcome", "success")];
    let hits = [("cache", "default"), ("tier", "memory"), ("state", "fresh")];
    assert_eq!(
        metrics.value("cache_load_duration_seconds_count", &loads),
        Some(2.0)
    );
    assert_eq!(metrics.value("cache_hits_total", &hits), Some(100.0));

    app.delete("/api/links/moved").await.assert_status(204);
    app.get("/moved").await.assert_problem(404);
    make("https://example.com/two").await;
    leads_to("https://example.com/two").await;
    app.get("/api/links/moved")
        .await
        .assert_json_has(json!({"hits": 1}));
}
