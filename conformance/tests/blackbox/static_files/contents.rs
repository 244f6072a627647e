//! What is in an answer.

use serde_json::json;

use super::{FALLBACK, PAGE, PATH, site};
use crate::harness::{Process, eventually};
use crate::http::{Connection, Request};
use crate::problems::problem;

#[tokio::test]
async fn a_file_comes_with_its_type_and_the_headers_of_every_answer() {
    let sandbox = site()
        .file("public/style.css", "b{}")
        .file("public/module.mjs", "export {}")
        .file("public/data.json", "{}")
        .file("public/app.webmanifest", "{}")
        .file("public/feed.xml", "<a/>")
        .file("public/picture.svg", "<svg/>")
        .file("public/code.wasm", "asm")
        .file("public/a b \u{fc}.txt", "spaces")
        .file("public/LICENSE", "text without a suffix")
        .file("public/empty.txt", "");
    let service = sandbox.start().await;
    for (target, content_type, text) in [
        ("/index.html", "text/html; charset=utf-8", "<h1>front</h1>"),
        ("/digits.txt", "text/plain; charset=utf-8", "0123456789"),
        ("/digits.txt?v=2", "text/plain; charset=utf-8", "0123456789"),
        (
            "/assets/app.4f3a.js",
            "text/javascript; charset=utf-8",
            "let app;",
        ),
        ("/style.css", "text/css; charset=utf-8", "b{}"),
        (
            "/module.mjs",
            "application/javascript; charset=utf-8",
            "export {}",
        ),
        ("/data.json", "application/json", "{}"),
        ("/app.webmanifest", "application/manifest+json", "{}"),
        ("/feed.xml", "text/xml", "<a/>"),
        ("/picture.svg", "image/svg+xml", "<svg/>"),
        ("/code.wasm", "application/wasm", "asm"),
        ("/a%20b%20%C3%BC.txt", "text/plain; charset=utf-8", "spaces"),
        (
            "/LICENSE",
            "application/octet-stream",
            "text without a suffix",
        ),
        ("/empty.txt", "text/plain; charset=utf-8", ""),
    ] {
        let answer = service.get(target).await;
        assert_eq!((answer.status, answer.text()), (200, text), "{target}");
        assert_eq!(
            answer.header("content-type"),
            Some(content_type),
            "{target}"
        );
        for (name, value) in [
            ("content-length", text.len().to_string().as_str()),
            ("cache-control", "no-cache"),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{target}: {name}");
        }
        assert!(answer.header("etag").unwrap().starts_with('"'), "{target}");
        assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
        assert!(answer.header("x-request-id").is_some());

        // HEAD is the same without the content.
        let head = service.send(Request::new("HEAD", target)).await;
        assert_eq!((head.status, head.text()), (200, ""), "{target}");
        for name in [
            "content-type",
            "content-length",
            "etag",
            "last-modified",
            "cache-control",
        ] {
            assert_eq!(head.header(name), answer.header(name), "{target}: {name}");
        }
    }
}

#[tokio::test]
async fn a_folder_is_its_index() {
    let service = site().start().await;
    assert_eq!(service.get("/").await.text(), "<h1>front</h1>");
    assert_eq!(service.get("/manual/").await.text(), "<h1>manual</h1>");
    let answer = service.get("/manual?a=b").await;
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some("/manual/?a=b"));
    // There is no list of what is in it.
    for target in ["/assets/", "/manual/index.html/", "/digits.txt/", "/none/"] {
        problem(target, &service.get(target).await, 404);
    }

    let service = site()
        .file("public/manual/start page.htm", "start")
        .env("APP_SERVER__STATIC_FILES__INDEX", "start page.htm")
        .start()
        .await;
    assert_eq!(service.get("/manual/").await.text(), "start");
    problem("/", &service.get("/").await, 404);
}

