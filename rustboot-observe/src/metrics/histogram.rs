//! A histogram that is as large after a billion observations as it is at the beginning.
//!
//! The exporter keeps each observation in a list until somebody scrapes, or its upkeep runs: 16 bytes each, a few MiB a second for a
//! busy service. Here an observation is two additions.

use std::sync::atomic::{AtomicU64, Ordering};

use ::metrics::HistogramFn;

/// Upper bounds in seconds, from OpenTelemetry's advice for HTTP durations. They apply to every `*_seconds`.
const SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The same for databases, whose answers are mostly faster than the first of the others.
const DATABASE: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// For every `*_bytes`: from a packet to what nobody should send.
const BYTES: &[f64] = &[
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// What OpenTelemetry has for a histogram that nobody has said more about.
const OTHERS: &[f64] = &[
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10_000.0,
];

/// The bounds for a metric, by its name.
pub(super) fn bounds(name: &str) -> &'static [f64] {
    if name.starts_with("db_client_") {
        DATABASE
    } else if name.ends_with("_seconds") {
        SECONDS
    } else if name.ends_with("_bytes") {
        BYTES
    } else {
        OTHERS
    }
}

/// One histogram: of one metric with one set of labels.
#[derive(Debug)]
pub(super) struct Buckets {
    bounds: &'static [f64],
    /// How many lie in each bucket, and at the end how many above the last bound.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl Buckets {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        }
    }

    fn add(&self, value: f64, times: u64) {
        // It would be in no bucket, and make the sum one as well.
        if value.is_nan() || times == 0 {
            return;
        }
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(times, Ordering::Relaxed);
        let more = value * times as f64;
        let mut sum = self.sum.load(Ordering::Relaxed);
        loop {
            let new = (f64::from_bits(sum) + more).to_bits();
            let swapped =
                self.sum
                    .compare_exchange_weak(sum, new, Ordering::Relaxed, Ordering::Relaxed);
            match swapped {
                Ok(_) => return,
                Err(other) => sum = other,
            }
        }
    }

    /// The bounds with how many observations are not above each; all of them; and their sum.
    pub(super) fn snapshot(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let mut all = 0;
        let mut up_to = Vec::with_capacity(self.bounds.len());
        for (index, count) in self.counts.iter().enumerate() {
            all += count.load(Ordering::Relaxed);
            if let Some(bound) = self.bounds.get(index) {
                up_to.push((*bound, all));
            }
        }
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        (up_to, all, sum)
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        self.add(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.add(value, count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let buckets = Buckets::new(&[1.0, 2.0]);
        for value in [-1.0, 0.5, 1.0, 1.5, 2.0, 2.5, f64::NAN] {
            buckets.record(value);
        }
        buckets.record_many(3.0, 2);
        let (up_to, all, sum) = buckets.snapshot();
        assert_eq!(up_to, [(1.0, 3), (2.0, 5)]);
        assert_eq!(all, 8);
        assert!((sum - 12.5).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn threads_lose_nothing() {
        let buckets = Buckets::new(SECONDS);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        buckets.record(0.25);
                    }
                });
            }
        });
        let (_, all, sum) = buckets.snapshot();
        assert_eq!((all, sum), (40_000, 10_000.0));
    }

    #[test]
    fn every_list_of_bounds_grows() {
        for name in ["db_client_x_seconds", "x_seconds", "x_bytes", "x"] {
            assert!(bounds(name).is_sorted_by(|a, b| a < b), "{name}");
        }
        assert_eq!(bounds("db_client_operation_duration_seconds"), DATABASE);
    }
}
