//! Counts of different hosts, in words.

use mcpcap_analyzer::finding::Measure;
use mcpcap_analyzer::stats::Distinct;

/// The number of different values: `12`, or `about 1012`.
pub fn words(distinct: &Distinct) -> String {
    let about = if distinct.is_exact() { "" } else { "about " };
    format!("{about}{}", distinct.count())
}

/// The number as a measure, and its standard error as another where it is an estimate.
pub fn measures(name: &'static str, distinct: &Distinct) -> Vec<Measure> {
    let error = distinct.standard_error().map(|error| Measure::new("standard_error_share", error));
    let count = distinct.count();
    // An estimate is no bound.
    let count = if error.is_none() { Measure::count(name, count) } else { Measure::new(name, count as f64) };
    [Some(count), error].into_iter().flatten().collect()
}

/// The earlier and the later of two spans together.
pub fn span(known: Option<(u64, u64)>, new: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (known, new) {
        (Some((first, last)), Some((begin, end))) => Some((first.min(begin), last.max(end))),
        (known, new) => known.or(new),
    }
}
