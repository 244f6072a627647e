//! What a test's applications measured: the text that Prometheus would get, read.

use std::collections::BTreeMap;

/// All metrics at one moment.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Vec<Sample>);

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.lines().filter_map(Sample::read).collect())
    }

    /// The sum of the series of that name that have these labels, whatever others they have; `None` when there is none.
    ///
    /// The names are those of `/metrics`: a histogram has `NAME_count`, `NAME_sum` and `NAME_bucket`.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let matching = self.0.iter().filter(|sample| {
            let has = |(label, value): &(&str, &str)| {
                sample.labels.get(*label).is_some_and(|v| v == value)
            };
            sample.name == name && labels.iter().all(has)
        });
        let values: Vec<f64> = matching.map(|sample| sample.value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// The values of a label in the series of a metric, each once, sorted.
    pub fn label_values(&self, name: &str, label: &str) -> Vec<&str> {
        let of_name = self.0.iter().filter(|sample| sample.name == name);
        let mut values: Vec<&str> = of_name
            .filter_map(|sample| sample.labels.get(label).map(String::as_str))
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Says what [`value`](Self::value) is.
    ///
    /// # Panics
    /// When it is something else; the message has the series of that name.
    #[track_caller]
    pub fn assert_value(&self, name: &str, labels: &[(&str, &str)], expected: f64) -> &Self {
        let found = self.value(name, labels);
        if found != Some(expected) {
            let series = self.0.iter().filter(|sample| sample.name == name);
            let series: Vec<String> = series
                .map(|sample| format!("  {:?} {}", sample.labels, sample.value))
                .collect();
            panic!(
                "{name} {labels:?} should be {expected}, and is {found:?}; the series of that name:\n{}",
                series.join("\n")
            );
        }
        self
    }
}

impl Sample {
    /// A line such as `name{label="value"} 5`; `None` for a comment.
    fn read(line: &str) -> Option<Self> {
        if line.starts_with('#') {
            return None;
        }
        let (series, value) = line.rsplit_once(' ')?;
        let value = match value {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            value => value.parse().ok()?,
        };
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, read_labels(labels.strip_suffix('}')?)?),
            None => (series, BTreeMap::new()),
        };
        Some(Self {
            name: name.to_owned(),
            labels,
            value,
        })
    }
}

/// `a="1",b="x\"y"`.
fn read_labels(mut text: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next()? {
                    (_, 'n') => '\n',
                    (_, other) => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        text = &rest[end + 1..];
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a what it is\n# TYPE a counter\na{x=\"1\",y=\"q\\\"r,{s}\\n\"} 5\na{x=\"2\"} 7\n\nb 0.5\nc_bucket{le=\"+Inf\"} 3\n";

    #[test]
    fn series_are_found_by_their_labels() {
        let metrics = Metrics::of(TEXT);
        assert_eq!(metrics.value("a", &[]), Some(12.0));
        assert_eq!(metrics.value("a", &[("y", "q\"r,{s}\n")]), Some(5.0));
        assert_eq!(metrics.value("a", &[("x", "2"), ("y", "")]), None);
        assert_eq!(metrics.value("b", &[]), Some(0.5));
        assert_eq!(metrics.label_values("a", "x"), ["1", "2"]);
        metrics.assert_value("c_bucket", &[("le", "+Inf")], 3.0);
    }

    #[test]
    #[should_panic(expected = "and is Some(7.0); the series of that name:\n  {\"x\": \"1\"")]
    fn a_wrong_value_shows_what_there_is() {
        Metrics::of(TEXT).assert_value("a", &[("x", "2")], 1.0);
    }
}
