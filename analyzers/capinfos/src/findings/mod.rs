//! What limits the conclusions that a capture allows: lost, cut or unreadable packets, and times that cannot be trusted.
//! A rule is a function of the facts, listed in [`all`].

mod copies;
mod times;

#[cfg(test)]
mod tests;

use mcpcap_analyzer::capture::End;
use mcpcap_analyzer::decode::{CopyReport, Statistics as Decoding};
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Frames, Measure, Severity};
use mcpcap_analyzer::text::counted;

use crate::interfaces::{Drops, drops};
use crate::sizes::Sizes;
use crate::summary::Summary;
use crate::times::Times;
use mcpcap_analyzer::numbers::percent;

/// Share of dropped packets from which it is worth an investigation, in percent.
const DROPS_MEDIUM: f64 = 1.0;
/// Share of cut packets that is told, in percent.
const CUT_TOLD: f64 = 1.0;
/// Share of undecoded packets that is told, in percent.
const UNDECODED_TOLD: f64 = 5.0;

/// What the rules look at.
pub struct Facts<'a> {
    /// Times of packets.
    pub times: &'a Times,
    /// Sizes of packets.
    pub sizes: &'a Sizes,
    /// What the file says about itself.
    pub summary: &'a Summary,
    /// Packets that were captured more than once.
    pub copies: Option<&'a CopyReport>,
    /// How decoding went.
    pub decoding: &'a Decoding,
    /// Frames in which something could not be read.
    pub failed: &'a Frames,
    /// Why reading ended early, if it did.
    pub end: Option<&'a End>,
    /// Number of the last frame; 0 without any.
    pub last_frame: u64,
}

/// All findings, in a fixed order.
pub fn all(facts: &Facts<'_>) -> Vec<Finding> {
    let rules = [
        incomplete,
        dropped,
        cut,
        times::gap,
        times::clocks,
        times::back,
        times::without,
        times::implausible,
        copies::copied,
        copies::looped,
        undecoded,
        secrets,
    ];
    rules.iter().filter_map(|rule| rule(facts)).collect()
}

const CAPTURE: &str = "capture";

fn measure(name: &'static str, value: u64) -> Measure {
    Measure::count(name, value)
}

/// The frames of a finding, and how many there are in all.
fn cited(evidence: &Evidence) -> (Frames, u64) {
    (evidence.cited(), evidence.total())
}

fn incomplete(facts: &Facts<'_>) -> Option<Finding> {
    let end = facts.end?;
    let (severity, what) = match end.reason.as_str() {
        // The analyzer itself had enough, which this one never has.
        "enough" => return None,
        "cut-short" => (Severity::Low, "the file ends in the middle of a packet or block"),
        "damaged" => (Severity::Medium, "a record or block contradicts the file format"),
        "compression-damaged" => (Severity::Medium, "the compressed data is damaged or cut short"),
        "time-limit" => (Severity::Medium, "the time limit was reached"),
        _ => (Severity::Medium, "the rest of the file could not be read"),
    };
    let mut measures = vec![measure("packets_read", facts.sizes.packets)];
    measures.extend(end.offset.map(|offset| measure("offset_bytes", offset)));
    let place = end.offset.map(|offset| format!(" at offset {offset}")).unwrap_or_default();
    let last = Some(facts.last_frame).filter(|frame| *frame > 0);
    Some(Finding {
        rule: "capture_incomplete",
        subject: CAPTURE.into(),
        severity,
        confidence: Confidence::High,
        observation: format!("Reading ended early{place}, after {}: {what}.", counted(facts.sizes.packets, "packet")),
        measures,
        threshold: "reading ended before the end of the file",
        frames: last.into_iter().collect(),
        frames_total: last.into_iter().count() as u64,
        false_alarm: "A capture that was copied while it was still being written ends like this.",
        twins_before: 0,
    })
}

