//! Times that cannot be trusted, or that no single recording has.

use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Severity};
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::text::{at_least, counted};
use mcpcap_analyzer::time;

use super::{CAPTURE, Facts, cited, measure};

/// Step back in time that merging and several capture queues do not explain, in nanoseconds.
const STEP_BACK_LOW: u64 = 1_000_000_000;

/// Several recordings in one file, or a clock that was set.
pub(super) fn gap(facts: &Facts<'_>) -> Option<Finding> {
    let gaps = facts.times.gaps.report(facts.summary, &mut Lists::default())?;
    let longest = gaps.largest.first()?;
    // The frames on both sides of the longest gaps.
    let mut frames: Vec<u64> = gaps.largest.iter().flat_map(|gap| [gap.before.frame, gap.after.frame]).collect();
    frames.sort_unstable();
    frames.dedup();
    Some(Finding {
        rule: "capture_time_gap",
        subject: CAPTURE.into(),
        severity: Severity::Low,
        confidence: Confidence::High,
        observation: format!(
            "{}{}, the longest of {} s from frame {} to frame {}, beside {} s that were recorded; duration and rates cover the gaps.",
            at_least(!gaps.total_is_exact),
            counted(gaps.total, "time gap"),
            longest.seconds,
            longest.before.frame,
            longest.after.frame,
            gaps.recorded_seconds
        ),
        measures: vec![
            measure("gaps", gaps.total).or_more(!gaps.total_is_exact),
            Measure::new("longest_gap_seconds", longest.seconds),
            Measure::new("recorded_seconds", gaps.recorded_seconds),
        ],
        threshold: "a gap of at least 1 day that is at least 10 times as long as all stretches between such gaps together",
        frames_total: gaps.frames,
        frames: frames.into(),
        false_alarm: "A link with a packet now and then over days has such gaps too.",
        twins_before: 0,
    })
}

/// Interfaces whose packets alternate in the file, with times far from each other.
pub(super) fn clocks(facts: &Facts<'_>) -> Option<Finding> {
    let (apart, pairs) = facts.times.clocks.apart()?;
    let mut frames = vec![apart.before.frame, apart.after.frame];
    frames.sort_unstable();
    Some(Finding {
        rule: "capture_clocks_differ",
        subject: CAPTURE.into(),
        severity: Severity::Low,
        confidence: Confidence::Medium,
        observation: format!(
            "{} of interfaces alternate in the file and have times that do not overlap; frames {} and {} are farthest apart, by {} s at least.",
            counted(pairs, "pair"),
            apart.before.frame,
            apart.after.frame,
            time::seconds(apart.nanoseconds)
        ),
        measures: vec![
            measure("pairs_of_interfaces", pairs),
            Measure::new("least_difference_seconds", time::seconds(apart.nanoseconds)),
        ],
        threshold: "two of the first 64 interfaces, whose frames alternate in the file and whose times are at least 60 s apart",
        frames_total: frames.len() as u64,
        frames: frames.into(),
        false_alarm: "Files that were joined in another order than that of time look like this.",
        twins_before: 0,
    })
}

/// Packets that are earlier than those before them.
pub(super) fn back(facts: &Facts<'_>) -> Option<Finding> {
    let (frames, frames_total) = cited(&facts.times.back.evidence);
    if frames_total == 0 {
        return None;
    }
    let (step, before, behind) = facts.times.largest_step_back;
    Some(Finding {
        rule: "capture_time_goes_back",
        subject: CAPTURE.into(),
        severity: if step >= STEP_BACK_LOW { Severity::Low } else { Severity::Info },
        confidence: Confidence::High,
        observation: format!(
            "{} earlier than the packet before, by up to {} s (frames {before} and {behind}).",
            counted(frames_total, "packet") + if frames_total == 1 { " is" } else { " are" },
            time::seconds(step)
        ),
        measures: vec![
            measure("packets_back_in_time", frames_total),
            Measure::new("largest_step_back_seconds", time::seconds(step)),
        ],
        threshold: "at least 1 packet earlier than the packet before it; low from a step of 1 s",
        frames,
        frames_total,
        false_alarm: "Captures of several interfaces or queues, and files joined one behind the other, are not sorted by time.",
        twins_before: 0,
    })
}

/// Packets without a time.
pub(super) fn without(facts: &Facts<'_>) -> Option<Finding> {
    let (frames, frames_total) = cited(&facts.times.without);
    (frames_total > 0).then(|| Finding {
        rule: "capture_packets_without_time",
        subject: CAPTURE.into(),
        severity: Severity::Info,
        confidence: Confidence::High,
        observation: format!("{frames_total} of {} without a usable time.", counted(facts.sizes.packets, "packet")),
        measures: vec![measure("packets_without_time", frames_total)],
        threshold: "at least 1 packet without a time, or with one before 1970 or after 2554",
        frames,
        frames_total,
        false_alarm: "pcapng Simple Packet Blocks have no time by design.",
        twins_before: 0,
    })
}

/// Packets whose time is that of a clock which was never set, or no time of day at all.
pub(super) fn implausible(facts: &Facts<'_>) -> Option<Finding> {
    let (frames, frames_total) = cited(&facts.times.implausible);
    (frames_total > 0).then(|| Finding {
        rule: "capture_time_implausible",
        subject: CAPTURE.into(),
        severity: Severity::Info,
        confidence: Confidence::High,
        observation: format!(
            "{frames_total} of {} with a time before 1990 or from 2100 on: order and distances may be right, the date is not.",
            counted(facts.sizes.packets, "packet")
        ),
        measures: vec![measure("packets_with_implausible_time", frames_total)],
        threshold: "at least 1 packet with a time before 1990-01-01 or from 2100-01-01 on",
        frames,
        frames_total,
        false_alarm: "Simulators and test tools count from 0; devices without a clock start in 1970.",
        twins_before: 0,
    })
}
