//! The recorder: counters and gauges are the exporter's, histograms our own, since the exporter's grow.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use ::metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use metrics_exporter_prometheus::formatting::{
    sanitize_description, sanitize_label_key, sanitize_label_value, sanitize_metric_name,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::histogram::{Buckets, bounds};

/// What a metric is registered with.
pub(crate) struct Recorder {
    exporter: PrometheusRecorder,
    histograms: Arc<Histograms>,
}

/// What it is read with. Clones are the same.
#[derive(Clone)]
pub(crate) struct Handle {
    exporter: PrometheusHandle,
    histograms: Arc<Histograms>,
}

#[derive(Debug, Default)]
struct Histograms {
    /// The way to a histogram that is known, as whoever records it names it.
    known: RwLock<HashMap<Key, Arc<Buckets>>>,
    /// By name, as they are shown.
    families: RwLock<BTreeMap<String, Family>>,
}

#[derive(Debug, Default)]
struct Family {
    help: Option<String>,
    /// By their labels in the text format, without braces, in one order whatever the order of the caller.
    series: BTreeMap<String, Arc<Buckets>>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            exporter: PrometheusBuilder::new().build_recorder(),
            histograms: Arc::default(),
        }
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle {
            exporter: self.exporter.handle(),
            histograms: Arc::clone(&self.histograms),
        }
    }
}

impl Histograms {
    fn get(&self, key: &Key) -> Arc<Buckets> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(buckets) = known.get(key) {
            return Arc::clone(buckets);
        }
        drop(known);
        let name = sanitize_metric_name(key.name());
        let bounds = bounds(&name);
        let mut families = self
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let series = &mut families.entry(name).or_default().series;
        let buckets = series
            .entry(labels(key))
            .or_insert_with(|| Arc::new(Buckets::new(bounds)));
        let buckets = Arc::clone(buckets);
        drop(families);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key.clone(), Arc::clone(&buckets));
        buckets
    }

    /// The first description stays, as with the exporter.
    fn describe(&self, name: &str, help: &str) {
        let mut families = self
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(sanitize_metric_name(name)).or_default();
        family
            .help
            .get_or_insert_with(|| sanitize_description(help));
    }

    fn render(&self, text: &mut String) -> fmt::Result {
        let families = self.families.read().unwrap_or_else(PoisonError::into_inner);
        let used = families
            .iter()
            .filter(|(_, family)| !family.series.is_empty());
        for (name, family) in used {
            if let Some(help) = &family.help {
                writeln!(text, "# HELP {name} {help}")?;
            }
            writeln!(text, "# TYPE {name} histogram")?;
            for (labels, buckets) in &family.series {
                let (up_to, all, sum) = buckets.snapshot();
                let comma = if labels.is_empty() { "" } else { "," };
                for (bound, count) in up_to {
                    writeln!(
                        text,
                        "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}"
                    )?;
                }
                writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {all}")?;
                let braced = match labels.as_str() {
                    "" => String::new(),
                    labels => format!("{{{labels}}}"),
                };
                writeln!(text, "{name}_sum{braced} {sum}\n{name}_count{braced} {all}")?;
            }
            text.push('\n');
        }
        Ok(())
    }
}

fn labels(key: &Key) -> String {
    let labels: BTreeMap<String, String> = key
        .labels()
        .map(|label| {
            let value = sanitize_label_value(label.value());
            (sanitize_label_key(label.key()), value)
        })
        .collect();
    let texts: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    texts.join(",")
}

impl Handle {
    /// Everything in the text format.
    pub(super) fn render(&self) -> String {
        let mut text = self.exporter.render();
        // Into a String, which takes everything.
        self.histograms.render(&mut text).ok();
        text
    }

    /// Makes descriptions that came meanwhile visible.
    pub(super) fn run_upkeep(&self) {
        self.exporter.run_upkeep();
    }
}

impl ::metrics::Recorder for Recorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_counter(name, unit, description);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.exporter.describe_gauge(name, unit, description);
    }

    fn describe_histogram(&self, name: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.histograms.describe(name.as_str(), &description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.exporter.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.exporter.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.histograms.get(key))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}
