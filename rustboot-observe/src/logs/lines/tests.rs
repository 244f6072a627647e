//! Each format through a real subscriber, with plain and with hostile values.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tracing::{info, info_span, warn};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::correlation::{Correlation, RequestId, SpanId, TraceId};
use crate::logs::config::LogFormat;

const ALL: [LogFormat; 4] = [
    LogFormat::Json,
    LogFormat::Logfmt,
    LogFormat::Compact,
    LogFormat::Pretty,
];

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What `log` writes in `format`.
fn written(format: LogFormat, ansi: bool, log: impl FnOnce()) -> String {
    let sink = Sink::default();
    let writer = LogWriter::to(sink.clone());
    let lines = Lines {
        writer: writer.clone(),
        style: Style { format, ansi },
        counts: &crate::logs::count::PROCESS,
    };
    tracing::subscriber::with_default(Registry::default().with(lines), log);
    assert!(writer.flush(Duration::from_secs(20)));
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn one_line(format: LogFormat, log: impl FnOnce()) -> String {
    let text = written(format, false, log);
    assert_eq!(text.matches('\n').count(), 1, "{text:?}");
    text.strip_suffix('\n').unwrap().to_owned()
}

fn one_object(log: impl FnOnce()) -> Json {
    let line = one_line(LogFormat::Json, log);
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The line without its time.
fn timeless(format: LogFormat, log: impl FnOnce()) -> String {
    let line = one_line(format, log);
    line.split_once(' ').unwrap().1.to_owned()
}

fn in_request<R>(work: impl FnOnce() -> R) -> R {
    let mut correlation = Correlation::new(RequestId::accept("req-1").unwrap()).with_trace(
        TraceId::parse("0af7651916cd43dd8448eb211c80319c").unwrap(),
        SpanId::parse("b7ad6b7169203331").unwrap(),
    );
    let _entered = correlation.enter();
    work()
}

#[derive(Debug)]
struct Failure(&'static str, Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

#[test]
fn json_has_the_members_of_the_contract_in_order() {
    let line = one_line(LogFormat::Json, || {
        in_request(|| info!(target: "shop", items = 3, "sold"))
    });
    let (time, rest) = line.split_once("\",").unwrap();
    let time = time.strip_prefix("{\"timestamp\":\"").unwrap();
    assert!(
        time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z'),
        "{time}"
    );
    assert_eq!(
        rest,
        r#""level":"INFO","target":"shop","message":"sold","request_id":"req-1","trace_id":"0af7651916cd43dd8448eb211c80319c","items":3}"#
    );
}

#[test]
fn json_keeps_types() {
    let object = one_object(|| {
        info!(
            int = -1_i64, big = u64::MAX, float = 1.5, large = 1e300, nan = f64::NAN, inf = f64::INFINITY, yes = true,
            wide = 5_u128, wider = u128::MAX, text = "t", shown = %"s", debugged = ?Some(1), r#type = "raw",
            bytes = &[1_u8, 255][..], "m"
        );
    });
    for (key, value) in [
        ("int", json!(-1)),
        ("big", json!(u64::MAX)),
        ("float", json!(1.5)),
        ("large", json!(1e300)),
        ("nan", Json::Null),
        ("inf", Json::Null),
        ("yes", json!(true)),
        ("wide", json!(5)),
        ("wider", json!(u128::MAX.to_string())),
        ("text", json!("t")),
        ("shown", json!("s")),
        ("debugged", json!("Some(1)")),
        ("type", json!("raw")),
        ("bytes", json!("[01 ff]")),
    ] {
        assert_eq!(object[key], value, "{key}");
    }
    assert!(object.get("request_id").is_none() && object.get("spans").is_none());
}

#[test]
fn json_moves_fields_that_collide() {
    let object = one_object(|| in_request(|| info!(level = "mine", trace_id = 7, spans = 1, "m")));
    assert_eq!(object["level"], "INFO");
    assert_eq!(object["field_level"], "mine");
    assert_eq!(object["field_trace_id"], 7);
    assert_eq!(object["field_spans"], 1);
}

#[test]
fn an_event_without_a_message_has_an_empty_one() {
    assert_eq!(one_object(|| info!(a = 1))["message"], "");
    assert_eq!(
        timeless(LogFormat::Compact, || info!(target: "t", a = 1)),
        " INFO t: a=1"
    );
    assert_eq!(one_object(|| info!(message = 5))["message"], "5");
    assert_eq!(one_object(|| info!(message = "text"))["message"], "text");
}

#[test]
fn errors_come_with_their_sources_each_once() {
    let error = Failure(
        "cannot save",
        Some(Box::new(Failure(
            "io: disk full",
            Some(Box::new(Failure("disk full", None))),
        ))),
    );
    let error: &(dyn std::error::Error + 'static) = &error;
    for format in ALL {
        let line = one_line(format, || warn!(error, "m"));
        assert!(line.contains("cannot save: io: disk full\""), "{line}");
    }
}

#[test]
fn json_spans_store_their_fields_once() {
    let object = one_object(|| {
        let outer = info_span!(
            "outer",
            name = "n",
            id = 1,
            late = tracing::field::Empty,
            text = "a,\"b\\"
        );
        let _outer = outer.enter();
        outer.record("late", 1);
        outer.record("late", "two, \"2\"");
        outer.record("id", 2);
        info_span!("inner").in_scope(|| info!("m"));
    });
    assert_eq!(
        object["spans"],
        json!([
            {"name": "outer", "field_name": "n", "id": 2, "text": "a,\"b\\", "late": "two, \"2\""},
            {"name": "inner"}
        ])
    );
}

#[test]
fn text_formats_show_spans() {
    let log = || {
        let outer = info_span!("outer", id = 1, name = "a b");
        let _outer = outer.enter();
        info_span!("inner", n = 2).in_scope(|| info!(target: "t", k = "v", "m"));
    };
    assert_eq!(
        timeless(LogFormat::Compact, log),
        " INFO t: m k=v spans=outer{id=1 name=\"a b\"}:inner{n=2}"
    );
    assert_eq!(
        timeless(LogFormat::Logfmt, log),
        "level=info target=t msg=\"m\" k=v spans=outer:inner id=1 name=\"a b\" n=2"
    );
    assert!(
        one_line(LogFormat::Pretty, log).ends_with("k=v spans=outer{id=1 name=\"a b\"}:inner{n=2}")
    );
}

#[test]
fn logfmt_quotes_what_needs_it() {
    let line = timeless(LogFormat::Logfmt, || {
        in_request(|| {
            info!(target: "t", a = "plain", b = "two words", c = "", d = "x=\"y\"", e = ?"q", msg = 1, ok = true, "it's \"done\"");
        });
    });
    assert_eq!(
        line,
        r#"level=info target=t msg="it's \"done\"" a=plain b="two words" c="" d="x=\"y\"" e="\"q\"" field_msg=1 ok=true request_id=req-1 trace_id=0af7651916cd43dd8448eb211c80319c"#
    );
}

#[test]
fn compact_and_pretty_read_well() {
    let log = || in_request(|| warn!(target: "shop", path = "/a", q = ?"x y", "low stock"));
    let ids = "request_id=req-1 trace_id=0af7651916cd43dd8448eb211c80319c";
    let expected = format!("WARN shop: low stock path=/a q=\"x y\" {ids}");
    assert_eq!(timeless(LogFormat::Compact, log), format!(" {expected}"));
    let pretty = one_line(LogFormat::Pretty, log);
    assert_eq!(pretty.split_once("  ").unwrap().1, expected);
    let time = pretty.split_once(' ').unwrap().0;
    assert_eq!(
        (time.len(), &time[2..3], &time[8..9]),
        (12, ":", "."),
        "{time}"
    );
}

#[test]
fn pretty_has_colours_only_when_asked_and_dims_the_ids() {
    let log = || in_request(|| info!(target: "t", "m"));
    assert!(!written(LogFormat::Pretty, false, log).contains('\x1b'));
    let coloured = written(LogFormat::Pretty, true, log);
    assert!(coloured.contains("\x1b[32m INFO\x1b[0m"), "{coloured:?}");
    assert!(
        coloured.contains("\x1b[2m request_id=req-1 "),
        "{coloured:?}"
    );
    assert!(coloured.ends_with("\x1b[0m\n"), "{coloured:?}");
    assert!(!written(LogFormat::Json, true, log).contains('\x1b'));
}

#[test]
fn pretty_indents_a_message_of_several_lines() {
    let text = written(
        LogFormat::Pretty,
        false,
        || info!(target: "t", "a\r\nforged\tb\x1b[31m"),
    );
    assert!(
        text.ends_with("t: a\n    forged\tb\\u001b[31m\n"),
        "{text:?}"
    );
}

#[test]
fn no_value_makes_a_second_line_or_a_control_character() {
    let hostile: String = (0..0x2100).filter_map(char::from_u32).collect();
    for format in [LogFormat::Json, LogFormat::Logfmt, LogFormat::Compact] {
        let line = one_line(format, || {
            let span = info_span!("s", value = hostile);
            let _span = span.enter();
            info!(value = hostile, shown = %hostile, debugged = ?hostile, "{hostile}");
        });
        let ascii_control = |c: char| c.is_ascii_control();
        assert!(!line.contains(ascii_control), "{format:?}");
        if format == LogFormat::Json {
            let object: Json = serde_json::from_str(&line).unwrap();
            assert_eq!(object["message"], hostile.as_str());
            assert_eq!(object["value"], hostile.as_str());
            assert_eq!(object["shown"], hostile.as_str());
            assert_eq!(object["spans"][0]["value"], hostile.as_str());
        } else {
            assert!(
                !line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
            );
        }
    }
}

#[test]
fn hostile_names_do_not_break_the_line() {
    let log = || info!("odd \"key\"=\n" = 1, "m");
    assert_eq!(one_object(log)["odd \"key\"=\n"], 1);
    assert!(timeless(LogFormat::Logfmt, log).ends_with(" odd__key___=1"));
}

#[test]
fn a_panicking_value_leaves_no_half_line_behind() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Debug");
        }
    }
    let object = one_object(|| {
        let doomed = std::panic::catch_unwind(|| info!(value = ?Panics, "doomed"));
        assert!(doomed.is_err());
        info!("next");
    });
    assert_eq!(object["message"], "next");
}

#[test]
fn a_failing_or_logging_value_costs_no_line() {
    struct Odd;
    impl fmt::Display for Odd {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("from inside");
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let text = written(LogFormat::Json, false, || {
        in_request(|| info!(value = %Odd, "outer"))
    });
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outer = lines
        .iter()
        .find(|line| line["message"] == "outer")
        .unwrap();
    assert_eq!(outer["value"], "half");
    assert!(lines.iter().all(|line| line["request_id"] == "req-1"));
}

#[test]
fn records_of_the_log_crate_have_their_own_target() {
    use tracing_log::log;
    for format in ALL {
        let line = one_line(format, || {
            let record = log::Record::builder()
                .args(format_args!("from log"))
                .level(log::Level::Warn)
                .target("old_crate")
                .module_path(Some("old_crate::inner"))
                .file(Some("old.rs"))
                .line(Some(7))
                .build();
            tracing_log::format_trace(&record).unwrap();
        });
        assert!(
            line.contains("old_crate") && line.contains("from log"),
            "{line}"
        );
        assert!(
            !line.contains("old.rs") && !line.contains("log.target"),
            "{line}"
        );
    }
}
