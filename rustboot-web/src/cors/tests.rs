use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rustboot_core::config::Properties as _;

use super::{CorsConfig, Policy, Preflight};
use crate::origin::AllowedOrigin;

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn origins(entries: &[&str]) -> Vec<AllowedOrigin> {
    entries
        .iter()
        .map(|entry| AllowedOrigin::parse(entry).unwrap())
        .collect()
}

fn config(allowed: &[&str]) -> CorsConfig {
    CorsConfig {
        allowed_origins: origins(allowed),
        allowed_origin_patterns: Vec::new(),
        allowed_methods: list(&["GET", "put"]),
        allowed_headers: list(&["Content-Type", "x-token"]),
        exposed_headers: Vec::new(),
        allow_credentials: false,
        max_age: Duration::from_secs(600),
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        })
        .collect()
}

fn preflight(config: &CorsConfig, pairs: &[(&'static str, &str)]) -> Option<Preflight> {
    let policy = Policy::new(config).unwrap();
    policy.preflight(&Method::OPTIONS, &headers(pairs))
}

fn granted(config: &CorsConfig, pairs: &[(&'static str, &str)]) -> HeaderMap {
    match preflight(config, pairs) {
        Some(Preflight::Granted(headers)) => headers,
        other => panic!("{pairs:?}: {other:?}"),
    }
}

const PAGE: (&str, &str) = ("origin", "https://app.example");
const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

#[test]
fn without_origins_there_is_no_policy() {
    assert!(Policy::new(&config(&[])).is_none());
    let mut patterns = config(&[]);
    patterns.allowed_origin_patterns = origins(&["https://*.app.example"]);
    assert!(Policy::new(&patterns).is_some());
}

#[test]
fn what_is_listed_is_granted() {
    let answer = granted(
        &config(&["https://app.example"]),
        &[PAGE, (METHOD, "PUT"), (HEADERS, "content-type, X-Token")],
    );
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "content-type, x-token"),
        ("access-control-max-age", "600"),
        (
            "vary",
            "origin, access-control-request-method, access-control-request-headers",
        ),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert_eq!(answer.len(), 5, "{answer:?}");
}

#[test]
fn what_is_not_listed_is_refused() {
    let config = config(&["https://app.example"]);
    for (pairs, why) in [
        (
            &[("origin", "https://evil.example"), (METHOD, "GET")][..],
            "origin",
        ),
        (&[("origin", "null"), (METHOD, "GET")], "origin"),
        (&[PAGE, PAGE, (METHOD, "GET")], "origin"),
        (&[PAGE, (METHOD, "DELETE")], "method"),
        // Methods are compared as they are (RFC 9110, section 9.1).
        (&[PAGE, (METHOD, "put")], "method"),
        (&[PAGE, (METHOD, "GET"), (HEADERS, "x-other")], "headers"),
        (
            &[PAGE, (METHOD, "GET"), (HEADERS, "x-token,x-other")],
            "headers",
        ),
        (
            &[PAGE, (METHOD, "GET"), (HEADERS, "x-token; q")],
            "request-headers",
        ),
    ] {
        match preflight(&config, pairs) {
            Some(Preflight::Refused(reason)) => assert!(reason.contains(why), "{reason}"),
            other => panic!("{pairs:?}: {other:?}"),
        }
    }
}

#[test]
fn other_requests_are_no_preflights() {
    let policy = Policy::new(&config(&["*"])).unwrap();
    for (method, pairs) in [
        (Method::OPTIONS, &[PAGE][..]),
        (Method::OPTIONS, &[(METHOD, "GET")]),
        (Method::GET, &[PAGE, (METHOD, "GET")]),
    ] {
        assert!(policy.preflight(&method, &headers(pairs)).is_none());
    }
}

/// With credentials a `*` in the answer would be the name of a method or a header, so what was asked for is said instead.
#[test]
fn everything_is_granted_by_name() {
    let mut config = config(&["https://app.example"]);
    config.allowed_methods = list(&["*"]);
    config.allowed_headers = list(&["*"]);
    config.allow_credentials = true;
    let answer = granted(
        &config,
        &[PAGE, (METHOD, "PURGE"), (HEADERS, "authorization,x-any")],
    );
    assert_eq!(answer["access-control-allow-methods"], "PURGE");
    assert_eq!(
        answer["access-control-allow-headers"],
        "authorization, x-any"
    );
    assert_eq!(answer["access-control-allow-credentials"], "true");
    let answer = granted(&config, &[PAGE, (METHOD, "GET")]);
    assert!(!answer.contains_key("access-control-allow-headers"));
}

#[test]
fn answers_say_who_may_read_them() {
    let mut config = config(&["https://app.example"]);
    config.allowed_origin_patterns = origins(&["http://localhost:[*]"]);
    config.exposed_headers = list(&["x-request-id", "etag"]);
    let policy = Policy::new(&config).unwrap();
    for (origin, allowed) in [
        (Some("https://app.example"), true),
        (Some("http://localhost:5173"), true),
        (Some("https://evil.example"), false),
        (None, false),
    ] {
        let asked = headers(&Vec::from_iter(origin.map(|origin| ("origin", origin))));
        let mut answer = headers(&[("vary", "accept-encoding")]);
        policy.add(&mut answer, policy.origin(&asked));
        let vary: Vec<_> = answer.get_all("vary").iter().collect();
        assert_eq!(vary, ["accept-encoding", "origin"], "{origin:?}");
        let allow = answer.get("access-control-allow-origin");
        assert_eq!(allow.is_some(), allowed, "{origin:?}");
        if allowed {
            assert_eq!(allow.unwrap(), origin.unwrap());
            assert_eq!(
                answer["access-control-expose-headers"],
                "x-request-id, etag"
            );
        }
    }
}

#[test]
fn every_origin_gets_the_same_answer() {
    let policy = Policy::new(&config(&["*"])).unwrap();
    for origin in ["https://app.example", "null", "chrome-extension://abc"] {
        let mut answer = HeaderMap::new();
        policy.add(&mut answer, policy.origin(&headers(&[("origin", origin)])));
        assert_eq!(answer["access-control-allow-origin"], "*");
        assert_eq!(answer.len(), 1, "one answer for all may be kept for all");
    }
}

#[test]
fn an_answer_that_says_it_itself_keeps_its_own() {
    let policy = Policy::new(&config(&["https://app.example"])).unwrap();
    let own = headers(&[("access-control-allow-origin", "https://other.example")]);
    let mut answer = own.clone();
    policy.add(&mut answer, policy.origin(&headers(&[PAGE])));
    assert_eq!(answer, own);
    for vary in ["Origin", "accept, ORIGIN", "*"] {
        let mut answer = headers(&[("vary", vary)]);
        policy.add(&mut answer, None);
        assert_eq!(answer, headers(&[("vary", vary)]));
    }
}

#[test]
fn what_cannot_be_meant_is_a_problem() {
    let problems = |change: fn(&mut CorsConfig)| {
        let mut config = config(&["https://app.example"]);
        change(&mut config);
        let mut problems = Vec::new();
        config.check(&mut problems);
        problems
    };
    assert_eq!(problems(|_| {}), []);
    type Change = fn(&mut CorsConfig);
    let cases: [(Change, &str, &str); 7] = [
        (
            |c| {
                c.allow_credentials = true;
                c.allowed_origins = origins(&["*"]);
            },
            "allowed_origins",
            "* cannot go with allow_credentials = true: name the origins that may send credentials",
        ),
        (
            |c| {
                c.allow_credentials = true;
                c.allowed_origin_patterns = origins(&["*"]);
            },
            "allowed_origin_patterns",
            "* cannot go with allow_credentials = true: name the origins that may send credentials",
        ),
        (
            |c| {
                c.allow_credentials = true;
                c.exposed_headers = list(&["*"]);
            },
            "exposed_headers",
            "* means nothing to a browser with allow_credentials = true: name the headers",
        ),
        (
            |c| c.allowed_origins = origins(&["https://*.app.example"]),
            "allowed_origins",
            "https://*.app.example is a pattern; patterns go into allowed_origin_patterns",
        ),
        (
            |c| c.allowed_methods = list(&["GET", "A B"]),
            "allowed_methods",
            "expected a method such as PUT, or *, found \"A B\"",
        ),
        (
            |c| c.allowed_headers = list(&["x y"]),
            "allowed_headers",
            "expected the name of a header, or *, found \"x y\"",
        ),
        (
            |c| c.exposed_headers = list(&["", "etag"]),
            "exposed_headers",
            "expected the name of a header, or *, found \"\"",
        ),
    ];
    for (change, key, message) in cases {
        assert_eq!(problems(change), [(key.to_owned(), message.to_owned())]);
    }
}
