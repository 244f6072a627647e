//! `[server.static_files]`.

use serde_json::Value;

use super::{DIRECTORY, FALLBACK, PATH, site};
use crate::harness::Sandbox;
use crate::problems::problem;

#[tokio::test]
async fn without_a_directory_there_are_no_files() {
    let service = Sandbox::new().file("public/a.txt", "a").start().await;
    for target in ["/a.txt", "/public/a.txt", "/"] {
        problem(target, &service.get(target).await, 404);
    }
}

#[tokio::test]
async fn what_cannot_be_served_keeps_the_service_from_starting() {
    for (name, value, key, says) in [
        (DIRECTORY, "none", "directory", "none cannot be read"),
        (
            DIRECTORY,
            "public/digits.txt",
            "directory",
            "cannot be read",
        ),
        (
            DIRECTORY,
            ".",
            "directory",
            "the configuration of this program",
        ),
        (
            DIRECTORY,
            "/",
            "directory",
            "the configuration of this program",
        ),
        (FALLBACK, "none.html", "fallback", "cannot be read"),
        (FALLBACK, "manual", "fallback", "it is no file"),
        (FALLBACK, "../config.toml", "fallback", "expected a file of"),
        (
            PATH,
            "assets",
            "path",
            "expected / or a path such as /assets",
        ),
        (PATH, "/assets/", "path", "without a slash at the end"),
        (
            "APP_SERVER__STATIC_FILES__INDEX",
            "a/b",
            "index",
            "expected the name of a file",
        ),
        (
            "APP_SERVER__STATIC_FILES__IMMUTABLE",
            "/assets",
            "immutable",
            "expected a folder",
        ),
        (
            "APP_SERVER__STATIC_FILES__CACHE_CONTROL",
            "",
            "cache_control",
            "no-cache or max-age=3600",
        ),
    ] {
        for args in [&[][..], &["check"]] {
            let exit = site().env(name, value).run(args).await;
            assert_eq!(exit.code, Some(78), "{name}={value}: {exit:?}");
            let key = format!("server.static_files.{key}");
            for part in [key.as_str(), says, name] {
                assert!(
                    exit.stderr.contains(part),
                    "{name}={value}: {part}: {}",
                    exit.stderr
                );
            }
        }
    }
}

#[tokio::test]
async fn the_directory_is_shown_where_routes_are() {
    let exit = site().env(PATH, "/site").run(&["routes"]).await;
    assert!(
        exit.stdout.contains("files   /site/{*path} from public\n"),
        "{exit:?}"
    );
    let service = site().start().await;
    let routes: Value = service.get("/routes").await.json();
    assert_eq!(routes["files"]["path"], "/{*path}");
    assert_eq!(routes["files"]["directory"], "public");
    // They are no part of the contract.
    let document = service.get("/openapi.json").await;
    assert!(!document.text().contains("{*path}") && !document.text().contains("digits"));
}
