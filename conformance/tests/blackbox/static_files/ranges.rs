//! Parts of a file.

use super::{PAGE, site};
use crate::harness::Service;
use crate::http::{Request, Response};
use crate::problems::problem;

const TARGET: &str = "/digits.txt";

async fn ask(service: &Service, range: &str, if_range: Option<&str>) -> Response {
    let mut request = Request::get(TARGET).header("range", range);
    if let Some(value) = if_range {
        request = request.header("if-range", value);
    }
    service.send(request).await
}

#[tokio::test]
async fn a_range_is_answered_with_that_part() {
    let service = site().start().await;
    let whole = service.get(TARGET).await;
    for (range, text, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=9-9", "9", "bytes 9-9/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=0-", "0123456789", "bytes 0-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-10", "0123456789", "bytes 0-9/10"),
        // Longer than the file: all of it.
        ("bytes=-1000", "0123456789", "bytes 0-9/10"),
        ("bytes=8-1000", "89", "bytes 8-9/10"),
        ("bytes=8-99999999999999999999", "89", "bytes 8-9/10"),
        ("Bytes=008-", "89", "bytes 8-9/10"),
    ] {
        let answer = ask(&service, range, None).await;
        assert_eq!((answer.status, answer.text()), (206, text), "{range}");
        assert_eq!(
            answer.header("content-range"),
            Some(content_range),
            "{range}"
        );
        for name in [
            "etag",
            "last-modified",
            "content-type",
            "cache-control",
            "accept-ranges",
        ] {
            assert_eq!(answer.header(name), whole.header(name), "{range}: {name}");
        }
    }
}

#[tokio::test]
async fn a_range_beyond_the_end_is_a_416() {
    let service = site().start().await;
    for range in [
        "bytes=10-",
        "bytes=10-20",
        "bytes=99999999999999999999-",
        "bytes=-0",
    ] {
        let answer = ask(&service, range, None).await;
        problem(TARGET, &answer, 416);
        assert_eq!(
            answer.header("content-range"),
            Some("bytes */10"),
            "{range}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        for name in ["etag", "accept-ranges", "last-modified"] {
            assert_eq!(answer.header(name), None, "{name} is of the file");
        }
    }
}

#[tokio::test]
async fn what_is_no_range_for_us_is_as_if_it_were_not_there() {
    let service = site().file("public/empty.txt", "").start().await;
    for range in [
        "items=0-5",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=3-2",
        "bytes=0-1,3-4",
        "bytes=0-1, 0-1, 0-1",
        "0-5",
    ] {
        let answer = ask(&service, range, None).await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, "0123456789"),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), None);
    }
    let twice = Request::get(TARGET).header("range", "bytes=0-0");
    let answer = service.send(twice.header("range", "bytes=1-1")).await;
    assert_eq!((answer.status, answer.text()), (200, "0123456789"));
    let empty = Request::get("/empty.txt").header("range", "bytes=0-");
    assert_eq!(service.send(empty).await.status, 200);
    // There is no range of a HEAD.
    let head = Request::new("HEAD", TARGET).header("range", "bytes=0-0");
    let head = service.send(head).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("10"))
    );
    // And none of what is not there, or somewhere else.
    let missing = Request::get("/none").header("range", "bytes=0-0");
    problem(
        "/none",
        &service.send(missing.header("accept", PAGE)).await,
        404,
    );
    let folder = Request::get("/manual").header("range", "bytes=0-0");
    assert_eq!(service.send(folder).await.status, 307);
}

#[tokio::test]
async fn a_download_is_continued_only_of_the_same_file() {
    let service = site().start().await;
    let whole = service.get(TARGET).await;
    let tag = whole.header("etag").unwrap();
    let date = whole.header("last-modified").unwrap();
    for fresh in [tag, date] {
        let answer = ask(&service, "bytes=5-", Some(fresh)).await;
        assert_eq!((answer.status, answer.text()), (206, "56789"), "{fresh}");
        let beyond = ask(&service, "bytes=50-", Some(fresh)).await;
        problem(TARGET, &beyond, 416);
    }
    let weak = format!("W/{tag}");
    for stale in [
        "\"other\"",
        weak.as_str(),
        "Thu, 01 Jan 2015 00:00:00 GMT",
        "*",
        "",
    ] {
        for range in ["bytes=5-", "bytes=50-"] {
            let answer = ask(&service, range, Some(stale)).await;
            assert_eq!(
                (answer.status, answer.text()),
                (200, "0123456789"),
                "{stale}"
            );
        }
    }
}

#[tokio::test]
async fn a_large_file_in_parts_is_the_file() {
    let text: String = (0..200_000).map(|number| format!("{number},")).collect();
    let service = site().file("public/numbers.txt", &text).start().await;
    assert!(service.get("/numbers.txt").await.text() == text);
    let mut connection = service.connect().await;
    let mut parts = Vec::new();
    while parts.len() < text.len() {
        let range = format!("bytes={}-{}", parts.len(), parts.len() + 99_999);
        let request = Request::get("/numbers.txt").header("range", &range);
        let answer = connection.send(&request).await.unwrap();
        assert_eq!(answer.status, 206);
        parts.extend(answer.body);
    }
    assert!(parts == text.as_bytes());
}
