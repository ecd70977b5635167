//! Hosts that solicit many neighbours: who looks for hosts of a link, or lets a router look for them.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::thresholds::{NEIGHBOUR_TARGETS, NEIGHBOUR_WINDOW};
use crate::codes::kind;
use crate::limits;
use crate::many::{Many, Number, Room};
use crate::message::{Message, Version};

const SWEEP: Rule = Rule {
    name: "icmp_neighbour_sweep",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "neighbour solicitations of one address for 30 or more different addresses within 60 seconds (without duplicate address detection)",
    false_alarm: "A router that serves many hosts, or that is made to ask for each address of a scan from outside; then the scanner is behind it.",
};

/// What is kept: by sender.
pub struct Watch {
    senders: BoundedMap<IpAddr, Sender>,
    room: Room,
}

#[derive(Default)]
struct Sender {
    now: Span,
    most: Number,
    fullest: (u64, Evidence),
    solicitations: u64,
    advertisements: u64,
}

/// The span of time that runs now, which begins with the first solicitation after the one before.
#[derive(Default)]
struct Span {
    start: u64,
    targets: Many,
    solicitations: u64,
    evidence: Evidence,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { senders: BoundedMap::new(limits::PARTIES), room: Room::new(limits::LARGE_TABLES) }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.senders.evicted()
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, time: Option<u64>) {
        match (message.version, message.kind) {
            (Version::V6, kind::V6_NEIGHBOR_SOLICITATION) if !message.source.is_unspecified() => {
                let Some(target) = message.target() else { return };
                let (sender, gone) = self.senders.get_or_insert_with(message.source, Sender::default);
                let now = time.unwrap_or_default();
                if now.abs_diff(sender.now.start) > NEIGHBOUR_WINDOW {
                    sender.end_span(&mut self.room);
                    sender.now.start = now;
                }
                sender.solicitations = sender.solicitations.saturating_add(1);
                sender.now.solicitations = sender.now.solicitations.saturating_add(1);
                sender.now.targets.add(&target, &mut self.room);
                sender.now.evidence.add(frame);
                if let Some((_, mut gone)) = gone {
                    gone.now.targets.release(&mut self.room);
                }
            }
            (Version::V6, kind::V6_NEIGHBOR_ADVERTISEMENT) => {
                if let Some(sender) = self.senders.get_mut(&message.destination) {
                    sender.advertisements = sender.advertisements.saturating_add(1);
                }
            }
            _ => {}
        }
    }

    /// The findings.
    pub fn findings(&mut self) -> Vec<Finding> {
        let gone = self.senders.evicted() > 0;
        let room = &mut self.room;
        let found = self.senders.iter_mut().filter_map(|(sender, seen)| {
            seen.end_span(room);
            (seen.most.value >= NEIGHBOUR_TARGETS).then(|| {
                let most = seen.most.or_more(gone);
                let observation = format!(
                    "{sender} solicited {} different addresses within 60 seconds, and got {} in the capture.",
                    most.in_words(),
                    counted(seen.advertisements, "advertisement")
                );
                let measures = vec![
                    most.measure("addresses_in_60_seconds"),
                    Measure::count("solicitations_in_60_seconds", seen.fullest.0).or_more(gone),
                    Measure::count("solicitations", seen.solicitations).or_more(gone),
                    Measure::count("advertisements", seen.advertisements).or_more(gone),
                ];
                SWEEP.finding(sender.to_string(), observation, measures, &seen.fullest.1)
            })
        });
        found.collect()
    }
}

impl Sender {
    fn end_span(&mut self, room: &mut Room) {
        let mut span = std::mem::take(&mut self.now);
        let count = span.targets.count();
        span.targets.release(room);
        if count.value > self.most.value {
            self.most = count;
            self.fullest = (span.solicitations, span.evidence);
        }
    }
}