#[tokio::test]
async fn a_prefix_is_in_front_of_every_name() {
    let service = site().env(PATH, "/site/v1").start().await;
    assert_eq!(service.get("/site/v1/").await.text(), "<h1>front</h1>");
    assert_eq!(
        service.get("/site/v1/digits.txt").await.text(),
        "0123456789"
    );
    for (target, location) in [
        ("/site/v1", "/site/v1/"),
        ("/site/v1?a=b", "/site/v1/?a=b"),
        ("/site/v1/manual?a=b", "/site/v1/manual/?a=b"),
    ] {
        let answer = service.get(target).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (307, Some(location))
        );
    }
    for target in [
        "/",
        "/digits.txt",
        "/site",
        "/site/",
        "/site/v1digits.txt",
        "/site/v1//digits.txt",
    ] {
        problem(target, &service.get(target).await, 404);
    }
    // A name and not a prefix of one.
    let label = [
        ("http_route", "/site/v1/{*path}"),
        ("http_request_method", "GET"),
    ];
    let metrics = service.metrics().await;
    let count = "http_server_request_duration_seconds_count";
    let counted: f64 = ["200", "307"]
        .iter()
        .filter_map(|status| {
            metrics.value(
                count,
                &[label[0], label[1], ("http_response_status_code", status)],
            )
        })
        .sum();
    assert_eq!(counted, 5.0);
}

