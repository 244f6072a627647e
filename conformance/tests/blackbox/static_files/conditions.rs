//! Preconditions, in the order of RFC 9110 13.2.2.

use super::site;
use crate::harness::Service;
use crate::http::{Request, Response};
use crate::problems::problem;

const TARGET: &str = "/digits.txt";
const PAST: &str = "Thu, 01 Jan 2015 00:00:00 GMT";
const FUTURE: &str = "Thu, 01 Jan 2099 00:00:00 GMT";

async fn ask(service: &Service, method: &'static str, headers: &[(&str, &str)]) -> Response {
    let request = Request::new(method, TARGET);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    service.send(request).await
}

#[tokio::test]
async fn a_client_that_has_the_file_gets_a_304() {
    let service = site().start().await;
    let first = service.get(TARGET).await;
    let tag = first.header("etag").unwrap();
    let date = first.header("last-modified").unwrap();
    let (weak, list) = (format!("W/{tag}"), format!("\"other\", W/\"a,b\" ,\t{tag}"));
    for method in ["GET", "HEAD"] {
        for conditions in [
            &[("if-none-match", tag)][..],
            &[("if-none-match", &weak)],
            &[("if-none-match", &list)],
            &[("if-none-match", "*")],
            &[("if-none-match", "\"other\""), ("if-none-match", tag)],
            &[("if-modified-since", date)],
            &[("if-modified-since", FUTURE)],
            // The tag decides, and not the date.
            &[("if-none-match", tag), ("if-modified-since", PAST)],
            &[("if-match", tag), ("if-none-match", tag)],
            &[("if-none-match", tag), ("range", "bytes=0-1")],
        ] {
            let answer = ask(&service, method, conditions).await;
            assert_eq!(answer.status, 304, "{method} {conditions:?}");
            for name in ["etag", "last-modified", "cache-control", "vary"] {
                assert_eq!(answer.header(name), first.header(name), "{name}");
            }
            assert_eq!(answer.header("content-type"), None);
            assert!(answer.header("x-request-id").is_some());
        }
        let opaque = tag.trim_matches('"');
        for conditions in [
            &[("if-none-match", "\"other\"")][..],
            &[("if-none-match", "")],
            &[("if-none-match", opaque)],
            &[("if-modified-since", PAST)],
            &[("if-modified-since", "yesterday")],
            &[
                ("if-none-match", "\"other\""),
                ("if-modified-since", FUTURE),
            ],
            &[("if-match", "*")],
            &[("if-match", &list)],
            &[("if-unmodified-since", date)],
            // There is a tag to go by.
            &[("if-match", tag), ("if-unmodified-since", PAST)],
        ] {
            let answer = ask(&service, method, conditions).await;
            assert_eq!(answer.status, 200, "{method} {conditions:?}");
        }
    }
}

#[tokio::test]
async fn a_client_that_wants_another_file_gets_a_412() {
    let service = site().start().await;
    let weak = format!("W/{}", service.get(TARGET).await.header("etag").unwrap());
    for conditions in [
        &[("if-match", "\"other\"")][..],
        &[("if-match", &weak)],
        &[("if-unmodified-since", PAST)],
        &[("if-match", "\"other\""), ("if-none-match", "*")],
        &[("if-match", "\"other\""), ("range", "bytes=0-1")],
    ] {
        problem(TARGET, &ask(&service, "GET", conditions).await, 412);
    }
}

/// One that has changed has another tag, whatever its time says in seconds.
#[tokio::test]
async fn a_file_that_changes_is_another_one_at_once() {
    let sandbox = site();
    let path = sandbox.path("public/digits.txt");
    let service = sandbox.start().await;
    let mut tags = Vec::new();
    for text in ["one", "two", "three"] {
        std::fs::write(&path, text).unwrap();
        let answer = service.get(TARGET).await;
        assert_eq!(answer.text(), text);
        let tag = answer.header("etag").unwrap().to_owned();
        assert!(!tags.contains(&tag), "{tags:?} {tag}");
        tags.push(tag);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::fs::remove_file(&path).unwrap();
    problem(TARGET, &service.get(TARGET).await, 404);
}

/// Jib, Nix and Bazel give all files of all versions one time. A tag of it would keep the old file in every cache.
#[tokio::test]
async fn a_time_that_says_nothing_makes_no_tag() {
    let sandbox = site();
    let path = sandbox.path("public/digits.txt");
    let file = std::fs::File::options().append(true).open(path).unwrap();
    let second = std::time::Duration::from_secs(1);
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + second)
        .unwrap();
    let service = sandbox.start().await;
    let answer = ask(&service, "GET", &[("if-modified-since", FUTURE)]).await;
    assert_eq!((answer.status, answer.text()), (200, "0123456789"));
    assert_eq!(
        (answer.header("etag"), answer.header("last-modified")),
        (None, None)
    );
    let part = ask(&service, "GET", &[("range", "bytes=-2")]).await;
    assert_eq!((part.status, part.text()), (206, "89"));
}
