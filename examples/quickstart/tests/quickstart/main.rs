//! What the quickstart promises, over HTTP and with real signals.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

#[cfg(feature = "postgres")]
#[path = "../../../../conformance/tests/databases/postgres.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod postgres;
mod process;

use process::Quickstart;
use rustboot::serde_json::json;

#[test]
fn links_are_made_read_listed_followed_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();

    let made = client.post(
        "/api/links",
        r#"{"url":"https://example.com/a?b=c","code":"docs","ttl":"1h"}"#,
    );
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("location"), Some("/api/links/docs"));
    let link = made.json();
    assert_eq!(link["code"], "docs");
    assert_eq!(link["url"], "https://example.com/a?b=c");
    assert_eq!(
        link["short_url"],
        json!(format!("http://{}/docs", app.address))
    );
    assert_eq!(link["hits"], 0);
    let time = |name: &str| {
        link[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert_eq!(
        time("expires_at") - time("created_at"),
        jiff::Span::new().seconds(3600).fieldwise()
    );

    let generated = client
        .post("/api/links", r#"{"url":"http://example.com"}"#)
        .json();
    assert_eq!(generated["code"].as_str().unwrap().len(), 7);
    assert_eq!(generated["expires_at"], json!(null));

    assert_eq!(client.get("/api/links/docs").json()["url"], link["url"]);
    assert_eq!(client.get("/api/links/nope").status, 404);

    let followed = client.get("/docs");
    assert_eq!(
        (followed.status, followed.header("location")),
        (302, Some("https://example.com/a?b=c"))
    );
    assert_eq!(client.get("/api/links/docs").json()["hits"], 1);
    assert_eq!(client.get("/nope").status, 404);

    assert_eq!(client.delete("/api/links/docs").status, 204);
    assert_eq!(client.delete("/api/links/docs").status, 404);
    assert_eq!(client.get("/docs").status, 404);
    assert_eq!(app.terminate(), Some(0));
}

#[test]
fn pages_follow_each_other_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    for n in 0..7 {
        let body = format!(r#"{{"url":"https://example.com/{n}","code":"link-{n}"}}"#);
        assert_eq!(client.post("/api/links", &body).status, 201);
    }
    let mut seen = Vec::new();
    let mut path = "/api/links?limit=3".to_owned();
    loop {
        let page = client.get(&path).json();
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["code"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/api/links?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!(
        seen,
        [
            "link-6", "link-5", "link-4", "link-3", "link-2", "link-1", "link-0"
        ]
    );
    assert_eq!(
        client.get("/api/links").json()["items"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
}

#[test]
fn bad_input_is_refused_with_one_entry_a_field() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    let long = format!(r#"{{"url":"https://example.com/{}"}}"#, "x".repeat(2048));
    for (body, status, pointers) in [
        (r#"{"url":"ftp://example.com"}"#, 422, vec!["/url"]),
        (r#"{"url":"example.com"}"#, 422, vec!["/url"]),
        (r#"{"url":"https://"}"#, 422, vec!["/url"]),
        (r#"{"url":"javascript:alert(1)"}"#, 422, vec!["/url"]),
        (long.as_str(), 422, vec!["/url"]),
        (r#"{"url":"https://e.com","code":"ab"}"#, 422, vec!["/code"]),
        (
            r#"{"url":"https://e.com","code":"a b c"}"#,
            422,
            vec!["/code"],
        ),
        (
            r#"{"url":"https://e.com","code":"health"}"#,
            422,
            vec!["/code"],
        ),
        (r#"{"url":"https://e.com","ttl":"soon"}"#, 422, vec!["/ttl"]),
        (r#"{"url":"https://e.com","ttl":"-1h"}"#, 422, vec!["/ttl"]),
        (
            r#"{"url":"x","code":"!","ttl":"0s"}"#,
            422,
            vec!["/code", "/ttl", "/url"],
        ),
        (r#"{"url":7}"#, 422, vec!["/url"]),
        ("{}", 422, vec!["/url"]),
        ("[]", 422, vec![""]),
        ("{", 400, vec![]),
        ("", 400, vec![]),
    ] {
        let answer = client.post("/api/links", body);
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answer.invalid(), pointers, "{body}");
        assert_eq!(
            answer.json()["request_id"].as_str(),
            answer.header("x-request-id")
        );
    }
    for (query, parameters) in [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=x", ["limit"]),
        ("after=gone", ["after"]),
    ] {
        let answer = client.get(&format!("/api/links?{query}"));
        assert_eq!(
            (answer.status, answer.invalid()),
            (422, parameters.map(String::from).to_vec()),
            "{query}"
        );
    }
    assert_eq!(
        client
            .post("/api/links", r#"{"url":"https://e.com","code":"twice"}"#)
            .status,
        201
    );
    assert_eq!(
        client
            .post("/api/links", r#"{"url":"https://e.com","code":"twice"}"#)
            .status,
        409
    );
    let put = client.get("/api/links/");
    assert_eq!(put.status, 404);
}

#[test]
fn an_expired_link_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    let made = client.post(
        "/api/links",
        r#"{"url":"https://e.com","code":"brief","ttl":"1ms"}"#,
    );
    assert_eq!(made.status, 201, "{}", made.body);
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(client.get("/brief").status, 410);
}

/// The counts of the last second are in memory only; the stop hook writes them.
#[test]
fn no_hit_is_lost_when_it_is_stopped_right_after_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    client.post(
        "/api/links",
        r#"{"url":"https://example.com","code":"busy"}"#,
    );
    for _ in 0..1000 {
        assert_eq!(client.get("/busy").status, 302);
    }
    assert_eq!(app.terminate(), Some(0));

    let again = Quickstart::start(dir.path());
    assert_eq!(again.client().get("/api/links/busy").json()["hits"], 1000);
}

#[test]
fn it_is_healthy_and_observable() {
    let dir = tempfile::tempdir().unwrap();
    let app = Quickstart::start(dir.path());
    let mut client = app.client();
    let health = client.get("/health");
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "UP");
    assert_eq!(health.json()["components"]["database"]["status"], "UP");
    assert_eq!(client.get("/health/database").json()["status"], "UP");
    assert_eq!(
        (client.get("/live").status, client.get("/ready").status),
        (200, 200)
    );
    client.get("/nothing-here");
    let metrics = client.get("/metrics").body;
    assert!(metrics.contains(r#"http_route="/{code}""#), "{metrics}");
    assert!(
        metrics.contains("db_client_operation_duration_seconds"),
        "{metrics}"
    );
}
