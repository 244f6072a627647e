//! A parser of the Prometheus text format (0.0.4) that accepts nothing which is not in its specification, and checks what
//! the specification says about families and histograms.

use std::collections::{BTreeMap, BTreeSet};

/// Labels and their values.
pub(crate) type Labels = BTreeMap<String, String>;

/// All families of a scrape, by name.
#[derive(Debug)]
pub(crate) struct Exposition(BTreeMap<String, Family>);

/// One metric with all of its series.
#[derive(Debug, Default)]
pub(crate) struct Family {
    help: Option<String>,
    kind: Option<String>,
    /// The name of the sample (with `_bucket` and the like), its labels, its value; in the order of the text.
    samples: Vec<(String, Labels, f64)>,
}

/// One series of a histogram.
#[derive(Default)]
struct Histogram {
    /// Limits and counts.
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

impl Exposition {
    /// Parses a scrape; panics with the line that is wrong.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has to end");
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in text.lines() {
            let name = if let Some(comment) = line.strip_prefix('#') {
                match take_comment(comment, &mut families) {
                    Some(name) => name,
                    None => continue,
                }
            } else if line.is_empty() {
                continue;
            } else {
                take_sample(line, &mut families)
            };
            if current.as_ref() != Some(&name) {
                let lines =
                    families[&name].samples.len() + usize::from(families[&name].help.is_some());
                assert!(lines <= 1, "the lines of {name} are not together: {line}");
                current = Some(name);
            }
        }
        for (name, family) in &families {
            family.check(name);
        }
        Self(families)
    }

    /// The kind of a family.
    pub(crate) fn kind(&self, family: &str) -> &str {
        self.0
            .get(family)
            .and_then(|family| family.kind.as_deref())
            .unwrap_or_else(|| panic!("there is no {family}"))
    }

    /// The families without a line that says what they are. The format allows it.
    pub(crate) fn unexplained(&self) -> Vec<&str> {
        let has_help = |family: &Family| family.help.as_ref().is_some_and(|help| !help.is_empty());
        self.0
            .iter()
            .filter(|(_, family)| !has_help(family))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The value of the only series that has these labels, among others.
    pub(crate) fn value(&self, sample: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.series(sample, labels);
        assert!(
            found.len() <= 1,
            "several series of {sample} with {labels:?}"
        );
        found.first().map(|(_, value)| *value)
    }

    /// The sum of all series that have these labels.
    pub(crate) fn sum(&self, sample: &str, labels: &[(&str, &str)]) -> f64 {
        self.series(sample, labels)
            .iter()
            .map(|(_, value)| value)
            .sum()
    }

    /// The series of a sample that have these labels, among others.
    pub(crate) fn series(&self, sample: &str, labels: &[(&str, &str)]) -> Vec<(&Labels, f64)> {
        let has = |labels_of: &Labels| {
            labels
                .iter()
                .all(|(key, value)| labels_of.get(*key).map(String::as_str) == Some(*value))
        };
        let samples = self.0.values().flat_map(|family| &family.samples);
        samples
            .filter(|(name, labels_of, _)| name == sample && has(labels_of))
            .map(|(_, labels_of, value)| (labels_of, *value))
            .collect()
    }

    /// The values that a label has in a family.
    pub(crate) fn label_values(&self, family: &str, label: &str) -> BTreeSet<&str> {
        let samples = self.0.get(family).map_or(&[][..], |family| &family.samples);
        samples
            .iter()
            .filter_map(|(_, labels, _)| labels.get(label).map(String::as_str))
            .collect()
    }
}

/// `# HELP name text` or `# TYPE name kind`. Any other comment is nothing.
fn take_comment(comment: &str, families: &mut BTreeMap<String, Family>) -> Option<String> {
    let mut words = comment.strip_prefix(' ')?.splitn(3, ' ');
    let what = words.next()?;
    if !["HELP", "TYPE"].contains(&what) {
        return None;
    }
    let name = words
        .next()
        .filter(|name| is_name(name, true))
        .unwrap_or_else(|| panic!("no name: #{comment}"));
    let text = words.next().unwrap_or_default();
    let family = families.entry(name.to_owned()).or_default();
    assert!(family.samples.is_empty(), "after its samples: #{comment}");
    let slot = if what == "HELP" {
        unescape(text, false).unwrap_or_else(|| panic!("a wrong escape: #{comment}"));
        &mut family.help
    } else {
        let kinds = ["counter", "gauge", "histogram", "summary", "untyped"];
        assert!(kinds.contains(&text), "no such type: #{comment}");
        &mut family.kind
    };
    assert_eq!(
        slot.replace(text.to_owned()),
        None,
        "a second time: #{comment}"
    );
    Some(name.to_owned())
}

/// `name{label="value",…} value`. Returns the family that it belongs to.
fn take_sample(line: &str, families: &mut BTreeMap<String, Family>) -> String {
    let wrong = |what: &str| -> ! { panic!("{what}: {line}") };
    let end = line.find(['{', ' ']).unwrap_or_else(|| wrong("no value"));
    let (name, rest) = line.split_at(end);
    if !is_name(name, true) {
        wrong("not a name");
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => take_labels(rest).unwrap_or_else(|| wrong("labels")),
        None => (Labels::new(), rest),
    };
    let mut words = rest
        .strip_prefix(' ')
        .unwrap_or_else(|| wrong("no space before the value"))
        .split(' ');
    let value = words
        .next()
        .and_then(number)
        .unwrap_or_else(|| wrong("not a number"));
    if words
        .next()
        .is_some_and(|time| time.parse::<i64>().is_err())
        || words.next().is_some()
    {
        wrong("more than value and time");
    }
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
        let base = name.strip_suffix(suffix)?;
        let kind = families.get(base)?.kind.as_deref()?;
        (kind == "histogram" || (kind == "summary" && *suffix != "_bucket")).then_some(base)
    });
    let base = base.unwrap_or(name).to_owned();
    let family = families
        .get_mut(&base)
        .filter(|family| family.kind.is_some())
        .unwrap_or_else(|| wrong("no TYPE before it"));
    if family
        .samples
        .iter()
        .any(|(n, l, _)| n == name && *l == labels)
    {
        wrong("the same series again");
    }
    family.samples.push((name.to_owned(), labels, value));
    base
}

