//! POSTs of one size at regular intervals: what a program does that asks for its orders.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::numbers::rounded;
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::time;

use super::thresholds::{DEVIATION_PERCENT, INTERVAL, POSTS, SAME_SIZE_PERCENT};
use crate::counts::url;
use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http_regular_posts",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "10 or more POSTs of one client to one path, 80 % of one size, a second or more apart, whose intervals deviate by 15 % of their median at the most",
    false_alarm: "Telemetry, chat and pages that are kept up to date. The interval and the size tell programs apart.",
};

/// POSTs of one series that are kept.
const KEPT: usize = 256;

#[derive(Default)]
struct Series {
    posts: u64,
    /// Times and sizes of the first ones.
    kept: Vec<(u64, u64)>,
    evidence: Evidence,
}

/// What is kept.
pub struct Watch {
    series: BoundedMap<(IpAddr, IpAddr, String), Series>,
}

impl Watch {
    pub fn new() -> Self {
        Self { series: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, exchange: &Exchange) {
        let Some(request) = exchange.request.as_ref().filter(|request| request.head.method == "POST") else { return };
        let Some(now) = request.begun.time else { return };
        let key = (exchange.client.ip(), exchange.server.ip(), url(exchange));
        let (series, _) = self.series.get_or_insert_with(key, Series::default);
        series.posts = series.posts.saturating_add(1);
        series.evidence.add(request.begun.frame);
        if series.kept.len() < KEPT {
            series.kept.push((now, request.body.sent));
        }
    }

    pub fn evicted(&self) -> u64 {
        self.series.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let found = |((client, server, url), series): (&(IpAddr, IpAddr, String), &Series)| {
            let (interval, deviation, size) = regularity(&series.kept)?;
            let seconds = rounded(time::seconds(interval), 3);
            let kept = series.kept.len() as u64;
            let first = if kept < series.posts { format!("the first {kept} ") } else { String::new() };
            let observation = format!(
                "{client} sent {server} {} POSTs to one path, {first}mostly of {size} bytes, every {seconds} s.",
                series.posts
            );
            let measures = vec![
                Measure::count("posts", series.posts),
                Measure::new("interval_seconds", seconds),
                Measure::new("deviation_seconds", rounded(time::seconds(deviation), 3)),
                Measure::new("bytes", size as f64),
            ];
            Some(RULE.finding(url.clone(), observation, measures, &series.evidence))
        };
        lower_bounds(self.series.iter().filter_map(found).collect(), self.evicted())
    }
}

/// The median of the intervals and their median absolute deviation, and the most frequent size, when all of it is regular.
fn regularity(kept: &[(u64, u64)]) -> Option<(u64, u64, u64)> {
    if kept.len() < POSTS {
        return None;
    }
    let mut times: Vec<u64> = kept.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let intervals: Vec<u64> =
        times.iter().zip(times.iter().skip(1)).map(|(one, next)| next.saturating_sub(*one)).collect();
    let interval = median(intervals.clone())?;
    let deviation = median(intervals.into_iter().map(|one| one.abs_diff(interval)).collect())?;
    let mut sizes: Vec<u64> = kept.iter().map(|(_, size)| *size).collect();
    sizes.sort_unstable();
    let most = sizes.chunk_by(|one, next| one == next).max_by_key(|same| same.len())?;
    let is_one = interval >= INTERVAL
        && deviation.saturating_mul(100) <= interval.saturating_mul(DEVIATION_PERCENT)
        && most.len().saturating_mul(100) >= kept.len().saturating_mul(SAME_SIZE_PERCENT);
    is_one.then_some((interval, deviation, *most.first()?))
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
