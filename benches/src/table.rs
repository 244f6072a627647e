//! The figures of a run, and how they are printed.

use std::collections::BTreeMap;
use std::fmt;

use crate::callgrind::Totals;
use crate::endpoint::Endpoint;
use crate::variant::Variant;

/// What one request costs, on average over a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Instructions in user space.
    pub instructions: f64,
    /// Blocks asked of the allocator.
    pub allocations: f64,
    /// Blocks whose size was changed.
    pub reallocations: f64,
    /// Calls of the operating system.
    pub system_calls: f64,
}

impl Cost {
    /// The share of one request.
    pub fn per_request(totals: Totals, requests: u64) -> Self {
        let share = |total: u64| total as f64 / requests as f64;
        Self {
            instructions: share(totals.instructions),
            allocations: share(totals.allocations),
            reallocations: share(totals.reallocations),
            system_calls: share(totals.system_calls),
        }
    }

    /// This cost as a multiple of that of bare axum.
    pub fn ratio_to(&self, bare: &Self) -> Ratio {
        Ratio {
            instructions: self.instructions / bare.instructions,
            allocations: (self.allocations + self.reallocations)
                / (bare.allocations + bare.reallocations),
        }
    }
}

/// A cost as a multiple of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Of instructions.
    pub instructions: f64,
    /// Of allocations and reallocations together.
    pub allocations: f64,
}

/// All costs of a run.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Of a request.
    pub requests: BTreeMap<(Endpoint, Variant), Cost>,
    /// Instructions from the first of the process until it listens.
    pub starts: BTreeMap<Variant, u64>,
}

impl Table {
    /// The ratio to bare axum; `None` when one of the two was not measured.
    pub fn ratio(&self, endpoint: Endpoint, variant: Variant) -> Option<Ratio> {
        let bare = self.requests.get(&(endpoint, Variant::Axum))?;
        Some(self.requests.get(&(endpoint, variant))?.ratio_to(bare))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| endpoint | application | instructions | to axum | allocs + reallocs | to axum | system calls |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|")?;
        for ((endpoint, variant), cost) in &self.requests {
            let allocations = format!("{:.1} + {:.1}", cost.allocations, cost.reallocations);
            let calls = format!("{:.1}", cost.system_calls);
            write!(
                f,
                "| {endpoint} | {variant} | {:.0} ",
                cost.instructions.round()
            )?;
            match self.ratio(*endpoint, *variant) {
                Some(ratio) => writeln!(
                    f,
                    "| {:.2} | {allocations} | {:.2} | {calls} |",
                    ratio.instructions, ratio.allocations
                )?,
                None => writeln!(f, "| | {allocations} | | {calls} |")?,
            }
        }
        if self.starts.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| application | instructions to its start |\n|---|---:|"
        )?;
        for (variant, instructions) in &self.starts {
            let millions = *instructions as f64 / 1e6;
            writeln!(f, "| {variant} | {millions:.1} million |")?;
        }
        Ok(())
    }
}
