//! Median and percentiles.

use schemars::JsonSchema;
use serde::Serialize;
use sketches_ddsketch::{Config, DDSketch};

/// Values that are kept as they are.
const EXACT: usize = 10_000;
/// Relative error of a percentile once there are more.
const ERROR: f64 = 0.005;

/// Minimum, median, percentiles and mean of durations or sizes: exact up to 10,000 values, then by DDSketch (Masson, Rim, Lee 2019)
/// with a relative error of half a percent.
pub struct Quantiles {
    values: Vec<u64>,
    exact: usize,
    sketch: Option<Box<DDSketch>>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// How values are distributed: the number of them, the smallest, percentiles, the largest, the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// The smallest.
    pub min: u64,
    /// Half of the values are not above this.
    pub median: u64,
    /// 95 % of the values are not above this.
    pub p95: u64,
    /// 99 % of the values are not above this.
    pub p99: u64,
    /// The largest.
    pub max: u64,
    /// Their mean.
    pub mean: f64,
    /// Whether the percentiles are exact; otherwise they are off by half a percent at most.
    pub exact: bool,
}

/// How long something took, in milliseconds: the number of times, the shortest, percentiles, the longest, the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct SummaryMs {
    /// How many durations.
    pub count: u64,
    /// The shortest, in milliseconds.
    pub min_ms: f64,
    /// Half of them took no longer, in milliseconds.
    pub median_ms: f64,
    /// 95 % of them took no longer, in milliseconds.
    pub p95_ms: f64,
    /// 99 % of them took no longer, in milliseconds.
    pub p99_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
    /// Their mean, in milliseconds.
    pub mean_ms: f64,
    /// Whether the percentiles are exact; otherwise they are off by half a percent at most.
    pub exact: bool,
}

impl Default for Quantiles {
    fn default() -> Self {
        Self::new()
    }
}

impl Quantiles {
    /// No values yet.
    pub fn new() -> Self {
        Self::with_exact(EXACT)
    }

    /// No values yet; up to `exact` of them are kept as they are. For tables with many entries, whose memory a small number bounds.
    pub fn with_exact(exact: usize) -> Self {
        Self { values: Vec::new(), exact: exact.min(EXACT), sketch: None, count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Adds a value.
    pub fn add(&mut self, value: u64) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(u128::from(value));
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if let Some(sketch) = &mut self.sketch {
            sketch.add(value as f64);
            return;
        }
        self.values.push(value);
        if self.values.len() > self.exact {
            // Values from 1 to 2^64 fall into fewer bins than the most that are allowed.
            let mut sketch = DDSketch::new(Config::new(ERROR, 8192, 0.5));
            self.values.drain(..).for_each(|value| sketch.add(value as f64));
            self.values.shrink_to_fit();
            self.sketch = Some(Box::new(sketch));
        }
    }

    /// How many values were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What was found; `None` without values.
    pub fn summary(&self) -> Option<Summary> {
        if self.count == 0 {
            return None;
        }
        let mut sorted = self.values.clone();
        sorted.sort_unstable();
        let at = |percent: u64| match &self.sketch {
            Some(sketch) => sketch
                .quantile(percent as f64 / 100.0)
                .ok()
                .flatten()
                .map_or(self.max, |value| (value.round() as u64).clamp(self.min, self.max)),
            None => nearest_rank(&sorted, percent),
        };
        Some(Summary {
            count: self.count,
            min: self.min,
            median: at(50),
            p95: at(95),
            p99: at(99),
            max: self.max,
            mean: self.sum as f64 / self.count as f64,
            exact: self.sketch.is_none(),
        })
    }

    /// What was found about nanoseconds, in milliseconds; `None` without values.
    pub fn summary_ms(&self) -> Option<SummaryMs> {
        let found = self.summary()?;
        let ms = crate::time::milliseconds;
        Some(SummaryMs {
            count: found.count,
            min_ms: ms(found.min),
            median_ms: ms(found.median),
            p95_ms: ms(found.p95),
            p99_ms: ms(found.p99),
            max_ms: ms(found.max),
            // Whole nanoseconds: more digits would be noise.
            mean_ms: ms(found.mean.round() as u64),
            exact: found.exact,
        })
    }
}

/// The smallest value that at least so many percent of all are not above.
fn nearest_rank(sorted: &[u64], percent: u64) -> u64 {
    let rank = (sorted.len() as u64).saturating_mul(percent).div_ceil(100).max(1);
    sorted.get((rank as usize).saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_give_exact_percentiles() {
        let mut quantiles = Quantiles::new();
        assert_eq!(quantiles.summary(), None);
        (1..=100).rev().for_each(|n| quantiles.add(n));
        let found = quantiles.summary().unwrap();
        assert_eq!((found.min, found.median, found.p95, found.p99, found.max), (1, 50, 95, 99, 100));
        assert_eq!((found.mean, found.exact), (50.5, true));
    }

    #[test]
    fn many_values_give_percentiles_within_the_error() {
        let mut quantiles = Quantiles::new();
        (1..=1_000_000_u64).for_each(|n| quantiles.add(n * 1000));
        let found = quantiles.summary().unwrap();
        assert!(!found.exact);
        for (value, expected) in [(found.median, 500_000_000_u64), (found.p95, 950_000_000), (found.p99, 990_000_000)] {
            assert!(value.abs_diff(expected) as f64 <= expected as f64 * 0.006, "{value} for {expected}");
        }
        assert_eq!((found.min, found.max), (1000, 1_000_000_000));
    }
}
