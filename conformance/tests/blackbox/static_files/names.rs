//! Which files there are for a client, and what comes before them.

use std::os::unix::fs::symlink;

use super::{DIRECTORY, FALLBACK, PAGE, PATH, site};
use crate::harness::{Sandbox, Service};
use crate::http::{Request, Response};
use crate::problems::problem;

/// As it is, byte for byte, without a client that would tidy it up.
async fn raw(service: &Service, target: &[u8]) -> Response {
    let mut connection = service.connect().await;
    let request = [
        b"GET ",
        target,
        b" HTTP/1.1\r\nhost: service.test\r\nconnection: close\r\n\r\n",
    ]
    .concat();
    connection.write(&request).await.unwrap();
    connection.answer("GET").await.unwrap()
}

fn with_secrets() -> Sandbox {
    site()
        .file("secret.txt", "the secret")
        .file("publicity/secret.txt", "the secret")
        .file("public/.env", "the secret")
        .file("public/.git/config", "the secret")
        .file("public/manual/.hidden/page.html", "the secret")
        .file("public/..double", "the secret")
        .file("public/back\\slash.txt", "the secret")
}

#[tokio::test]
async fn no_spelling_leads_out_of_the_directory() {
    for (prefix, fallback) in [("/", None), ("/site", None), ("/", Some("index.html"))] {
        let mut sandbox = with_secrets().env(PATH, prefix);
        if let Some(file) = fallback {
            sandbox = sandbox.env(FALLBACK, file);
        }
        let absolute = sandbox.path("secret.txt").display().to_string();
        let service = sandbox.start().await;
        let prefix = prefix.trim_end_matches('/');
        for name in [
            "/../secret.txt",
            "/manual/../../secret.txt",
            "/./../secret.txt",
            "//../secret.txt",
            "/%2e%2e/secret.txt",
            "/%2E%2E/secret.txt",
            "/.%2e/secret.txt",
            "/%2e./secret.txt",
            "/%2e%2e%2fsecret.txt",
            "/..%2fsecret.txt",
            "/..%2Fsecret.txt",
            "/manual%2f..%2f..%2fsecret.txt",
            "/..%5csecret.txt",
            "/..\\secret.txt",
            "/manual\\..\\..\\secret.txt",
            "/%2e%2e%5csecret.txt",
            "/..;/secret.txt",
            "/%252e%252e/secret.txt",
            "/%252e%252e%252fsecret.txt",
            "/%c0%ae%c0%ae/secret.txt",
            "/%c0%ae%c0%ae%c0%afsecret.txt",
            "/..%c0%afsecret.txt",
            "/%uff0e%uff0e/secret.txt",
            "/..%00/secret.txt",
            "/%00",
            "/digits.txt%00",
            "/digits.txt%00.html",
            "/%0a",
            "/%ff",
            "/../publicity/secret.txt",
            "icity/secret.txt",
            "/..%2fpublicity%2fsecret.txt",
            "/file:///etc/passwd",
            "/C:/secret.txt",
            "/back\\slash.txt",
            "/back%5cslash.txt",
            "/.env",
            "/%2eenv",
            "/.git/config",
            "/.git/",
            "/.git",
            "/%2egit/config",
            "/manual/.hidden/page.html",
            "/manual/%2ehidden/page.html",
            "/..double",
            "/digits.txt/..",
            "/manual/.",
            "/manual/..",
        ] {
            let target = format!("{prefix}{name}");
            let answer = raw(&service, target.as_bytes()).await;
            assert!(matches!(answer.status, 400 | 404), "{target}: {answer:?}");
            assert!(!answer.everything().contains("the secret"), "{target}");
        }
        for target in [
            format!("{prefix}/{absolute}"),
            format!("{prefix}{}", absolute.replace('/', "%2f")),
            format!("{prefix}//etc/passwd"),
            format!("http://service.test{prefix}/../secret.txt"),
            format!("http://service.test{prefix}/%2e%2e/secret.txt"),
        ] {
            let answer = raw(&service, target.as_bytes()).await;
            assert!(matches!(answer.status, 400 | 404), "{target}: {answer:?}");
        }
        assert_eq!(
            raw(&service, format!("{prefix}/digits.txt").as_bytes())
                .await
                .text(),
            "0123456789"
        );
    }
}

/// A redirect to `//manual/` would lead to the host `manual`.
#[tokio::test]
async fn a_file_has_one_name() {
    let service = site().start().await;
    for target in [
        "//manual",
        "//manual/",
        "/manual//",
        "//digits.txt",
        "/assets//app.4f3a.js",
        "//",
    ] {
        let answer = raw(&service, target.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (404, None),
            "{target}"
        );
    }
    let absolute = raw(&service, b"http://elsewhere.test/manual").await;
    assert_eq!(absolute.header("location"), Some("/manual/"));
}

#[tokio::test]
async fn one_hidden_folder_is_made_to_be_read() {
    let service = site()
        .file("public/.well-known/security.txt", "Contact: us")
        .file("public/.well-known/.hidden", "the secret")
        .start()
        .await;
    assert_eq!(
        service.get("/.well-known/security.txt").await.text(),
        "Contact: us"
    );
    let hidden = "/.well-known/.hidden";
    problem(hidden, &service.get(hidden).await, 404);
}

