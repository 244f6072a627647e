//! What a URL means, and what is said of one that means nothing.

use rustboot_core::config::Properties as _;

use super::super::target::{Mode, Target};
use super::*;

fn read(url: &str) -> Result<Target, String> {
    Target::of(&config(url))
}

#[test]
fn one_server_sentinels_and_clusters() {
    for (url, mode, text) in [
        ("redis://localhost", Mode::Standalone, "localhost:6379/0"),
        (
            "redis://user:p%40ss@cache:7000/3",
            Mode::Standalone,
            "cache:7000/3",
        ),
        ("valkey://[::1]/1", Mode::Standalone, "::1:6379/1"),
        (
            "unix:///run/redis.sock?db=2",
            Mode::Standalone,
            "/run/redis.sock",
        ),
        (
            "redis+sentinel://a,b:1,[::1]/main",
            Mode::Sentinel,
            "a:26379,b:1,::1:26379/main/0",
        ),
        (
            "redis-sentinel://:pw@a/main/4?protocol=resp2",
            Mode::Sentinel,
            "a:26379/main/4",
        ),
        (
            "redis+cluster://user:pw@a,b:7001/",
            Mode::Cluster,
            "a:6379,b:7001",
        ),
    ] {
        let target = read(url).unwrap();
        assert_eq!(
            (target.mode, target.to_string().as_str()),
            (mode, text),
            "{url}"
        );
        assert!(!target.tls);
    }
    let target = read("redis://user:p%40ss@cache/3").unwrap();
    assert_eq!(target.login.username(), Some("user"));
    assert_eq!(target.login.password(), Some("p@ss"));
    let target = read("redis+sentinel://user:pw@a/main").unwrap();
    assert_eq!(
        (target.login.password(), target.sentinel_login.password()),
        (Some("pw"), None)
    );
}

#[cfg(feature = "tls")]
#[test]
fn with_tls() {
    for url in [
        "rediss://a",
        "valkeys://a",
        "rediss+sentinel://a/main",
        "rediss+cluster://a,b",
    ] {
        assert!(read(url).unwrap().tls, "{url}");
    }
}

#[test]
fn keys_of_their_own_beat_the_url() {
    let mut keys = config("redis+sentinel://old:old@a/main");
    keys.username = Some("app".to_owned());
    keys.password = Some("new".to_owned().into());
    keys.sentinel_password = Some("watch".to_owned().into());
    let target = Target::of(&keys).unwrap();
    assert_eq!(target.login.username(), Some("app"));
    assert_eq!(target.login.password(), Some("new"));
    assert_eq!(target.sentinel_login.password(), Some("watch"));
    let before = target.mark;
    keys.password = Some("newer".to_owned().into());
    assert_ne!(Target::of(&keys).unwrap().mark, before);
}

#[test]
fn mistakes_are_explained_and_repeat_nothing() {
    for (url, expected) in [
        ("localhost:6379", "expected a URL such as redis://"),
        (
            "http://:hunter2@localhost",
            "expected a URL such as redis://",
        ),
        (
            "redis://:hunter2@localhost/abc",
            "expected a URL such as redis://",
        ),
        ("redis://:hunter2@a,b", "expected a URL such as redis://"),
        ("redis://:hunter2@a/0/1", "expected a URL such as redis://"),
        (
            "redis+cluster://:hunter2@a,,b",
            "expected a URL such as redis://",
        ),
        (
            "redis+sentinel://:hunter2@a,b",
            "redis+sentinel://host1,host2/NAME",
        ),
        (
            "redis://:hunter2@a?timeout=5",
            "a parameter of the URL is not understood",
        ),
        ("redis://:hunter2@a/#insecure", "tls_ca"),
    ] {
        let message = read(url).unwrap_err();
        assert!(message.contains(expected), "{url}: {message}");
        assert!(!message.contains("hunter2"), "{url}: {message}");
    }
}

#[test]
fn the_section_is_checked() {
    let mut wrong = config("nonsense");
    wrong.command_timeout = Duration::ZERO;
    wrong.max_connections = 0;
    wrong.max_in_flight = 0;
    wrong.tls_key = Some("key.pem".into());
    wrong.key_prefix = Some("{a}".to_owned());
    let mut problems = Vec::new();
    wrong.check(&mut problems);
    let keys: Vec<_> = problems.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "url",
            "command_timeout",
            "max_in_flight",
            "max_connections",
            "tls_certificate",
            "key_prefix"
        ]
    );
}

#[test]
fn nothing_that_is_printed_has_a_password() {
    let mut secret = config("redis://user:hunter2@localhost/0");
    secret.password = Some("hunter2".to_owned().into());
    secret.sentinel_password = Some("hunter2".to_owned().into());
    let target = Target::of(&secret).unwrap();
    let text = format!("{secret:?} {target:?} {target}");
    assert!(!text.contains("hunter2"), "{text}");
}
