//! Signs that somebody else than the two ends takes part: resets from elsewhere, and octets that change.

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stream::Side;

use super::thresholds::{RESET_HOPS, RESET_SEGMENTS};
use crate::report::text;
use crate::tracker::connection::Connection;

const RESET: Rule = Rule {
    name: "tcp_reset_from_elsewhere",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a RST whose TTL or hop limit differs by 2 or more from that of all other segments of its sender (2 or more)",
    false_alarm: "A firewall, a load balancer or a proxy that resets in the name of the end; a stack that sends RST with another TTL.",
};
const CONFLICT: Rule = Rule {
    name: "tcp_conflicting_data",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "a segment that came again with the same place and length and other octets",
    false_alarm: "A proxy or a network card that rewrites data, or packets damaged on the way (checksums are not verified).",
};

/// The findings about a connection.
pub fn findings(connection: &Connection) -> [Option<Finding>; 2] {
    let sides = [Side::Client, Side::Server];
    [
        sides.into_iter().find_map(|side| reset(connection, side)),
        sides.into_iter().find_map(|side| conflict(connection, side)),
    ]
}

fn reset(connection: &Connection, side: Side) -> Option<Finding> {
    let sender = connection.sender(side);
    let (frame, hops) = sender.reset?;
    let usual = sender.hop_limit?;
    let known = sender.other_hop_limits == 0 && sender.packets.saturating_sub(sender.rst) >= RESET_SEGMENTS;
    (known && hops.abs_diff(usual) >= RESET_HOPS).then(|| {
        let mut evidence = Evidence::default();
        evidence.add(frame);
        let observation = format!(
            "A RST in the name of {} came with hop limit {hops}; its other segments have {usual}. {} segment(s) of it followed.",
            sender.endpoint, sender.after_reset
        );
        let measures = vec![
            Measure::count("hop_limit", hops.into()),
            Measure::count("usual_hop_limit", usual.into()),
            Measure::count("segments_after", sender.after_reset),
        ];
        RESET.finding(text(connection), observation, measures, &evidence)
    })
}

fn conflict(connection: &Connection, side: Side) -> Option<Finding> {
    let sender = connection.sender(side);
    (!sender.conflicts.is_empty()).then(|| {
        let mut evidence = Evidence::default();
        for (first, again) in &sender.conflicts {
            evidence.add(*first);
            evidence.add(*again);
        }
        let count = sender.conflicts.len() as u64;
        let observation = format!("{count} segment(s) of {} came again with other octets.", sender.endpoint);
        CONFLICT.finding(text(connection), observation, vec![Measure::count("segments", count)], &evidence)
    })
}
