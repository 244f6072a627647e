//! Swagger UI: a page and its files out of the program, with nothing that a browser would have to get from elsewhere.

use crate::harness::{Sandbox, Service};
use crate::http::{Request, Response};
use crate::problems::problem;

/// What the page loads: the addresses in its attributes, as a browser would resolve them from `/docs`.
async fn loaded(service: &Service) -> Vec<String> {
    let page = service.get("/docs").await;
    let attributes = page.text().split('"').skip(1).step_by(2);
    let addresses = attributes.filter(|value| value.starts_with("docs/"));
    addresses.map(|address| format!("/{address}")).collect()
}

fn is_kept_for_good(answer: &Response) -> bool {
    answer
        .header("cache-control")
        .is_some_and(|value| value.contains("immutable"))
}

#[tokio::test]
async fn the_page_loads_from_the_service_and_may_load_from_nowhere_else() {
    let service = Sandbox::new().start().await;
    let page = service.get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("<title>rustboot-conformance</title>"));
    let policy = page.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|found| found == part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.text().contains("<script>") && !page.text().contains("://"));

    let files = loaded(&service).await;
    for part in ["bundle.js?", "swagger-ui.css?", "docs.js", "licenses.txt"] {
        assert!(files.iter().any(|file| file.contains(part)), "{files:?}");
    }
    for file in files {
        let answer = service.get(&file).await;
        assert_eq!(answer.status, 200, "{file}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.body.len() > 100, "{file}");
        assert_eq!(is_kept_for_good(&answer), file.contains('?'), "{file}");
        if file.contains(".js") {
            assert_eq!(
                answer.header("content-type"),
                Some("text/javascript; charset=utf-8")
            );
        }
    }
    let licenses = service.get("/docs/licenses.txt").await;
    for text in ["SmartBear Software", "Apache License", "Facebook"] {
        assert!(licenses.text().contains(text), "{text}");
    }
}