#[tokio::test]
async fn what_never_changes_is_not_asked_for_again() {
    let service = site()
        .file("public/assets/index.html", "index")
        .file("public/assets2/a.js", "other")
        .env("APP_SERVER__STATIC_FILES__IMMUTABLE", "assets")
        .env("APP_SERVER__STATIC_FILES__CACHE_CONTROL", "max-age=60")
        .start()
        .await;
    for (target, expected) in [
        ("/assets/app.4f3a.js", "max-age=31536000, immutable"),
        ("/%61ssets/app.4f3a.js", "max-age=31536000, immutable"),
        ("/assets/", "max-age=60"),
        ("/assets2/a.js", "max-age=60"),
        ("/", "max-age=60"),
    ] {
        let answer = service.get(target).await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.header("cache-control"), Some(expected), "{target}");
    }
    let missing = service.get("/assets/app.0000.js").await;
    problem("/assets/app.0000.js", &missing, 404);
    assert_eq!(missing.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_sibling_that_is_compressed_is_sent_to_who_takes_it() {
    let service = site()
        .file("public/assets/app.4f3a.js.gz", "compressed")
        .start()
        .await;
    let target = "/assets/app.4f3a.js";
    let plain = service.get(target).await;
    assert_eq!(
        (plain.text(), plain.header("content-encoding")),
        ("let app;", None)
    );
    let gzip = |request: Request| request.header("accept-encoding", "br, gzip;q=0.8");
    let small = service.send(gzip(Request::get(target))).await;
    assert_eq!(
        (small.text(), small.header("content-encoding")),
        ("compressed", Some("gzip"))
    );
    assert_eq!(
        small.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_ne!(small.header("etag"), plain.header("etag"));
    for answer in [&plain, &small] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let tag = small.header("etag").unwrap();
    let again = gzip(Request::get(target)).header("if-none-match", tag);
    let again = service.send(again).await;
    assert_eq!(
        (again.status, again.header("vary")),
        (304, Some("accept-encoding"))
    );
    let refused = Request::get(target).header("accept-encoding", "gzip;q=0, identity");
    assert_eq!(service.send(refused).await.text(), "let app;");
    // No sibling: as it is.
    assert_eq!(
        service.send(gzip(Request::get("/digits.txt"))).await.text(),
        "0123456789"
    );
}

#[tokio::test]
async fn files_are_logged_and_counted_under_one_name() {
    let service = site().start().await;
    for target in ["/digits.txt", "/assets/app.4f3a.js", "/manual/"] {
        assert_eq!(service.get(target).await.status, 200);
    }
    problem("/none.txt", &service.get("/none.txt").await, 404);
    let request = Request::get("/digits.txt").header("x-request-id", "the-file");
    service.send(request).await;
    let line = service.access_line("the-file").await;
    assert_eq!(line["route"], "/{*path}", "{line}");
    assert_eq!(line["path"], "/digits.txt", "{line}");
    assert_eq!(line["bytes"], json!(10), "{line}");
    assert_eq!(line["aborted"], json!(null), "{line}");
    let metrics = service.metrics().await;
    let count = |route, status| {
        let labels = [
            ("http_route", route),
            ("http_request_method", "GET"),
            ("http_response_status_code", status),
        ];
        metrics.value("http_server_request_duration_seconds_count", &labels)
    };
    assert_eq!(count("/{*path}", "200"), Some(4.0));
    assert_eq!(count("unmatched", "404"), Some(1.0));
    assert_eq!(count("/digits.txt", "200"), None);
}

/// The clients ask for a large file and read next to nothing of it.
#[tokio::test]
async fn clients_that_do_not_read_cost_a_piece_each() {
    const SIZE: usize = 64 << 20;
    const CLIENTS: usize = 64;
    let sandbox = site();
    let file = std::fs::File::create(sandbox.path("public/large.bin")).unwrap();
    file.set_len(SIZE as u64).unwrap();
    let service = sandbox.start().await;
    assert_eq!(service.get("/digits.txt").await.status, 200);
    let before = Process::memory(service.pid());
    let mut clients: Vec<Connection> = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = service.connect().await;
        client
            .write(&Request::get("/large.bin").bytes())
            .await
            .unwrap();
        assert_eq!(client.head().await.unwrap().status, 200);
        clients.push(client);
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let grown = Process::memory(service.pid()).saturating_sub(before);
    println!(
        "{CLIENTS} clients: {} KiB each",
        grown / 1024 / CLIENTS as u64
    );
    assert!(
        grown < (CLIENTS * 512 * 1024) as u64,
        "{grown} bytes for {CLIENTS} clients"
    );
    drop(clients);
    let answer = service.get("/large.bin").await;
    assert_eq!(answer.body.len(), SIZE);
    eventually("the files are closed", async || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", service.pid())).unwrap();
        let links = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        !links.into_iter().any(|link| link.ends_with("large.bin"))
    })
    .await;
}

#[tokio::test]
async fn a_page_without_a_route_is_the_application() {
    let service = site().env(FALLBACK, "index.html").start().await;
    let page = |target: &str| Request::get(target).header("accept", PAGE);
    for target in [
        "/users/7",
        "/users/7/edit?tab=2",
        "/assets/none.js",
        "/users/",
    ] {
        let answer = service.send(page(target)).await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, "<h1>front</h1>"),
            "{target}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("vary"), Some("accept, accept-encoding"));
        let tag = answer.header("etag").unwrap();
        let again = service
            .send(page(target).header("if-none-match", tag))
            .await;
        assert_eq!(again.status, 304);
        let head = service
            .send(Request::new("HEAD", target).header("accept", PAGE))
            .await;
        assert_eq!(head.status, 200);
    }
    assert_eq!(service.send(page("/digits.txt")).await.text(), "0123456789");
    // Whatever is no page is a problem, as without files.
    for accept in [
        "application/json",
        "*/*",
        "application/json, text/plain, */*",
        "text/html;q=0",
    ] {
        let request = Request::get("/users/7").header("accept", accept);
        problem("/users/7", &service.send(request).await, 404);
    }
    problem("/users/7", &service.get("/users/7").await, 404);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::new(method, "/users/7").header("accept", PAGE);
        problem("/users/7", &service.send(request).await, 404);
    }
    // What routes answer is theirs, and a name that is not allowed is no page.
    for (target, status) in [
        ("/items/none", 400),
        ("/echo", 405),
        ("/.env", 404),
        ("/..%2fCargo.toml", 404),
    ] {
        problem(target, &service.send(page(target)).await, status);
    }
}