#[tokio::test]
async fn a_link_leads_nowhere_outside() {
    let sandbox = with_secrets();
    let link = |to: &str, name: &str| symlink(to, sandbox.path("public").join(name)).unwrap();
    link("../secret.txt", "out.txt");
    link("/etc", "etc");
    link("..", "above");
    link("../secret.txt", "page.txt.gz");
    link("../secret.txt", "manual/out.txt");
    link("digits.txt", "in.txt");
    link("manual", "help");
    link("nowhere", "dangling.txt");
    std::fs::write(sandbox.path("public/page.txt"), "page").unwrap();
    // A release that the next one replaces.
    symlink("public", sandbox.path("current")).unwrap();
    let current = sandbox.path("current");
    let service = sandbox.env(DIRECTORY, "current").start().await;
    for target in [
        "/out.txt",
        "/etc/hostname",
        "/etc/",
        "/etc",
        "/above/secret.txt",
        "/above/",
        "/manual/out.txt",
        "/dangling.txt",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let answer = service.send(Request::new(method, target)).await;
            assert_eq!(answer.status, 404, "{method} {target}");
            assert!(!answer.everything().contains("the secret"), "{target}");
        }
    }
    assert_eq!(service.get("/in.txt").await.text(), "0123456789");
    assert_eq!(service.get("/help/").await.text(), "<h1>manual</h1>");
    let zipped = Request::get("/page.txt").header("accept-encoding", "gzip");
    assert_eq!(service.send(zipped).await.text(), "page");

    std::fs::remove_file(&current).unwrap();
    symlink("publicity", &current).unwrap();
    assert_eq!(service.get("/secret.txt").await.text(), "the secret");
    problem("/digits.txt", &service.get("/digits.txt").await, 404);
    // Without the directory it is our fault, and the log says so.
    std::fs::remove_file(&current).unwrap();
    problem("/digits.txt", &service.get("/digits.txt").await, 500);
    service
        .log_line("the missing directory", |line| {
            line["level"] == "ERROR" && line.to_string().contains("current")
        })
        .await;
}

#[tokio::test]
async fn a_pipe_is_no_file() {
    let sandbox = site();
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("public/pipe"))
        .status();
    assert!(made.unwrap().success());
    let service = sandbox.start().await;
    for method in ["GET", "HEAD", "POST"] {
        let answer = service.send(Request::new(method, "/pipe")).await;
        assert_eq!(answer.status, 404, "{method}");
    }
}

#[tokio::test]
async fn files_are_read_and_nothing_else() {
    let service = site().start().await;
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND",
    ] {
        for target in ["/digits.txt", "/", "/manual", "/manual/"] {
            let answer = service.send(Request::new(method, target)).await;
            problem(target, &answer, 405);
            assert_eq!(
                answer.header("allow"),
                Some("GET, HEAD"),
                "{method} {target}"
            );
        }
        let nowhere = service.send(Request::new(method, "/nowhere")).await;
        problem("/nowhere", &nowhere, 404);
    }
}

#[tokio::test]
async fn every_route_wins_over_a_file_of_the_same_name() {
    let service = site()
        .file("public/text", "a file")
        .file("public/echo", "a file")
        .file("public/ready", "a file")
        .file("public/mounted/greeting", "a file")
        .file("public/mounted/echo", "a file")
        .file("public/items/7", "a file")
        .file("public/mounted/other", "a file")
        .env(FALLBACK, "index.html")
        .start()
        .await;
    for (method, target, status) in [
        ("GET", "/text", 200),
        ("HEAD", "/text", 200),
        ("POST", "/text", 405),
        // The path is that of a route, with another method.
        ("GET", "/echo", 405),
        ("GET", "/ready", 200),
        ("POST", "/ready", 405),
        ("GET", "/mounted/greeting", 200),
        ("GET", "/mounted/echo", 405),
        ("GET", "/items/7", 200),
    ] {
        let request = Request::new(method, target).header("accept", PAGE);
        let answer = service.send(request).await;
        assert_eq!(answer.status, status, "{method} {target}");
        let everything = answer.everything();
        assert!(
            !everything.contains("a file") && !everything.contains("front"),
            "{target}"
        );
    }
    assert_eq!(service.get("/mounted/other").await.text(), "a file");
    // A handler that says 404 has said it.
    let missing = Request::post("/shared")
        .header("accept", PAGE)
        .body("missing");
    problem("/shared", &service.send(missing).await, 404);
}

/// Layers of `app.layer` are around files as they are around routers; a router's own answer to everything comes after the files.
#[tokio::test]
async fn routers_with_an_answer_to_everything_come_last() {
    let service = site()
        .env("APP_CONFORMANCE__CATCH_ALL", "true")
        .start()
        .await;
    let file = service.get("/digits.txt").await;
    assert_eq!(
        (file.text(), file.header("x-marked")),
        ("0123456789", Some("yes"))
    );
    let other = service.get("/nowhere").await;
    assert_eq!(
        (other.text(), other.header("x-marked")),
        ("caught", Some("yes"))
    );
    let hidden = service.get("/.env").await;
    assert_eq!(hidden.text(), "caught");
    assert_eq!(service.get("/text").await.header("x-marked"), None);
}
