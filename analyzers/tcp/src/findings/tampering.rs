//! Signs that somebody else than the two ends takes part: resets from elsewhere, and bytes that change.

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stream::Side;

use super::thresholds::{RESET_HOPS, RESET_SEGMENTS};
use crate::report::{counted, text};
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
    threshold: "a segment that came again with the same place and length and other bytes, within 8 segments of its sender, none of both \
        with a wrong checksum",
    false_alarm: "A proxy or a network card that rewrites data; where the sender's checksums cannot be judged, packets damaged on the way.",
};
const IGNORED: Rule = Rule {
    name: "tcp_end_ignored",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a RST or FIN before the handshake was complete; then it was completed, and data came. Or a RST behind the handshake; then its sender sent \
        data that was not there before, and the other end acknowledged it",
    false_alarm: "A firewall or a middlebox that resets too late, a test of a stack, or a file whose order is not that of the wire.",
};

/// The findings about a connection.
pub fn findings(connection: &Connection) -> [Option<Finding>; 3] {
    let sides = [Side::Client, Side::Server];
    [
        sides.into_iter().find_map(|side| reset(connection, side)),
        sides.into_iter().find_map(|side| conflict(connection, side)),
        ignored(connection),
    ]
}

fn ignored(connection: &Connection) -> Option<Finding> {
    let ended = connection.ignored.filter(|_| connection.carries_data())?;
    let mut evidence = Evidence::default();
    evidence.add(ended.frame);
    let (kind, end) = (if ended.reset { "RST" } else { "FIN" }, connection.sender(ended.by).endpoint);
    let when = if ended.behind { "after" } else { "during" };
    let bytes = connection.client.new_payload.saturating_add(connection.server.new_payload);
    let observation = format!(
        "A {kind} from the address of {end} came {when} the handshake; the connection went on with {} of data in all.",
        counted(bytes, "byte", "bytes")
    );
    IGNORED.finding(text(connection), observation, vec![Measure::count("payload_bytes", bytes)], &evidence).into()
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
            "A RST from the address of {} has hop limit {hops}, its other segments have {usual}; {} of it followed.",
            sender.endpoint,
            counted(sender.after_reset, "segment", "segments")
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
    let (count, evidence) = sender.contents.conflicts();
    (count > 0).then(|| {
        let observation =
            format!("{} of {} came again with other bytes.", counted(count, "segment", "segments"), sender.endpoint);
        let measures = vec![
            Measure::count("segments", count),
            Measure::count("damaged_segments_left_out", sender.contents.damaged()),
        ];
        CONFLICT.finding(text(connection), observation, measures, &evidence)
    })
}