#[tokio::test]
async fn files_are_sent_compressed_and_not_twice() {
    let service = Sandbox::new().start().await;
    let target = "/docs/swagger-ui-bundle.js";
    let answer = service
        .send(Request::get(target).header("accept-encoding", "br, gzip"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    assert!(answer.body.starts_with(&[0x1f, 0x8b]) && answer.body.len() > 400_000);
    let head = service.send(Request::new("HEAD", target)).await;
    assert_eq!(
        head.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    for target in [target, "/docs", "/docs/docs.css"] {
        let etag = service.get(target).await.header("etag").unwrap().to_owned();
        for known in [etag.clone(), format!("\"other\", W/{etag}")] {
            let again = service
                .send(Request::get(target).header("if-none-match", &known))
                .await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{target}");
            assert_eq!(again.header("etag"), Some(etag.as_str()));
            assert_eq!(again.header("content-encoding"), None);
        }
        let other = Request::get(target).header("if-none-match", "\"other\"");
        assert_eq!(service.send(other).await.status, 200);
    }
    let refused = service
        .send(Request::get(target).header("accept-encoding", "identity"))
        .await;
    problem(target, &refused, 406);
    let small = Request::get("/docs/docs.js").header("accept-encoding", "identity");
    assert_eq!(service.send(small).await.status, 200);
}

/// A page at `/docs/` would look for its files in `/docs/docs/`.
#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_page() {
    let service = Sandbox::new().start().await;
    let answer = service.get("/docs/").await;
    assert_eq!(answer.status, 308);
    // Relative, since nobody knows what a proxy has cut off in front.
    assert_eq!(answer.header("location"), Some("../docs"));
}

#[tokio::test]
async fn it_is_there_in_dev_and_where_it_is_wanted() {
    let prod = || {
        Sandbox::new()
            .env("APP_ENV", "prod")
            .env("APP_SERVER__HOST", "127.0.0.1")
    };
    for (sandbox, is_there) in [
        (Sandbox::new(), true),
        (prod(), false),
        (prod().env("APP_OPENAPI__UI", "true"), true),
        (Sandbox::new().env("APP_OPENAPI__UI", "false"), false),
        (Sandbox::new().env("APP_OPENAPI__ENABLED", "false"), false),
    ] {
        let service = sandbox.start().await;
        for target in ["/docs", "/docs/docs.js"] {
            let status = service.get(target).await.status;
            assert_eq!(status == 200, is_there, "{target} {status}");
        }
    }
}

/// What it tries has to reach the routes of the application, which are not on the management listener.
#[tokio::test]
async fn it_is_on_the_listener_of_the_application() {
    let service = Sandbox::new()
        .env("APP_MANAGEMENT__PORT", "0")
        .start()
        .await;
    assert_eq!(service.get("/docs").await.status, 200);
    assert_eq!(service.get("/docs/docs.js").await.status, 200);
    problem("/docs", &service.manage("/docs").await, 404);
    assert_eq!(service.manage("/openapi.json").await.status, 200);
}

/// It is no traffic of the application.
#[tokio::test]
async fn it_is_neither_measured_nor_in_the_document() {
    let service = Sandbox::new().start().await;
    service.get("/docs").await;
    service
        .send(Request::get("/docs").header("accept", "text/html"))
        .await;
    let metrics = service.get("/metrics").await;
    assert!(!metrics.text().contains("/docs"));
    let document = service.get("/openapi.json").await.json();
    let mut paths = document["paths"].as_object().unwrap().keys();
    assert!(paths.all(|path| !path.starts_with("/docs")));
}

#[tokio::test]
async fn a_route_in_its_place_is_a_problem_before_the_start() {
    let sandbox = || Sandbox::new().env("APP_CONFORMANCE__ROUTE", "/docs");
    let exit = sandbox().run(&[]).await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr.contains("the path is that of Swagger UI")
            && exit.stderr.contains("set openapi.ui to false"),
        "{}",
        exit.stderr
    );
    let service = sandbox().env("APP_OPENAPI__UI", "false").start().await;
    assert_eq!(service.get("/docs").await.text(), "by hand");
    let exit = Sandbox::new()
        .env("APP_CONFORMANCE__ROUTE", "/openapi.json")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    assert!(
        exit.stderr
            .contains("the path is that of the OpenAPI document"),
        "{}",
        exit.stderr
    );
}

#[tokio::test]
async fn the_document_says_what_is_configured_of_the_whole_service() {
    let service = Sandbox::new()
        .file(
            "config/app.toml",
            r#"[openapi]
title = "Shop <API>"
version = "2024-06"
description = "For *partners*."
servers = ["https://api.shop.example/v1", "/v1"]
"#,
        )
        .start()
        .await;
    let document = service.get("/openapi.json").await.json();
    assert_eq!(document["info"]["title"], "Shop <API>");
    assert_eq!(document["info"]["version"], "2024-06");
    assert_eq!(document["info"]["description"], "For *partners*.");
    assert_eq!(document["servers"][0]["url"], "https://api.shop.example/v1");
    assert_eq!(document["servers"][1]["url"], "/v1");
    let page = service.get("/docs").await;
    assert!(page.text().contains("<title>Shop &lt;API&gt;</title>"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("connect-src 'self' https://api.shop.example;"),
        "{policy}"
    );
    let exit = Sandbox::new()
        .env("APP_OPENAPI__SERVERS", "shop.example")
        .env("APP_OPENAPI__TITLE", " ")
        .run(&[])
        .await;
    assert_eq!(exit.code, Some(78), "{exit:?}");
    for part in [
        "openapi.servers: expected a URL such as https://api.example/v1, or a path such as /v1, found \"shop.example\"",
        "openapi.title: expected some text, or nothing",
    ] {
        assert!(exit.stderr.contains(part), "{}", exit.stderr);
    }
}
