//! How many lines refusals get: who is refused can ask again at once, and nobody shall fill a disk that way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Lines for each reason and address within `SPAN`; the others are counted, and told together when it is over.
const LINES: u64 = 10;
/// Reasons and addresses that are told apart. Beyond, addresses are not.
const KEYS: usize = 64;
/// How long one count lasts.
const SPAN: Duration = Duration::from_secs(60);

/// What is counted together.
type Key = (&'static str, Option<IpAddr>);

/// Counts of this span.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    since: Option<Instant>,
    counts: HashMap<Key, u64>,
}

/// Refusals that got no line of their own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) reason: &'static str,
    /// An address, or for IPv6 a network; `None`: several.
    pub(super) from: Option<IpAddr>,
    pub(super) count: u64,
}

impl Refusals {
    /// Counts one; whether it gets a line.
    pub(super) fn count(&mut self, reason: &'static str, from: Option<IpAddr>, now: Instant) -> bool {
        self.since.get_or_insert(now);
        let own = (reason, from);
        let is_full = self.counts.len() >= KEYS && !self.counts.contains_key(&own);
        let count = self.counts.entry(if is_full { (reason, None) } else { own }).or_default();
        *count = count.saturating_add(1);
        *count <= LINES
    }

    /// What got no line, when a span is over or `end` ends it.
    pub(super) fn over(&mut self, now: Instant, end: bool) -> Vec<Further> {
        if !end && self.since.is_none_or(|since| now.saturating_duration_since(since) < SPAN) {
            return Vec::new();
        }
        self.since = None;
        let further = |((reason, from), count): (Key, u64)| {
            let count = count.checked_sub(LINES).filter(|count| *count > 0)?;
            Some(Further { reason, from, count })
        };
        self.counts.drain().filter_map(further).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_few_lines_and_its_number() {
        let (mut refusals, begun) = (Refusals::default(), Instant::now());
        let flood: Option<IpAddr> = Some("10.0.0.1".parse().unwrap());
        let lines = (0..1000).filter(|_| refusals.count("token", flood, begun)).count();
        assert_eq!(lines, 10);
        // Another reason and another address have lines of their own.
        assert!(refusals.count("origin", flood, begun) && refusals.count("token", None, begun));
        assert_eq!(refusals.over(begun + SPAN / 2, false), []);
        let further = refusals.over(begun + SPAN, false);
        assert_eq!(further, [Further { reason: "token", from: flood, count: 990 }]);
        assert!(refusals.count("token", flood, begun + SPAN) && refusals.over(begun + SPAN * 3, false).is_empty());
    }

    #[test]
    fn many_addresses_together_get_few_lines() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let from = |n: u32| Some(IpAddr::V4(n.into()));
        let lines = (0..100_000).filter(|n| refusals.count("token", from(*n), now)).count();
        assert!(lines <= (KEYS + 1) * 10, "{lines}");
        assert!(refusals.counts.len() <= KEYS + 1);
        let further: u64 = refusals.over(now, true).iter().map(|one| one.count).sum();
        assert_eq!(further + lines as u64, 100_000);
    }
}
