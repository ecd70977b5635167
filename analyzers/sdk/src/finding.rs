//! What an analyst would want to be told.

use schemars::JsonSchema;
use serde::Serialize;

/// How bad it is if it is what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A fact worth knowing.
    Info,
    /// Unusual; harmless in many networks.
    Low,
    /// Worth an investigation.
    Medium,
    /// Worth an investigation now.
    High,
}

/// How sure the rule is that it saw what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Other explanations are as likely.
    Low,
    /// It is the likeliest explanation.
    Medium,
    /// The frames allow hardly any other.
    High,
}

/// One number of an observation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Measure {
    /// What was counted or measured, with its unit: `queries`, `entropy_bits_per_character`.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// One finding: numbers, the frames that show them, and the rule that was applied. No guess at causes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Name of the rule, for example `dns_nxdomain_burst`.
    pub rule: &'static str,
    /// What it is about: an address, a domain. May be text from the capture.
    pub subject: String,
    /// How bad it is if it is what it looks like.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// What was observed, in one sentence without captured text.
    pub observation: String,
    /// The numbers of the observation.
    pub measures: Vec<Measure>,
    /// The condition that was met, with its numbers.
    pub threshold: &'static str,
    /// Numbers of frames that show it, rising; the first ones where there are many.
    pub frames: Vec<u64>,
    /// How many frames show it in all.
    pub frames_total: u64,
    /// What could make it a false alarm.
    pub false_alarm: &'static str,
}

/// Frame numbers for a finding: the first few, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    frames: Vec<u64>,
    last: Option<u64>,
    total: u64,
}

impl Evidence {
    /// How many frame numbers a finding cites.
    pub const KEPT: usize = 20;

    /// Adds a frame. The same frame twice in a row counts once.
    pub fn add(&mut self, frame: u64) {
        if self.last.replace(frame) == Some(frame) {
            return;
        }
        self.total += 1;
        if self.frames.len() < Self::KEPT {
            self.frames.push(frame);
        }
    }

    /// The first frames, in the order they were added.
    pub fn frames(&self) -> &[u64] {
        &self.frames
    }

    /// How many frames were added.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_keeps_the_first_frames_and_counts_all() {
        let mut evidence = Evidence::default();
        (1..=100).for_each(|n| evidence.add(n));
        assert_eq!(evidence.frames().len(), Evidence::KEPT);
        assert_eq!(evidence.frames().first(), Some(&1));
        assert_eq!(evidence.total(), 100);
    }

    #[test]
    fn a_frame_with_two_messages_is_one_frame() {
        let mut evidence = Evidence::default();
        evidence.add(7);
        evidence.add(7);
        assert_eq!((evidence.frames(), evidence.total()), (&[7][..], 1));
    }
}
