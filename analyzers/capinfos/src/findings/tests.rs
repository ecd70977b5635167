use mcpcap_analyzer::decode::{Statistics, Stop, StopCount};
use mcpcap_analyzer::{Frame, Link};
use serde_json::json;

use super::*;

/// What a capture of frames (time in nanoseconds, captured and original length) and a reader's summary leads to.
fn found(
    frames: &[(Option<u64>, usize, u32)],
    summary: serde_json::Value,
    decoding: &Decoding,
    end: Option<&End>,
) -> Vec<(&'static str, Severity, Vec<u64>, u64)> {
    let (mut times, mut sizes) = (Times::default(), Sizes::default());
    for (number, (timestamp, captured, original)) in (1..).zip(frames) {
        let frame = Frame {
            number,
            timestamp: *timestamp,
            original: *original,
            data: &[0; 100][..*captured],
            link: &Link::default(),
            link_index: 0,
            flags: 0,
            offset: 0,
        };
        times.add(&frame);
        sizes.add(&frame);
    }
    let summary = Summary::from_value(&summary).unwrap();
    let last_frame = frames.len() as u64;
    let failures = decoding.stopped.iter().filter(|stop| stop.undecoded);
    let failed = failures.flat_map(|stop| stop.frames.iter().copied()).collect();
    let (times, sizes, summary) = (&times, &sizes, &summary);
    let facts = Facts { times, sizes, summary, copies: None, decoding, failed: &failed, end, last_frame };
    all(&facts).into_iter().map(|f| (f.rule, f.severity, f.frames.to_vec(), f.frames_total)).collect()
}

/// 2023-11-14, in nanoseconds.
const NOW: u64 = 1_700_000_000_000_000_000;
const QUIET: (Option<u64>, usize, u32) = (Some(NOW), 60, 60);

#[test]
fn a_sound_capture_has_no_findings() {
    assert_eq!(found(&[QUIET, QUIET], json!({}), &Statistics::default(), None), []);
    let enough = End { reason: "enough".into(), ..End::default() };
    assert_eq!(found(&[QUIET], json!({}), &Statistics::default(), Some(&enough)), []);
}

#[test]
fn reading_that_ended_early_is_told_with_the_last_frame() {
    for (reason, severity) in [
        ("cut-short", Severity::Low),
        ("damaged", Severity::Medium),
        ("time-limit", Severity::Medium),
        ("new", Severity::Medium),
    ] {
        let end = End { reason: reason.into(), offset: Some(40), message: String::new() };
        let expected = [("capture_incomplete", severity, vec![2], 1)];
        assert_eq!(found(&[QUIET, QUIET], json!({}), &Statistics::default(), Some(&end)), expected);
    }
    let end = End { reason: "damaged".into(), ..End::default() };
    assert!(found(&[], json!({}), &Statistics::default(), Some(&end))[0].2.is_empty());
}

#[test]
fn drops_are_weighed_against_what_was_captured() {
    let with = |dropped: u64| json!({ "drops": { "interfaces_reporting": 1, "dropped_by_os": dropped } });
    let severity =
        |frames: &[_], dropped| found(frames, with(dropped), &Statistics::default(), None).first().map(|f| f.1);
    assert_eq!(severity(&[QUIET; 99], 1), Some(Severity::Medium));
    assert_eq!(severity(&[QUIET; 200], 1), Some(Severity::Low));
    assert_eq!(severity(&[QUIET; 9], 0), None);
}

#[test]
fn cut_packets_are_told_from_one_percent() {
    let mut frames = vec![QUIET; 99];
    frames.push((Some(NOW), 60, 61));
    assert_eq!(
        found(&frames, json!({}), &Statistics::default(), None),
        [("capture_packets_cut", Severity::Low, vec![100], 1)]
    );
    frames.extend([QUIET; 100]);
    assert_eq!(found(&frames, json!({}), &Statistics::default(), None), []);
}

#[test]
fn a_large_step_back_weighs_more_than_a_small_one() {
    let step = |from, to| {
        found(&[(Some(NOW + from), 60, 60), (Some(NOW + to), 60, 60)], json!({}), &Statistics::default(), None)
    };
    assert_eq!(step(5, 4), [("capture_time_goes_back", Severity::Info, vec![2], 1)]);
    assert_eq!(step(1_000_000_000, 0)[0].1, Severity::Low);
}

#[test]
fn packets_without_time_and_secrets_are_told() {
    let secrets = json!({ "secrets": [{ "type": "TLS key log", "count": 2 }] });
    let rules: Vec<_> =
        found(&[(None, 60, 60)], secrets, &Statistics::default(), None).into_iter().map(|f| (f.0, f.2)).collect();
    assert_eq!(rules, [("capture_packets_without_time", vec![1]), ("capture_holds_secrets", vec![])]);
}

#[test]
fn only_failures_of_decoding_are_told() {
    let stop = |reason: Stop, frames: &[u64]| StopCount {
        reason,
        undecoded: reason.is_failure(),
        count: frames.len() as u64,
        frames: frames.to_vec(),
    };
    let decoding = |stopped| Statistics { stopped, ..Statistics::default() };
    let failures = decoding(vec![stop(Stop::UnknownLinkType, &[3]), stop(Stop::Malformed, &[1, 2])]);
    let expected = [("capture_packets_undecoded", Severity::Low, vec![1, 2, 3], 3)];
    assert_eq!(found(&[QUIET; 20], json!({}), &failures, None), expected);
    let others = decoding(vec![stop(Stop::OtherTransport, &[1, 2])]);
    assert_eq!(found(&[QUIET; 20], json!({}), &others, None), []);
}
