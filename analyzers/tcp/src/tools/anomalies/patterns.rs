//! The patterns of `analyze_tcp_anomalies`: a condition on the totals, its numbers, and a sentence that repeats them.

use mcpcap_analyzer::finding::Measure;
use mcpcap_analyzer::numbers::share;

use super::report::{CategoryCount, Directions, Handshakes, Notable, Pattern, Summary};
use crate::core::Core;
use crate::report::counted;
use crate::tracker::connection::State;
use crate::tracker::sequence::Flag;

/// Share of packets sent again that is called high.
const HIGH_RETRANSMISSION: f64 = 0.02;
/// Share of one direction's resets above which, or below one minus which, they are called one-sided.
const ONE_SIDED: f64 = 0.9;
/// Share of connections that end by RST from which on that is a pattern.
const MANY_RESETS: f64 = 0.1;
/// SYN-ACK for each SYN below which answers are missing.
const FEW_ANSWERS: f64 = 0.5;

/// The patterns that were found, in a fixed order.
pub fn all(core: &Core, resets: Directions, with_reset: u64) -> Vec<Pattern> {
    [
        asymmetry(resets, with_reset),
        retransmission(core),
        handshake(core),
        termination(core),
        answers(core),
        closed_window(core),
        gaps(core),
        order(core),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How the handshakes went.
pub fn handshakes(core: &Core) -> Handshakes {
    let totals = &core.totals;
    Handshakes {
        successful: totals.handshakes,
        failed: totals.failed.saturating_sub(totals.half_open),
        incomplete: totals.half_open,
        established_with_parts_not_captured: totals.established().saturating_sub(totals.handshakes),
    }
}

fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

fn asymmetry(resets: Directions, with_reset: u64) -> Option<Pattern> {
    let both = resets.to_server.saturating_add(resets.from_server);
    (both > 0).then(|| {
        let ratio = share(resets.to_server, both);
        Pattern {
            pattern: "rst_directional_asymmetry",
            category: "connection_termination",
            observations: vec![
                Measure::count("rst_to_server", resets.to_server),
                Measure::count("rst_from_server", resets.from_server),
                Measure::new("ratio", ratio),
                Measure::count("affected_connections", with_reset),
            ],
            description: format!(
                "{} RST to servers, {} from servers ({:.1} % to servers), on {}.",
                resets.to_server,
                resets.from_server,
                ratio * 100.0,
                counted(with_reset, "connection", "connections")
            ),
        }
    })
}

fn retransmission(core: &Core) -> Option<Pattern> {
    let (resent, packets) = (core.totals.resent(), core.found());
    (resent > 0).then(|| {
        let rate = share(resent, packets);
        Pattern {
            pattern: "packet_retransmission",
            category: "reliability",
            observations: vec![
                Measure::count("total_retransmissions", resent),
                Measure::count("total_packets", packets),
                Measure::new("rate", rate),
                Measure::new("threshold", HIGH_RETRANSMISSION),
                Measure::count("exceeds_threshold", (rate > HIGH_RETRANSMISSION).into()),
            ],
            description: format!(
                "{resent} of {} {} sent again ({:.2} %).",
                counted(packets, "packet", "packets"),
                were(resent),
                rate * 100.0
            ),
        }
    })
}

fn handshake(core: &Core) -> Option<Pattern> {
    let handshakes = handshakes(core);
    let missed = handshakes.failed.saturating_add(handshakes.incomplete);
    (missed > 0).then(|| {
        let all = handshakes.successful.saturating_add(missed);
        let rate = share(missed, all);
        Pattern {
            pattern: "handshake_completion",
            category: "connection_establishment",
            observations: vec![
                Measure::count("successful", handshakes.successful),
                Measure::count("failed", handshakes.failed),
                Measure::count("incomplete", handshakes.incomplete),
                Measure::new("failure_rate", rate),
            ],
            description: format!(
                "{missed} of {} {} not completed ({:.1} %).",
                counted(all, "handshake", "handshakes"),
                were(missed),
                rate * 100.0
            ),
        }
    })
}

fn termination(core: &Core) -> Option<Pattern> {
    let totals = &core.totals;
    let reset = totals.in_state(State::Reset).saturating_add(totals.in_state(State::Rejected));
    let rate = share(reset, totals.connections);
    (rate > MANY_RESETS).then(|| Pattern {
        pattern: "abnormal_termination",
        category: "connection_lifecycle",
        observations: vec![
            Measure::count("reset_count", reset),
            Measure::count("normal_close", totals.in_state(State::Closed)),
            Measure::count("total_connections", totals.connections),
            Measure::new("reset_rate", rate),
        ],
        description: format!(
            "{reset} of {} ended by RST ({:.1} %), {} by FIN of both ends.",
            counted(totals.connections, "connection", "connections"),
            rate * 100.0,
            totals.in_state(State::Closed)
        ),
    })
}

fn answers(core: &Core) -> Option<Pattern> {
    let (syn, syn_ack) = (core.totals.counts.syn, core.totals.counts.syn_ack);
    let ratio = share(syn_ack, syn);
    (syn > 0 && ratio < FEW_ANSWERS).then(|| Pattern {
        pattern: "syn_response_imbalance",
        category: "connection_establishment",
        observations: vec![
            Measure::count("syn_count", syn),
            Measure::count("syn_ack_count", syn_ack),
            Measure::new("response_ratio", ratio),
        ],
        description: format!("{syn_ack} SYN-ACK for {syn} SYN ({:.1} %).", ratio * 100.0),
    })
}

fn closed_window(core: &Core) -> Option<Pattern> {
    let totals = &core.totals;
    let (closed, full) = (totals.flagged(Flag::ZeroWindow), totals.flagged(Flag::WindowFull));
    let probes = totals.flagged(Flag::ZeroWindowProbe);
    (closed > 0).then(|| Pattern {
        pattern: "closed_window",
        category: "flow_control",
        observations: vec![
            Measure::count("zero_window", closed),
            Measure::count("window_full", full),
            Measure::count("zero_window_probe", probes),
        ],
        description: format!(
            "{} a closed window, {} one, {} one.",
            counted(closed, "packet announces", "packets announce"),
            counted(full, "fills", "fill"),
            counted(probes, "probes", "probe")
        ),
    })
}

fn gaps(core: &Core) -> Option<Pattern> {
    let totals = &core.totals;
    let (lost, unseen) = (totals.flagged(Flag::LostSegment), totals.flagged(Flag::AckLostSegment));
    (lost > 0 || unseen > 0 || totals.missing > 0).then(|| Pattern {
        pattern: "capture_gaps",
        category: "capture_quality",
        observations: vec![
            Measure::count("lost_segment", lost),
            Measure::count("ack_lost_segment", unseen),
            Measure::count("missing_bytes", totals.missing),
            Measure::count("one_sided_connections", totals.one_sided),
        ],
        description: format!(
            "{} between others {} not in the capture. Wireshark suspects {} behind missing ones, and {} of such.",
            counted(totals.missing, "byte", "bytes"),
            if totals.missing == 1 { "is" } else { "are" },
            counted(lost, "segment", "segments"),
            counted(unseen, "acknowledgment", "acknowledgments")
        ),
    })
}

fn order(core: &Core) -> Option<Pattern> {
    let order = core.totals.order()?;
    Some(Pattern {
        pattern: "file_order",
        category: "capture_quality",
        observations: vec![
            Measure::count("connections", order.connections),
            Measure::count("reversed_handshakes", order.reversed_handshakes),
            Measure::count("data_behind_its_ack", order.data_behind_its_ack),
            Measure::count("time_goes_back", order.time_goes_back),
        ],
        description: format!(
            "The order in the file is not the order on the wire on {}: {} reversed, {} behind the ACK of it, time goes back {}.",
            counted(order.connections, "connection", "connections"),
            counted(order.reversed_handshakes, "handshake is", "handshakes are"),
            counted(order.data_behind_its_ack, "segment stands", "segments stand"),
            counted(order.time_goes_back, "time", "times")
        ),
    })
}

/// The patterns in short.
pub fn summary(patterns: &[Pattern]) -> Summary {
    let mut by_category: Vec<CategoryCount> = Vec::new();
    for pattern in patterns {
        match by_category.iter_mut().find(|entry| entry.category == pattern.category) {
            Some(entry) => entry.count = entry.count.saturating_add(1),
            None => by_category.push(CategoryCount { category: pattern.category, count: 1 }),
        }
    }
    let number = |pattern: &Pattern, name: &str| {
        pattern.observations.iter().find(|measure| measure.name == name).map_or(0.0, |measure| measure.value)
    };
    let notable = patterns.iter().filter_map(|pattern| {
        let kind = match pattern.pattern {
            "rst_directional_asymmetry" if !(1.0 - ONE_SIDED..=ONE_SIDED).contains(&number(pattern, "ratio")) => {
                "strong_rst_asymmetry"
            }
            "packet_retransmission" if number(pattern, "rate") > HIGH_RETRANSMISSION => "high_retransmission",
            _ => return None,
        };
        Some(Notable { kind, detail: pattern.description.clone() })
    });
    Summary { total_patterns: patterns.len() as u64, by_category, notable_observations: notable.collect() }
}
