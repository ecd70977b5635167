//! Messages whose end is not there, and why.

use mcpcap_analyzer::harness::build::{tcp, udp};
use mcpcap_analyzer::harness::lists::at;
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, prefixed, query, response};
use super::run;

const V6: (&str, &str) = ("2001:db8::10", "2001:db8::53");
/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;

/// A capture of one frame, of which the snap length left so many bytes.
fn capture(frame: &[u8], captured: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let words = [0xa1b2_c3d4, 0x0004_0002, 0, 0, captured as u32, 1, 1, 0, captured as u32, frame.len() as u32];
    words.iter().for_each(|word: &u32| file.extend_from_slice(&word.to_le_bytes()));
    file.extend_from_slice(&frame[..captured]);
    file
}

fn reasons(frame: &[u8], captured: usize) -> Vec<String> {
    let report: Value = run(&capture(frame, captured), &json!({}));
    let services = at(&report, "statistics.services").iter();
    let all = services.flat_map(|service| service["malformed"].as_array().unwrap());
    all.map(|entry| entry["reason"].as_str().unwrap().to_owned()).collect()
}

/// A response with four records, in a frame; and where its IP header's length stands, with what it does not count.
fn frames() -> [(Vec<u8>, usize, usize); 2] {
    let message = response(1, "a.example", A, 0, &[[203, 0, 113, 1]; 4]);
    let v4 = udp((SERVER, 53), (CLIENT, 4000), &message);
    let v6 = udp((V6.1, 53), (V6.0, 4000), &message);
    [(v4, ETHERNET + 2, 20), (v6, ETHERNET + 4, 40)]
}

fn set(frame: &mut [u8], at: usize, value: usize) {
    frame[at..at + 2].copy_from_slice(&u16::try_from(value).unwrap().to_be_bytes());
}

#[test]
fn only_frames_that_the_snap_length_cut_are_called_so() {
    for (frame, length_at, header) in frames() {
        let length = frame.len();
        assert_eq!(reasons(&frame, length), [""; 0]);
        assert_eq!(reasons(&frame, length - 20), ["cut_by_snap_length"]);
        assert_eq!(reasons(&frame, ETHERNET + header + 8 + 5), ["cut_by_snap_length"], "within the header");
        assert_eq!(reasons(&frame, ETHERNET + header + 8), ["cut_by_snap_length"], "nothing of it");

        // Padding alone was cut.
        let padded = [&frame[..], &[0; 20]].concat();
        assert_eq!(reasons(&padded, length + 3), [""; 0]);

        // The message itself counts more records than it has room for, in a frame that was cut.
        let mut counts = frame.clone();
        set(&mut counts, ETHERNET + header + 8 + 6, 40);
        assert_eq!(reasons(&counts, length), ["ends_early"]);
        assert_eq!(reasons(&counts, length - 20), ["ends_early"]);

        // The frame is whole, and IP and UDP say that there is more.
        let mut enclosed = frame[..length - 20].to_vec();
        assert_eq!(reasons(&enclosed, length - 20), ["enclosing_length"]);
        // Only UDP says so.
        let whole = length - 20 - ETHERNET;
        set(&mut enclosed, length_at, if header == 20 { whole } else { whole - header });
        assert_eq!(reasons(&enclosed, length - 20), ["enclosing_length"]);
        // Nobody says so: the message is broken.
        set(&mut enclosed, ETHERNET + header + 4, whole - header);
        assert_eq!(reasons(&enclosed, length - 20), ["ends_early"]);
    }
}

/// Of a question that was begun, less has to come than of a whole one.
#[test]
fn a_question_that_was_cut_within_its_type_or_class_was_cut() {
    let words = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    for (client, server) in [(CLIENT, SERVER), V6] {
        let message = query(1, "a.example", A);
        let frame = udp((client, 4000), (server, 53), &message);
        // Over TCP, the length in front says how long the message was.
        let syn = tcp((client, 4000), (server, 53), 0x02, (99, 0), &[]);
        let segment = tcp((client, 4000), (server, 53), 0x18, (100, 500), &prefixed(&message));
        let acknowledged = tcp((server, 53), (client, 4000), 0x10, (500, 100 + prefixed(&message).len() as u32), &[]);
        for cut in 1..14 {
            assert_eq!(reasons(&frame, frame.len() - cut), ["cut_by_snap_length"], "{client} {cut}");
            let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 0xffff, 1]);
            for (at, (frame, cut)) in (0..).zip([(&syn, 0), (&segment, cut), (&acknowledged, 0)]) {
                file.extend(words(&[at, 0, (frame.len() - cut) as u32, frame.len() as u32]));
                file.extend_from_slice(&frame[..frame.len() - cut]);
            }
            let malformed = &run(&file, &json!({}))["statistics"]["services"][0]["malformed"];
            assert_eq!(malformed[0]["reason"], "cut_by_snap_length", "{client} {cut}: {malformed}");
        }
    }
}

