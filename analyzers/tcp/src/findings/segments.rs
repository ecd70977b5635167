//! Segments with control bits that no stack sends.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use crate::limits;
use crate::report::counted;
use crate::segment::Segment;

const RULE: Rule = Rule {
    name: "tcp_unusual_flags",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "one segment or more without any control bit, with SYN and FIN or RST, or with FIN and without ACK",
    false_alarm: "A test of a stack or a firewall, a broken middlebox, or damaged packets.",
};

/// What is kept of such segments.
pub struct Watch {
    sources: BoundedMap<IpAddr, Odd>,
}

#[derive(Default)]
struct Odd {
    empty: u64,
    syn_with_end: u64,
    fin_alone: u64,
    evidence: Evidence,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { sources: BoundedMap::new(limits::PARTIES) }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.sources.evicted()
    }

    /// Takes a segment.
    pub fn segment(&mut self, segment: &Segment<'_>) {
        let flags = segment.tcp.flags;
        let empty = flags.0 & 0x3f == 0;
        let syn_with_end = flags.syn() && (flags.fin() || flags.rst());
        let fin_alone = flags.fin() && !flags.ack() && !flags.syn();
        if !(empty || syn_with_end || fin_alone) {
            return;
        }
        let Some(ip) = &segment.packet.ip else { return };
        let (odd, _) = self.sources.get_or_insert_with(ip.source, Odd::default);
        for (count, is) in
            [(&mut odd.empty, empty), (&mut odd.syn_with_end, syn_with_end), (&mut odd.fin_alone, fin_alone)]
        {
            *count = count.saturating_add(is.into());
        }
        odd.evidence.add(segment.packet.frame);
    }

    /// The findings.
    pub fn findings(&self) -> Vec<Finding> {
        let gone = self.evicted() > 0;
        let least = at_least(gone);
        self.sources
            .iter()
            .map(|(source, odd)| {
                let count = odd.evidence.total();
                let observation = format!(
                    "{source} sent {least}{} whose control bits no stack combines.",
                    counted(count, "segment", "segments")
                );
                let measures = vec![
                    Measure::count("without_any_bit", odd.empty).or_more(gone),
                    Measure::count("syn_with_fin_or_rst", odd.syn_with_end).or_more(gone),
                    Measure::count("fin_without_ack", odd.fin_alone).or_more(gone),
                ];
                RULE.finding(source.to_string(), observation, measures, &odd.evidence)
            })
            .collect()
    }
}
