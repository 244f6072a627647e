//! The highest ratios to bare axum that are still accepted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::endpoint::Endpoint;
use crate::table::Table;
use crate::variant::Variant;

/// By how much a new budget is above what was measured.
const SLACK: f64 = 1.05;

/// `budget.toml`: by application, then by what is counted, then by endpoint.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Budget(BTreeMap<String, Limits>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    instructions: BTreeMap<String, f64>,
    allocations: BTreeMap<String, f64>,
}

impl Budget {
    /// Reads a budget.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// A sentence for each ratio that is above its limit, or has none, or was not measured.
    pub fn exceeded_by(&self, table: &Table) -> Vec<String> {
        let mut sentences = Vec::new();
        for (variant, endpoint) in limited() {
            let Some(ratio) = table.ratio(endpoint, variant) else {
                sentences.push(format!("{variant} {endpoint} was not measured"));
                continue;
            };
            let limits = self.0.get(variant.name());
            let limit = |of: fn(&Limits) -> &BTreeMap<String, f64>| {
                limits.and_then(|limits| of(limits).get(endpoint.name()).copied())
            };
            for (what, ratio, limit) in [
                (
                    "instructions",
                    ratio.instructions,
                    limit(|limits| &limits.instructions),
                ),
                (
                    "allocations",
                    ratio.allocations,
                    limit(|limits| &limits.allocations),
                ),
            ] {
                match limit {
                    Some(limit) if ratio <= limit => {}
                    Some(limit) => sentences.push(format!(
                        "{variant} {endpoint}: {ratio:.3} times the {what} of bare axum, and {limit} is the budget"
                    )),
                    None => sentences.push(format!("{variant} {endpoint}: no budget for {what}")),
                }
            }
        }
        sentences
    }

    /// What to write into `budget.toml` when these figures are to be held.
    pub fn to_hold(table: &Table) -> String {
        let mut text = String::new();
        for variant in Variant::ALL {
            for what in ["instructions", "allocations"] {
                let mut lines = String::new();
                for (_, endpoint) in limited().filter(|(limited, _)| *limited == variant) {
                    if let Some(ratio) = table.ratio(endpoint, variant) {
                        let ratio = match what {
                            "instructions" => ratio.instructions,
                            _ => ratio.allocations,
                        };
                        // Writing to a string cannot fail.
                        writeln!(lines, "{endpoint} = {:.2}", ratio * SLACK).ok();
                    }
                }
                if !lines.is_empty() {
                    writeln!(text, "\n[{variant}.{what}]\n{}", lines.trim_end()).ok();
                }
            }
        }
        text.trim_start().to_owned()
    }
}

/// Everything but the yardstick itself.
fn limited() -> impl Iterator<Item = (Variant, Endpoint)> {
    Variant::ALL
        .into_iter()
        .filter(|variant| *variant != Variant::Axum)
        .flat_map(|variant| {
            let endpoints = variant.endpoints().iter();
            endpoints.map(move |endpoint| (variant, *endpoint))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cost;

    fn table(factor: f64) -> Table {
        let mut table = Table::default();
        for variant in Variant::ALL {
            for endpoint in variant.endpoints().iter().copied() {
                let factor = if variant == Variant::Axum {
                    1.0
                } else {
                    factor
                };
                let cost = Cost {
                    instructions: 10_000.0 * factor,
                    allocations: 9.0 * factor,
                    reallocations: factor,
                    system_calls: 4.0,
                };
                table.requests.insert((endpoint, variant), cost);
            }
        }
        table
    }

    #[test]
    fn a_budget_holds_what_it_was_made_of_and_no_more() {
        let budget = Budget::parse(&Budget::to_hold(&table(1.2))).unwrap();
        assert_eq!(budget.exceeded_by(&table(1.2)), Vec::<String>::new());
        assert_eq!(budget.exceeded_by(&table(1.0)), Vec::<String>::new());
        // Three applications, four endpoints and one of them a fifth, two things that are counted.
        assert_eq!(budget.exceeded_by(&table(1.3)).len(), 26);
    }

    #[test]
    fn what_has_no_budget_or_no_figure_is_exceeded() {
        let budget = Budget::parse("[rustboot]\ninstructions = {}\nallocations = {}").unwrap();
        assert_eq!(budget.exceeded_by(&table(1.0)).len(), 26);
        assert_eq!(budget.exceeded_by(&Table::default()).len(), 13);
    }
}
