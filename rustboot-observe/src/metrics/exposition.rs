//! Writes metric families in the Prometheus text format, for figures that are read at the scrape.
//!
//! They do not go through the recorder: its counters are whole numbers, and CPU seconds are not.

use std::fmt::{Display, Write};

use super::names;

/// Text under construction.
pub(super) struct Exposition<'a> {
    text: &'a mut String,
    /// Families that the text had before. An application may bring its own collector for the process or the runtime,
    /// and a family may be there only once.
    taken: Vec<String>,
}

impl<'a> Exposition<'a> {
    pub(super) fn append_to(text: &'a mut String) -> Self {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let names = types.filter_map(|line| line.split(' ').next());
        let ours = names.filter(|name| name.starts_with("process_") || name.starts_with("tokio_"));
        let taken = ours.map(str::to_owned).collect();
        Self { text, taken }
    }

    /// A family with one sample and no labels, unless the text has it.
    pub(super) fn single(&mut self, name: &str, value: impl Display) {
        if self.family(name) {
            self.sample(name, None, value);
            self.text.push('\n');
        }
    }

    /// A family with a sample for each value of `label`, unless the text has it.
    pub(super) fn labelled<L: Display, V: Display>(
        &mut self,
        name: &str,
        label: &str,
        samples: impl Iterator<Item = (L, V)>,
    ) {
        if self.family(name) {
            for (label_value, value) in samples {
                self.sample(name, Some((label, &label_value)), value);
            }
            self.text.push('\n');
        }
    }

    fn family(&mut self, name: &str) -> bool {
        // Every name that is written here is a constant of `names`.
        let Some(metric) = names::find(name) else {
            return false;
        };
        if self.taken.iter().any(|taken| taken == name) {
            return false;
        }
        let (help, kind) = (metric.help, metric.kind.as_str());
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
        true
    }

    /// `label` must not need escaping: ours are numbers.
    fn sample(&mut self, name: &str, label: Option<(&str, &dyn Display)>, value: impl Display) {
        let result = match label {
            Some((key, label)) => writeln!(self.text, "{name}{{{key}=\"{label}\"}} {value}"),
            None => writeln!(self.text, "{name} {value}"),
        };
        // Into a String, which takes everything.
        result.ok();
    }
}
