//! Which answers are compressed, and their headers.
#![allow(
    clippy::unwrap_used,
    reason = "the helpers run only in tests, where a panic is the report"
)]

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use rustboot_core::ByteSize;

use super::{CompressionConfig, MediaRange, Policy};
use crate::negotiation::Coding;

const OK: StatusCode = StatusCode::OK;
const JSON: (&str, &str) = ("content-type", "application/json");
const TAG: (&str, &str) = ("etag", "\"v1\"");

fn config() -> CompressionConfig {
    CompressionConfig {
        enabled: true,
        min_response_size: ByteSize::bytes(100),
        content_types: ["text/*", "application/json", "*/*+json"]
            .map(|entry| MediaRange::parse(entry).unwrap())
            .into(),
    }
}

fn policy() -> Policy {
    Policy::new(&config()).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    };
    pairs.iter().map(pair).collect()
}

/// Whether it is compressed for who takes gzip, and the headers of that.
fn answer(
    status: StatusCode,
    size: Option<u64>,
    pairs: &[(&'static str, &str)],
) -> (bool, HeaderMap) {
    let mut headers = headers(pairs);
    let is_compressed = policy().apply(Coding::Gzip, status, size, &mut headers);
    (is_compressed, headers)
}

#[test]
fn off_is_off() {
    let config = CompressionConfig {
        enabled: false,
        ..config()
    };
    assert!(Policy::new(&config).is_none());
}

#[test]
fn the_client_is_asked_by_all_of_its_headers_unless_it_speaks_http_1_0() {
    let mut accepted = headers(&[("accept-encoding", "br")]);
    let coding = |version, headers: &HeaderMap| policy().coding(version, headers);
    assert_eq!(coding(Version::HTTP_11, &accepted), Coding::Identity);
    accepted.append("accept-encoding", HeaderValue::from_static("gzip"));
    assert_eq!(coding(Version::HTTP_11, &accepted), Coding::Gzip);
    assert_eq!(coding(Version::HTTP_2, &accepted), Coding::Gzip);
    assert_eq!(coding(Version::HTTP_10, &accepted), Coding::Identity);
}

#[test]
fn the_headers_of_a_compressed_answer() {
    let (is_compressed, headers) = answer(
        OK,
        Some(100),
        &[
            JSON,
            TAG,
            ("content-length", "100"),
            ("accept-ranges", "bytes"),
            ("vary", "origin"),
            ("content-encoding", "identity"),
        ],
    );
    assert!(is_compressed);
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["etag"], "W/\"v1\"");
    assert!(!headers.contains_key("content-length"));
    assert!(!headers.contains_key("accept-ranges"));
    let vary: Vec<_> = headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["origin", "accept-encoding"]);
}

#[test]
fn a_weak_tag_stays_and_one_that_is_none_as_well() {
    for tag in ["W/\"v1\"", "v1"] {
        let (_, headers) = answer(OK, None, &[JSON, ("etag", tag)]);
        assert_eq!(headers["etag"], tag);
    }
}

#[test]
fn who_takes_no_gzip_gets_all_as_it_is_and_caches_hear_why() {
    let mut headers = headers(&[JSON, TAG, ("content-length", "100")]);
    assert!(!policy().apply(Coding::Identity, OK, Some(100), &mut headers));
    assert_eq!(headers["vary"], "accept-encoding");
    assert_eq!(headers["etag"], "\"v1\"");
    assert_eq!(headers["content-length"], "100");
    assert!(!headers.contains_key("content-encoding"));
}

#[test]
fn the_size_decides_where_it_is_known() {
    for (size, expected) in [
        (Some(0), false),
        (Some(99), false),
        (Some(100), true),
        (None, true),
    ] {
        let (is_compressed, headers) = answer(OK, size, &[JSON]);
        assert_eq!(is_compressed, expected, "{size:?}");
        assert_eq!(headers["vary"], "accept-encoding");
    }
}

#[test]
fn the_type_decides_whatever_its_parameters() {
    for (value, expected) in [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/problem+json", true),
        ("text/html;charset=utf-8", true),
        ("text/event-stream", false),
        ("text/event-stream; charset=utf-8", false),
        ("application/grpc+json", false),
        ("application/octet-stream", false),
        ("image/png", false),
        ("json", false),
        ("", false),
    ] {
        let (is_compressed, headers) = answer(OK, None, &[("content-type", value)]);
        assert_eq!(is_compressed, expected, "{value}");
        assert_eq!(headers.contains_key("vary"), expected, "{value}");
    }
    assert!(!answer(OK, None, &[]).0);
}

#[test]
fn answers_that_are_no_whole_body_stay_as_they_are() {
    for status in [101, 103, 204, 205, 206, 304] {
        let status = StatusCode::from_u16(status).unwrap();
        let (is_compressed, headers) = answer(status, None, &[JSON]);
        assert!(!is_compressed, "{status}");
        assert_eq!(headers["vary"], "accept-encoding", "{status}");
    }
    let range = ("content-range", "bytes 0-99/1000");
    assert!(!answer(OK, Some(1000), &[JSON, range]).0);
    assert!(answer(StatusCode::NOT_FOUND, Some(1000), &[JSON]).0);
}

#[test]
fn what_somebody_wants_to_stay_stays() {
    for left in [
        ("content-encoding", "br"),
        ("content-encoding", "gzip"),
        ("cache-control", "no-transform"),
        ("cache-control", "max-age=60, No-Transform"),
        ("content-digest", "sha-256=:AAAA:"),
        ("repr-digest", "sha-256=:AAAA:"),
        ("digest", "md5=AAAA"),
        ("content-md5", "AAAA"),
    ] {
        let before = [JSON, TAG, left];
        let (is_compressed, after) = answer(OK, Some(1000), &before);
        assert!(!is_compressed, "{left:?}");
        assert_eq!(after, headers(&before), "{left:?}");
    }
    assert!(answer(OK, None, &[JSON, ("cache-control", "no-store")]).0);
}

/// A cache with the compressed answer compares its tag, and takes over the headers.
#[test]
fn a_304_has_the_tag_and_the_vary_of_the_answer() {
    let status = StatusCode::NOT_MODIFIED;
    let (_, tagged) = answer(status, Some(0), &[TAG]);
    assert_eq!(tagged["etag"], "W/\"v1\"");
    assert_eq!(tagged["vary"], "accept-encoding");
    let mut plain = headers(&[TAG]);
    policy().apply(Coding::Identity, status, Some(0), &mut plain);
    assert_eq!(plain["etag"], "\"v1\"");
    let (_, picture) = answer(status, Some(0), &[TAG, ("content-type", "image/png")]);
    assert_eq!(picture["etag"], "\"v1\"");
    let (_, untagged) = answer(status, Some(0), &[]);
    assert!(untagged.is_empty());
}
