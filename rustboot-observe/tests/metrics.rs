//! What `/metrics` answers is read back here by a strict reader of the text format.

#![allow(
    clippy::unwrap_used,
    reason = "a test binary: its helpers are test code too, which clippy only sees in #[test] functions"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use metrics::{counter, gauge, histogram};
use rustboot_observe::metrics::{Metrics, names};

#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: bool,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Reads the text format 0.0.4, and panics at the first thing that Prometheus would refuse or misread.
fn parse(text: &str) -> HashMap<String, Family> {
    assert!(text.ends_with('\n'));
    let mut families: HashMap<String, Family> = HashMap::new();
    let mut current = String::new();
    let mut seen = HashSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(
                !help.is_empty() && !families.contains_key(name),
                "second HELP: {line}"
            );
            families.entry(name.to_owned()).or_default().help = true;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(
                ["counter", "gauge", "histogram", "summary"].contains(&kind),
                "{line}"
            );
            let family = families.entry(name.to_owned()).or_default();
            assert!(family.kind.is_empty(), "second TYPE: {line}");
            family.kind = kind.to_owned();
            current = name.to_owned();
        } else {
            let sample = parse_sample(line);
            let family = families
                .get_mut(&current)
                .unwrap_or_else(|| panic!("no TYPE: {line}"));
            let suffixes: &[&str] = match family.kind.as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            let belongs = suffixes
                .iter()
                .any(|suffix| sample.name == format!("{current}{suffix}"));
            assert!(belongs, "not of {current}: {line}");
            assert!(
                seen.insert((sample.name.clone(), sample.labels.clone())),
                "twice: {line}"
            );
            family.samples.push(sample);
        }
    }
    for (name, family) in &families {
        assert!(!family.samples.is_empty(), "{name} is empty");
        if family.kind == "histogram" {
            check_histogram(name, family);
        }
    }
    families
}

fn parse_sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap();
    let name = &line[..end];
    assert!(is_name(name, true), "{line}");
    let mut rest = &line[end..];
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (key, value) = rest.split_once("=\"").unwrap();
            assert!(is_name(key, false), "{line}");
            let (value, after) = parse_label_value(value);
            assert!(
                labels.insert(key.to_owned(), value).is_none(),
                "label twice: {line}"
            );
            rest = match after.strip_prefix(',') {
                Some(next) => next,
                None => {
                    assert!(after.starts_with('}'), "{line}");
                    after
                }
            };
        }
        rest = &rest[1..];
    }
    let value = rest
        .strip_prefix(' ')
        .unwrap_or_else(|| panic!("no value: {line}"));
    Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().unwrap(),
    }
}

fn is_name(name: &str, colon: bool) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || (colon && c == ':'))
}

fn parse_label_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next().unwrap() {
            (at, '"') => return (value, &text[at + 1..]),
            (_, '\\') => match chars.next().unwrap().1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => panic!("\\{other} is no escape"),
            },
            (_, other) => value.push(other),
        }
    }
}

fn check_histogram(name: &str, family: &Family) {
    let mut series: HashMap<BTreeMap<String, String>, Vec<(f64, f64)>> = HashMap::new();
    for sample in family
        .samples
        .iter()
        .filter(|sample| sample.name.ends_with("_bucket"))
    {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le").unwrap().parse().unwrap();
        series
            .entry(labels)
            .or_default()
            .push((bound, sample.value));
    }
    assert!(!series.is_empty(), "{name} has no buckets");
    for (labels, buckets) in series {
        assert!(
            buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "{name}: {buckets:?}"
        );
        let (bound, total) = *buckets.last().unwrap();
        assert!(bound.is_infinite(), "{name} has no +Inf");
        for (suffix, expected) in [("_count", Some(total)), ("_sum", None)] {
            let found: Vec<&Sample> = (family.samples.iter())
                .filter(|s| s.name.ends_with(suffix) && s.labels == labels)
                .collect();
            assert_eq!(found.len(), 1, "{name}{suffix}");
            assert!(expected.is_none_or(|expected| expected == found[0].value));
        }
    }
}

fn only(families: &HashMap<String, Family>, name: &str) -> f64 {
    let family = families
        .get(name)
        .unwrap_or_else(|| panic!("{name} is missing"));
    assert_eq!(family.samples.len(), 1, "{name}");
    family.samples[0].value
}