/// `label="value",…}`, and what follows.
fn take_labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, value) = rest.split_once("=\"")?;
        let mut escaped = false;
        let end = value.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        let text = unescape(&value[..end], true)?;
        if !is_name(name, false) || labels.insert(name.to_owned(), text).is_some() {
            return None;
        }
        rest = &value[end + 1..];
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

fn is_name(text: &str, colon: bool) -> bool {
    let ok = |c: char| c.is_ascii_alphabetic() || c == '_' || (colon && c == ':');
    text.starts_with(ok) && text.chars().all(|c| ok(c) || c.is_ascii_digit())
}

fn unescape(text: &str, quotes: bool) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        out.push(match c {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                '"' if quotes => '"',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // Rust reads `inf` and `infinity` as well; the format does not.
        text if text.contains(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E') => None,
        text => text.parse().ok(),
    }
}

impl Family {
    fn check(&self, name: &str) {
        let kind = self
            .kind
            .as_deref()
            .unwrap_or_else(|| panic!("{name} has no TYPE"));
        match kind {
            "counter" => {
                for (sample, labels, value) in &self.samples {
                    assert!(
                        *value >= 0.0 && value.is_finite(),
                        "{sample}{labels:?} is {value}"
                    );
                    assert!(name.ends_with("_total"), "{name} is a counter");
                }
            }
            "histogram" => self.check_histogram(name),
            _ => {}
        }
    }

    fn check_histogram(&self, name: &str) {
        // By the labels without `le`.
        let mut series: BTreeMap<Labels, Histogram> = BTreeMap::new();
        for (sample, labels, value) in &self.samples {
            let mut labels = labels.clone();
            let le = labels.remove("le");
            let entry = series.entry(labels).or_default();
            match (sample.strip_prefix(name), le) {
                (Some("_bucket"), Some(le)) => {
                    let le = number(&le).unwrap_or_else(|| panic!("{name}: le=\"{le}\""));
                    entry.buckets.push((le, *value));
                }
                (Some("_sum"), None) => entry.sum = Some(*value),
                (Some("_count"), None) => entry.count = Some(*value),
                _ => panic!("{sample} does not belong into a histogram"),
            }
        }
        for (
            labels,
            Histogram {
                buckets,
                sum,
                count,
            },
        ) in series
        {
            let what = format!("{name}{labels:?}");
            for pair in buckets.windows(2) {
                assert!(pair[0].0 < pair[1].0, "{what}: the limits do not grow");
                assert!(
                    pair[0].1 <= pair[1].1,
                    "{what}: the buckets are not cumulative"
                );
            }
            let (limit, all) = *buckets
                .last()
                .unwrap_or_else(|| panic!("{what}: no buckets"));
            assert_eq!(limit, f64::INFINITY, "{what}: no bucket for everything");
            assert_eq!(Some(all), count, "{what}: +Inf is the count");
            assert!(sum.is_some_and(f64::is_finite), "{what}: no sum");
        }
    }
}

const GOOD: &str = "# a comment\n\n# HELP a_total Text with \\\\ and \\n in it.\n# TYPE a_total counter\na_total{x=\"1\\\"\",y=\"\"} 1\na_total{x=\"2\"} 2 1700000000000\n";

#[test]
fn the_parser_reads_what_is_right() {
    let parsed = Exposition::parse(GOOD);
    assert_eq!(parsed.kind("a_total"), "counter");
    assert_eq!(parsed.value("a_total", &[("x", "1\"")]), Some(1.0));
    assert_eq!(parsed.sum("a_total", &[]), 3.0);
}

/// A parser that accepts everything proves nothing.
#[test]
fn the_parser_refuses_what_is_wrong() {
    let histogram = |body: &str| format!("# HELP h Text.\n# TYPE h histogram\n{body}");
    for wrong in [
        GOOD.trim_end().to_owned(),
        format!("{GOOD}a_total{{x=\"2\"}} 3\n"),
        format!("{GOOD}# TYPE a_total counter\n"),
        format!("{GOOD}# HELP b Text.\n# TYPE b gauge\nb 1\na_total 1\n"),
        "a 1\n".to_owned(),
        "# HELP a Text.\n# TYPE a gauge\na{x=\"\\q\"} 1\n".to_owned(),
        "# HELP a Text.\n# TYPE a gauge\na{x=\"1\" y=\"2\"} 1\n".to_owned(),
        "# HELP a Text.\n# TYPE a gauge\na inf\n".to_owned(),
        "# HELP a Text.\n# TYPE a gauge\na-b 1\n".to_owned(),
        "# HELP a_total Text.\n# TYPE a_total counter\na_total -1\n".to_owned(),
        histogram("h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
        histogram("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 1\n"),
        histogram("h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"),
        histogram("h_bucket{le=\"+Inf\"} 1\nh_count 1\n"),
    ] {
        let parsed = std::panic::catch_unwind(|| Exposition::parse(&wrong));
        assert!(parsed.is_err(), "accepted: {wrong}");
    }
}