/// Captures of the first 64 bytes have identifiers and ends, and rarely a whole question.
#[test]
fn what_was_cut_pairs_by_ends_and_identifier() {
    let name = "a.long.name.that.does.not.fit.example";
    let words = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    for (client, server, captured) in [(CLIENT, SERVER, 64), (V6.0, V6.1, 84)] {
        let frames = [
            udp((client, 4000), (server, 53), &query(1, name, A)),
            udp((client, 4000), (server, 53), &query(1, name, A)),
            udp((server, 53), (client, 4000), &response(1, name, A, 0, &[[203, 0, 113, 1]])),
        ];
        let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, captured as u32, 1]);
        for (at, frame) in (0..).zip(&frames) {
            file.extend(words(&[at, 0, captured as u32, frame.len() as u32]));
            file.extend_from_slice(&frame[..captured]);
        }
        let report = run(&file, &json!({}));
        let transactions = &report["statistics"]["transactions"];
        for (field, count) in
            [("asked", 1), ("retransmitted", 1), ("answered", 1), ("responses_to_another_question", 0)]
        {
            assert_eq!(transactions[field], count, "{field}");
        }
        assert_eq!(report["statistics"]["services"][0]["malformed"][0]["reason"], "cut_by_snap_length");
        assert_eq!(report["statistics"]["services"][0]["malformed"][0]["count"], 3);
    }
}

/// As over UDP; the next message begins behind what was cut.
#[test]
fn what_was_cut_in_a_stream_pairs_too() {
    let words = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    for (client, server, captured) in [(CLIENT, SERVER, 90), (V6.0, V6.1, 110)] {
        let (mut asked_at, mut answered_at) = (100_u32, 500_u32);
        let mut frames = vec![
            tcp((client, 4000), (server, 53), 0x02, (99, 0), &[]),
            tcp((server, 53), (client, 4000), 0x12, (499, 100), &[]),
        ];
        for id in 0..3 {
            let name = "a.long.name.that.does.not.fit.example";
            let (asked, answered) =
                (prefixed(&query(id, name, A)), prefixed(&response(id, name, A, 0, &[[203, 0, 113, 1]])));
            frames.push(tcp((client, 4000), (server, 53), 0x18, (asked_at, answered_at), &asked));
            asked_at += asked.len() as u32;
            frames.push(tcp((server, 53), (client, 4000), 0x18, (answered_at, asked_at), &answered));
            answered_at += answered.len() as u32;
        }
        let mut file = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, captured as u32, 1]);
        for (at, frame) in (0..).zip(&frames) {
            let length = captured.min(frame.len());
            file.extend(words(&[at, 0, length as u32, frame.len() as u32]));
            file.extend_from_slice(&frame[..length]);
        }
        let report = run(&file, &json!({}));
        let transactions = &report["statistics"]["transactions"];
        for (field, count) in [("asked", 3), ("answered", 3), ("unasked_responses", 0)] {
            assert_eq!(transactions[field], count, "{field}");
        }
        let malformed = &report["statistics"]["services"][0]["malformed"];
        assert_eq!((&malformed[0]["reason"], &malformed[0]["count"]), (&json!("cut_by_snap_length"), &json!(6)));
    }
}

/// A cut fragment can never be put together; the first one is read alone.
#[test]
fn what_other_fragments_hold_was_not_cut_by_the_snap_length() {
    let [(mut frame, _, _), _] = frames();
    // More fragments; the datagram has 2000 bytes.
    set(&mut frame, ETHERNET + 6, 0x2000);
    set(&mut frame, ETHERNET + 20 + 4, 2000);
    assert_eq!(reasons(&frame, frame.len() - 20), ["fragment_missing"]);
    assert_eq!(reasons(&frame, frame.len()), [""; 0], "it waits for the others");
}
