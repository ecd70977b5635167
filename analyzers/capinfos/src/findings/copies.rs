//! Packets that were captured more than once, and packets that went round in a loop.

use mcpcap_analyzer::finding::{Confidence, Finding, Severity};
use mcpcap_analyzer::text::{at_least, counted};

use super::{CAPTURE, Facts, measure};

/// Copies of one packet, with different times to live, from which it is a loop: hardly any capture has so many places.
const LOOP: u64 = 10;

/// Whether packets stand in the file more than once.
pub(super) fn copied(facts: &Facts<'_>) -> Option<Finding> {
    let copies = facts.copies?;
    let differ = copies.differ_in;
    Some(Finding {
        rule: "capture_packets_copied",
        subject: CAPTURE.into(),
        severity: Severity::Info,
        confidence: if differ.nothing == copies.frames { Confidence::Medium } else { Confidence::High },
        observation: format!(
            "{}{} of {} hold a copy of an earlier packet ({} copied). This tool counts them; others leave them out unless count_copies is set.",
            at_least(copies.at_least),
            copies.frames,
            counted(facts.sizes.packets, "frame"),
            counted(copies.packets, "packet"),
        ),
        measures: vec![
            measure("copies", copies.frames).or_more(copies.at_least),
            measure("packets_copied", copies.packets).or_more(copies.at_least),
            measure("over_another_interface", differ.interface),
            measure("with_another_link_header", differ.link_header),
            measure("with_another_hop_limit", differ.hop_limit),
            measure("without_difference", differ.nothing),
        ],
        threshold: "1 packet with the addresses, identification, length and content of one at most 5 ms before it",
        frames_total: copies.frames.saturating_add(copies.packets),
        frames: copies.cited.clone(),
        false_alarm: "A program that sends the same datagram twice at once, without identification, looks like a mirror port.",
        twins_before: 0,
    })
}

/// Whether a packet went round.
pub(super) fn looped(facts: &Facts<'_>) -> Option<Finding> {
    let copies = facts.copies?;
    if copies.most_by_hop_limit < LOOP {
        return None;
    }
    let mut frames = copies.frames_of_most.clone();
    frames.sort_unstable();
    Some(Finding {
        rule: "capture_packet_loop",
        subject: CAPTURE.into(),
        severity: Severity::Medium,
        confidence: Confidence::High,
        observation: format!(
            "One packet passed {} more, each time with another time to live: it goes round between routers.",
            counted(copies.most_by_hop_limit, "time")
        ),
        measures: vec![measure("times_more", copies.most_by_hop_limit)],
        threshold: "a packet and at least 10 copies of it with different times to live, each at most 5 ms after the one before",
        frames_total: copies.most_by_hop_limit.saturating_add(1),
        frames: frames.into(),
        false_alarm: "A capture from ten routers in a row has such copies too.",
        twins_before: 0,
    })
}
