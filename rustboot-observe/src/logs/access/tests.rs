//! The line in each format, and what a hostile client can do to it.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::*;
use crate::correlation::{RequestId, SpanId, TraceId};
use crate::logs::config::LogFormat;

static ROUTE: LazyLock<AccessRoute> = LazyLock::new(|| AccessRoute::new("GET", "/items/{id}"));
static CLIENT: LazyLock<ClientAddress> = LazyLock::new(|| IpAddr::from([10, 0, 0, 1]).into());
static AGENT: LazyLock<UserAgent> = LazyLock::new(|| UserAgent::of(b"curl/8"));

fn record() -> AccessRecord<'static> {
    AccessRecord {
        route: &ROUTE,
        method: "GET",
        path: "/items/7",
        status: 200,
        duration: Duration::from_micros(1_234),
        bytes: 42,
        client_ip: Some(&CLIENT),
        user_agent: Some(&AGENT),
        aborted: false,
    }
}

fn line(record: &AccessRecord<'_>, format: LogFormat, correlation: &Correlation) -> String {
    let mut out = Text::new();
    record.format(
        &mut out,
        Style {
            format,
            ansi: false,
        },
        correlation,
    );
    let line = String::from_utf8(out.as_bytes().to_vec()).unwrap();
    assert_eq!(line.matches('\n').count(), 1, "{line:?}");
    line
}

fn object(record: &AccessRecord<'_>) -> Json {
    let line = line(record, LogFormat::Json, &Correlation::default());
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn json_has_the_members_of_the_contract() {
    let correlation = Correlation::new(RequestId::accept("r-1").unwrap()).with_trace(
        TraceId::parse("0af7651916cd43dd8448eb211c80319c").unwrap(),
        SpanId::parse("b7ad6b7169203331").unwrap(),
    );
    let mut object: Json =
        serde_json::from_str(&line(&record(), LogFormat::Json, &correlation)).unwrap();
    let time = object.as_object_mut().unwrap().remove("timestamp").unwrap();
    assert!(time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(
        object,
        json!({
            "level": "INFO", "target": "access", "message": "GET /items/{id} 200", "request_id": "r-1",
            "trace_id": "0af7651916cd43dd8448eb211c80319c", "method": "GET", "route": "/items/{id}",
            "path": "/items/7", "status": 200, "duration_ms": 1.234, "bytes": 42, "client_ip": "10.0.0.1",
            "user_agent": "curl/8",
        })
    );
}

#[test]
fn the_text_formats_say_the_same() {
    let none = Correlation::default();
    let fields = "method=GET route=\"/items/{id}\" path=/items/7 status=200 duration_ms=1.234 bytes=42 \
                  client_ip=10.0.0.1 user_agent=curl/8\n";
    let logfmt = line(&record(), LogFormat::Logfmt, &none);
    let expected = format!("level=info target=access msg=\"GET /items/{{id}} 200\" {fields}");
    assert_eq!(logfmt.split_once(' ').unwrap().1, expected);
    for format in [LogFormat::Compact, LogFormat::Pretty] {
        let text = line(&record(), format, &none);
        assert!(
            text.ends_with(&format!(" INFO access: GET /items/{{id}} 200 {fields}")),
            "{text}"
        );
    }
}

#[test]
fn a_method_that_nobody_knew_at_start_is_in_the_line() {
    let route = AccessRoute::for_any_method("unmatched \"");
    let record = AccessRecord {
        route: &route,
        method: "PURGE",
        ..record()
    };
    let object = object(&record);
    assert_eq!(object["message"], "PURGE unmatched \" 200");
    assert_eq!(
        (&object["method"], &object["route"]),
        (&json!("PURGE"), &json!("unmatched \""))
    );
    let logfmt = line(&record, LogFormat::Logfmt, &Correlation::default());
    assert!(logfmt.contains(" method=PURGE "), "{logfmt}");
}

#[test]
fn what_is_not_known_is_left_out() {
    let object = object(&AccessRecord {
        client_ip: None,
        user_agent: None,
        ..record()
    });
    for member in [
        "client_ip",
        "user_agent",
        "aborted",
        "request_id",
        "trace_id",
    ] {
        assert!(object.get(member).is_none(), "{member}");
    }
    let aborted = self::object(&AccessRecord {
        aborted: true,
        ..record()
    });
    assert_eq!(aborted["aborted"], true);
}

#[test]
fn hostile_values_stay_inside_their_quotes() {
    let agent = UserAgent::of(b"a\r\n{\"level\":\"ERROR\"}\xff\xfe\x00");
    let hostile = AccessRecord {
        path: "/\"},{\n\u{1b}[31m\u{7f}",
        user_agent: Some(&agent),
        ..record()
    };
    let object = object(&hostile);
    assert_eq!(object["path"], "/\"},{\n\u{1b}[31m\u{7f}");
    assert_eq!(
        object["user_agent"],
        "a\r\n{\"level\":\"ERROR\"}\u{fffd}\u{fffd}\0"
    );
    for format in [
        LogFormat::Json,
        LogFormat::Logfmt,
        LogFormat::Compact,
        LogFormat::Pretty,
    ] {
        let line = line(&hostile, format, &Correlation::default());
        assert!(
            !line
                .trim_end_matches('\n')
                .contains(|c: char| c.is_control()),
            "{line:?}"
        );
    }
}

#[test]
fn long_values_are_cut_between_characters() {
    let path = format!("/{}", "ä".repeat(2_000));
    let agent = UserAgent::of("€".repeat(1_000).as_bytes());
    let object = object(&AccessRecord {
        path: &path,
        user_agent: Some(&agent),
        ..record()
    });
    let (path, agent) = (
        object["path"].as_str().unwrap(),
        object["user_agent"].as_str().unwrap(),
    );
    assert_eq!(path.len(), 1023);
    assert_eq!(agent.len(), 255);
    assert!(!agent.contains(char::REPLACEMENT_CHARACTER));
    assert_eq!(
        agent::cut(&[0x80; 300], 256).len(),
        253,
        "no text at all is cut somewhere near"
    );
    assert_eq!(agent::cut(b"short", 256), b"short");
}

#[test]
fn writes_only_while_enabled() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let writer = LogWriter::to(file.reopen().unwrap());
    let style = Style {
        format: LogFormat::Json,
        ansi: false,
    };
    let log = AccessLog::new(writer.clone(), style, true, &crate::logs::count::PROCESS);
    log.write(&record(), &Correlation::default());
    log.clone().set_enabled(false);
    assert!(!log.enabled());
    log.write(&record(), &Correlation::default());
    assert!(writer.flush(Duration::from_secs(20)));
    assert_eq!(
        std::fs::read_to_string(file.path())
            .unwrap()
            .lines()
            .count(),
        1
    );
}