#[tokio::test]
async fn the_text_is_what_prometheus_expects() {
    let metrics = Metrics::install();
    assert!(
        metrics.installed() && Metrics::install().installed(),
        "any number of times"
    );

    let fresh = parse(&metrics.render());
    assert_eq!(only(&fresh, names::PANICS), 0.0);
    assert_eq!(only(&fresh, names::LOG_LINES_LOST), 0.0);
    assert_eq!(fresh[names::LOG_EVENTS].samples.len(), 5);

    metrics.app_info("shop", "1.0 \"final\"\n\\", "prod");
    metrics.ready(true);
    metrics.ready(false);
    gauge!(names::HTTP_SERVER_ACTIVE_REQUESTS).increment(2.0);
    for (route, seconds) in [("/a", 0.003), ("/a", 0.3), ("/b\"\n\\c", 11.0)] {
        histogram!(names::HTTP_SERVER_REQUEST_DURATION, "http_route" => route).record(seconds);
    }
    histogram!(names::DB_CLIENT_OPERATION_DURATION).record(0.002);
    counter!("process_orders_total").increment(1);
    metrics.upkeep();

    let families = parse(&metrics.render());
    assert_eq!(only(&families, names::APP_READY), 0.0);
    assert_eq!(only(&families, names::HTTP_SERVER_ACTIVE_REQUESTS), 2.0);
    let info = &families[names::APP_INFO].samples[0];
    assert_eq!((info.value, info.labels["name"].as_str()), (1.0, "shop"));
    assert_eq!(info.labels["version"], "1.0 \"final\"\n\\");

    let requests = &families[names::HTTP_SERVER_REQUEST_DURATION];
    let bucket = |route: &str, bound: &str| {
        let of = |s: &&Sample| {
            s.labels.get("http_route").is_some_and(|r| r == route)
                && s.labels.get("le").is_some_and(|le| le == bound)
        };
        requests.samples.iter().find(of).map(|sample| sample.value)
    };
    assert_eq!(
        (
            bucket("/a", "0.005"),
            bucket("/a", "0.5"),
            bucket("/a", "+Inf")
        ),
        (Some(1.0), Some(2.0), Some(2.0))
    );
    assert_eq!(
        (bucket("/b\"\n\\c", "10"), bucket("/b\"\n\\c", "+Inf")),
        (Some(0.0), Some(1.0))
    );
    // 14 bounds and +Inf, sum and count, twice.
    assert_eq!(requests.samples.len(), 34);
    assert_eq!(
        families[names::DB_CLIENT_OPERATION_DURATION].samples.len(),
        12
    );

    assert_eq!(only(&families, names::TOKIO_WORKERS), 1.0);
    assert_eq!(
        families[names::TOKIO_WORKER_BUSY_SECONDS].samples[0].labels["worker"],
        "0"
    );
    if cfg!(target_os = "linux") {
        assert!(only(&families, names::PROCESS_RESIDENT_MEMORY) > 0.0);
        assert_eq!(families[names::PROCESS_CPU_SECONDS].kind, "counter");
    }
    for metric in names::ALL {
        if let Some(family) = families.get(metric.name) {
            assert_eq!(family.kind, format!("{:?}", metric.kind).to_lowercase());
            assert!(family.help, "{} has no help", metric.name);
        }
    }

    // A collector that the application brings wins, family by family.
    gauge!(names::PROCESS_THREADS).set(99.0);
    let families = parse(&metrics.render());
    assert_eq!(only(&families, names::PROCESS_THREADS), 99.0);
    assert!(families.contains_key("process_orders_total"));
}

/// Nobody scrapes, and a million observations are made. A list of them would take 16 MiB.
#[cfg(target_os = "linux")]
#[test]
fn observations_take_no_memory() {
    let own_memory = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kilobytes.unwrap().parse::<u64>().unwrap()
    };
    let metrics = Metrics::install();
    let observe = |number: u32| {
        histogram!("measured_seconds", "a" => "1", "b" => "2").record(f64::from(number % 20));
        histogram!("measured_bytes").record(number);
        histogram!("measured_items").record(number % 7);
    };
    (0..1000).for_each(observe);
    let before = own_memory();
    (0..1_000_000).for_each(observe);
    let grown = own_memory().saturating_sub(before);
    assert!(grown < 1024, "{grown} KiB for a million observations");

    let families = parse(&metrics.render());
    for (name, buckets) in [
        ("measured_seconds", 15),
        ("measured_bytes", 11),
        ("measured_items", 16),
    ] {
        let family = &families[name];
        assert_eq!(family.kind, "histogram");
        assert_eq!(family.samples.len(), buckets + 2, "{name}");
        let count = family.samples.last().unwrap();
        assert_eq!(count.value, 1_001_000.0, "{name}");
    }
    // The order of the labels makes no second one.
    histogram!("measured_seconds", "b" => "2", "a" => "1").record(1.0);
    let families = parse(&metrics.render());
    let count = families["measured_seconds"].samples.last().unwrap();
    assert_eq!(count.value, 1_001_001.0);
}

#[test]
fn names_keep_to_the_conventions() {
    let mut seen = HashSet::new();
    for metric in names::ALL {
        assert!(
            is_name(metric.name, false) && seen.insert(metric.name),
            "{}",
            metric.name
        );
        let counter = matches!(metric.kind, names::Kind::Counter);
        assert_eq!(metric.name.ends_with("_total"), counter, "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}", metric.name);
    }
}