fn dropped(facts: &Facts<'_>) -> Option<Finding> {
    let drops: Drops = drops(facts.summary)?;
    let dropped = drops.dropped.filter(|packets| *packets > 0)?;
    let packets = facts.sizes.packets;
    let share = percent(dropped, packets.saturating_add(dropped));
    let mut measures = vec![
        measure("packets_dropped", dropped),
        measure("packets_captured", packets),
        Measure::new("dropped_percent_of_both", share),
    ];
    let optional = [
        ("packets_dropped_by_interface", drops.dropped_by_interface),
        ("packets_dropped_by_os", drops.dropped_by_os),
        ("packets_received", drops.received),
    ];
    measures.extend(optional.into_iter().filter_map(|(name, value)| Some(measure(name, value?))));
    Some(Finding {
        rule: "capture_packets_dropped",
        subject: CAPTURE.into(),
        severity: if share >= DROPS_MEDIUM { Severity::Medium } else { Severity::Low },
        confidence: Confidence::High,
        observation: format!(
            "{} during the capture, {packets} are in the file: drops look like loss on the network.",
            counted(dropped, "packet") + if dropped == 1 { " was dropped" } else { " were dropped" }
        ),
        measures,
        threshold: "at least 1 packet dropped by an interface or its operating system; medium from 1 % of captured and dropped packets",
        frames: Frames::default(),
        frames_total: 0,
        false_alarm: "Counters may include packets that the capture filter would have discarded, or those of a longer capture that \
            this file is a part of.",
        twins_before: 0,
    })
}

fn cut(facts: &Facts<'_>) -> Option<Finding> {
    let sizes = facts.sizes;
    let (frames, frames_total) = cited(&sizes.cut.evidence);
    let share = percent(frames_total, sizes.packets);
    if frames_total == 0 || share < CUT_TOLD {
        return None;
    }
    Some(Finding {
        rule: "capture_packets_cut",
        subject: CAPTURE.into(),
        severity: Severity::Low,
        confidence: Confidence::High,
        observation: format!(
            "{frames_total} of {} stored only in part; what is missing is in no analysis.",
            counted(sizes.packets, "packet") + if frames_total == 1 { " is" } else { " are" }
        ),
        measures: vec![
            measure("packets_cut", frames_total),
            Measure::new("cut_percent", share),
            measure("bytes_missing", sizes.original.saturating_sub(sizes.captured)),
        ],
        threshold: "at least 1 % of the packets have a captured length below their original length",
        frames,
        frames_total,
        false_alarm: "A small snap length is often chosen on purpose, to keep payload out of the file.",
        twins_before: 0,
    })
}

fn undecoded(facts: &Facts<'_>) -> Option<Finding> {
    let failures = || facts.decoding.stopped.iter().filter(|stop| stop.undecoded);
    let total = failures().fold(0_u64, |total, stop| total.saturating_add(stop.count));
    let share = percent(total, facts.sizes.packets);
    if total == 0 || share < UNDECODED_TOLD {
        return None;
    }
    Some(Finding {
        rule: "capture_packets_undecoded",
        subject: CAPTURE.into(),
        severity: Severity::Low,
        confidence: Confidence::High,
        observation: format!(
            "{total} of {} could not be decoded; other tools do not see what they carry.",
            counted(facts.sizes.packets, "packet")
        ),
        measures: vec![measure("packets_undecoded", total), Measure::new("undecoded_percent", share)],
        threshold: "at least 5 % of the packets have an unknown link type, a cut or malformed header, or too many layers",
        frames: facts.failed.clone(),
        frames_total: total,
        false_alarm: "Link types and protocols that are valid but not supported here count too.",
        twins_before: 0,
    })
}

fn secrets(facts: &Facts<'_>) -> Option<Finding> {
    let total = facts.summary.secrets.iter().fold(0_u64, |total, secret| total.saturating_add(secret.count));
    (total > 0).then(|| Finding {
        rule: "capture_holds_secrets",
        subject: CAPTURE.into(),
        severity: Severity::Low,
        confidence: Confidence::High,
        observation: format!(
            "The file holds {} of decryption secrets: whoever has it can decrypt the connections they belong to.",
            counted(total, "block")
        ),
        measures: vec![measure("decryption_secrets_blocks", total)],
        threshold: "at least 1 Decryption Secrets Block",
        frames: Frames::default(),
        frames_total: 0,
        false_alarm: "They are often put there on purpose, so that the capture can be analysed.",
        twins_before: 0,
    })
}
