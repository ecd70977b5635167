//! What analyzers returned, kept for a while: the next page, another section, order, condition or size is answered from it.

use std::time::{Duration, Instant};

use crate::capture::Identity;
use crate::pipeline::{End, Outcome};
use crate::recent::Recent;
use crate::selection::{Delivered, Selection};

/// Bytes of memory that values of a summary take for each of their text, roughly.
const OF_SUMMARY: usize = 16;
/// Bytes of what else is kept of one: keys, numbers, hashes.
const OF_ONE: usize = 1024;

/// What decides on what an analyzer returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The file, as it is on the disk at this moment.
    pub(super) capture: Identity,
    /// SHA-256 of the component.
    pub(super) component: String,
    /// Its own name of the tool.
    pub(super) tool: String,
    /// What the component is given: the tool's own arguments, and which part of its lists is asked for.
    pub(super) arguments: String,
    /// SHA-256 of the TLS key log that it is given.
    pub(super) key_log: Option<String>,
    /// The frames.
    pub(super) selection: Selection,
}

/// Outcomes of runs, and when each was made.
pub(super) struct Kept {
    most: u64,
    time: Duration,
    all: Recent<Key, (Outcome, Instant)>,
}

impl Kept {
    /// Keeps outcomes of so many bytes together, each for so long; with 0 bytes none.
    pub(super) fn new(most: usize, time: Duration) -> Self {
        let most = most as u64;
        Self { most, time, all: Recent::new(most) }
    }

    /// Whether anything is ever kept.
    pub(super) fn keeps(&self) -> bool {
        self.most > 0
    }

    /// What is kept.
    pub(super) fn find(&self, key: &Key) -> Option<Outcome> {
        self.fresh().find(key).map(|(outcome, _)| outcome)
    }

    /// Keeps an outcome, if another run would give the same and it leaves room for others; older ones go.
    pub(super) fn keep(&self, key: Key, outcome: &Outcome) {
        let size = size(outcome).saturating_add(key.arguments.len()) as u64;
        if size <= self.most / 2 && would_be_the_same(outcome.end.as_ref()) {
            self.fresh().keep(key, (outcome.clone(), Instant::now()), size);
        }
    }

    /// How many outcomes there are, and their bytes.
    pub(super) fn held(&self) -> (usize, u64) {
        self.fresh().held()
    }

    /// Without those whose time is over.
    fn fresh(&self) -> &Recent<Key, (Outcome, Instant)> {
        self.all.retain(|(_, made)| made.elapsed() < self.time);
        &self.all
    }
}

fn size(outcome: &Outcome) -> usize {
    let delivered = match &outcome.delivered {
        Delivered::UpTo(_) => 0,
        Delivered::Chosen(chosen) => chosen.serialized_size(),
    };
    let summary = outcome.summary.to_string().len().saturating_mul(OF_SUMMARY);
    outcome.report.len().saturating_add(delivered).saturating_add(summary).saturating_add(OF_ONE)
}

/// Whether the same capture ends in the same way each time: not where the machine had too little time, or the disk failed.
fn would_be_the_same(end: Option<&End>) -> bool {
    end.is_none_or(|end| !matches!(end.reason, "time-limit" | "read-failed" | "reader-failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(report: usize) -> Outcome {
        Outcome {
            report: "x".repeat(report).into(),
            name: "a.pcap".into(),
            frames: 1,
            delivered: Delivered::UpTo(1),
            identity: String::new(),
            identity_is_whole: true,
            sha1: None,
            identity_is_kept: false,
            size: 1,
            octets: 1,
            memory: 1,
            summary: serde_json::json!({}),
            end: None,
        }
    }

    fn key(tool: &str) -> Key {
        let file = tempfile::tempfile().unwrap();
        Key { capture: Identity::of(&file.metadata().unwrap()), ..key_of(&file, tool) }
    }

    fn key_of(file: &std::fs::File, tool: &str) -> Key {
        Key {
            capture: Identity::of(&file.metadata().unwrap()),
            component: String::new(),
            tool: tool.into(),
            arguments: "{}".into(),
            key_log: None,
            selection: Selection::default(),
        }
    }

    #[test]
    fn the_least_recently_used_go_first() {
        let file = tempfile::tempfile().unwrap();
        let kept = Kept::new(30_000, Duration::from_secs(60));
        let at = |tool: &str| key_of(&file, tool);
        kept.keep(at("a"), &outcome(9_000));
        kept.keep(at("b"), &outcome(9_000));
        assert_eq!(kept.find(&at("a")).unwrap().report.len(), 9_000);
        kept.keep(at("c"), &outcome(9_000));
        assert!(kept.find(&at("b")).is_none() && kept.find(&at("a")).is_some() && kept.find(&at("c")).is_some());
        let (count, bytes) = kept.held();
        assert!(count == 2 && bytes > 18_000 && bytes <= 30_000, "{count} {bytes}");
        // What would leave no room for others is not kept, and takes none away.
        kept.keep(at("d"), &outcome(20_000));
        assert!(kept.find(&at("d")).is_none() && kept.find(&at("c")).is_some());
    }

    #[test]
    fn another_key_log_is_another_question() {
        let file = tempfile::tempfile().unwrap();
        let kept = Kept::new(1 << 20, Duration::from_secs(60));
        let with = |log: Option<&str>| Key { key_log: log.map(str::to_owned), ..key_of(&file, "a") };
        kept.keep(with(Some("one")), &outcome(1));
        let found = [Some("one"), Some("other"), None].map(|log| kept.find(&with(log)).is_some());
        assert_eq!(found, [true, false, false]);
    }

    #[test]
    fn only_what_would_be_the_same_again_is_kept_and_only_for_a_while() {
        let kept = Kept::new(1 << 20, Duration::ZERO);
        kept.keep(key("a"), &outcome(1));
        assert_eq!(kept.held().0, 0);
        let kept = Kept::new(1 << 20, Duration::from_secs(60));
        for (reason, count) in [("time-limit", 0), ("read-failed", 0), ("reader-failed", 0), ("cut-short", 1)] {
            let end = Some(End { reason, offset: 0, message: String::new() });
            kept.keep(key(reason), &Outcome { end, ..outcome(1) });
            assert_eq!(kept.held().0, count, "{reason}");
        }
        assert!(!Kept::new(0, Duration::from_secs(60)).keeps());
    }
}
