//! Wireshark's analysis flags, each in a capture that shows it and nothing else of the kind.

use serde_json::Value;

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::{counts, detailed};

#[track_caller]
fn check(talk: Talk, expected: &[(u64, &str)]) -> Value {
    let report = detailed(talk.frames());
    let connections = report["connections"].as_array().unwrap();
    let events = connections.iter().flat_map(|connection| connection["details"]["events"].as_array().unwrap());
    let found: Vec<(u64, String)> = events
        .flat_map(|event| {
            let frame = event["frame"].as_u64().unwrap();
            event["flags"].as_array().unwrap().iter().map(move |flag| (frame, flag.as_str().unwrap().to_owned()))
        })
        .collect();
    let expected: Vec<(u64, String)> = expected.iter().map(|(frame, flag)| (*frame, (*flag).to_owned())).collect();
    assert_eq!(found, expected);
    report
}

#[test]
fn retransmission_after_a_time_out() {
    let talk = Talk::new().handshake().c(ACK, (1001, 5001), b"hello").wait(300).c(ACK, (1001, 5001), b"hello");
    let report = check(talk, &[(5, "retransmission")]);
    let client = &report["connections"][0]["details"]["client"];
    assert_eq!((&client["payload_bytes"], &client["new_payload_bytes"]), (&10.into(), &5.into()));
}

#[test]
fn syn_and_fin_are_sent_again_too() {
    check(Talk::new().c(SYN, (1000, 0), b"").wait(1000).c(SYN, (1000, 0), b""), &[(2, "retransmission")]);
    let talk = Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"").wait(300).c(ACK | FIN, (1001, 5001), b"");
    check(talk, &[(5, "retransmission")]);
}

#[test]
fn fast_retransmission_after_duplicate_acknowledgments() {
    let talk = Talk::new()
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"")
        .c(ACK, (1011, 5001), b"third")
        .s(ACK, (5001, 1006), b"")
        .s(ACK, (5001, 1006), b"")
        .c(ACK, (1006, 5001), b"twice");
    let expected = [(6, "lost_segment"), (7, "duplicate_ack"), (8, "duplicate_ack"), (9, "fast_retransmission")];
    check(talk, &expected);
}

#[test]
fn spurious_retransmission_of_what_was_acknowledged() {
    let talk =
        Talk::new().handshake().c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1006), b"").c(ACK, (1001, 5001), b"hello");
    check(talk, &[(6, "spurious_retransmission")]);
}

#[test]
fn out_of_order_within_the_round_trip_time() {
    let talk = Talk::new().handshake().c(ACK, (1006, 5001), b"world").c(ACK, (1001, 5001), b"hello");
    let report = check(talk, &[(4, "lost_segment"), (5, "out_of_order")]);
    let client = &report["connections"][0]["details"]["client"];
    assert_eq!((&client["new_payload_bytes"], &client["missing_bytes"]), (&10.into(), &0.into()));
}

#[test]
fn lost_segment_and_its_acknowledgment() {
    let talk = Talk::new().handshake().c(ACK, (1006, 5001), b"world").s(ACK, (5001, 1011), b"");
    let report = check(talk, &[(4, "lost_segment"), (5, "ack_lost_segment")]);
    assert_eq!(report["connections"][0]["details"]["client"]["missing_bytes"], 5);
}

#[test]
fn keep_alive_and_its_answer_are_no_retransmission() {
    let talk = Talk::new()
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"")
        .wait(45_000)
        .c(ACK, (1005, 5001), b"")
        .s(ACK, (5001, 1006), b"");
    let report = check(talk, &[(6, "keep_alive"), (7, "keep_alive_ack")]);
    assert_eq!(report["connections"][0]["retransmissions"], 0);
}

#[test]
fn a_closed_window_is_probed_and_opened() {
    let talk = Talk::new()
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"")
        .window(0)
        .wait(300)
        .c(ACK, (1006, 5001), b"x")
        .s(ACK, (5001, 1006), b"")
        .window(0)
        .wait(2000)
        .s(ACK, (5001, 1006), b"")
        .window(4096);
    let expected = [
        (5, "zero_window"),
        (6, "zero_window_probe"),
        (7, "zero_window"),
        (7, "zero_window_probe_ack"),
        (8, "window_update"),
    ];
    let report = check(talk, &expected);
    let server = &report["connections"][0]["details"]["server"];
    assert_eq!((&server["window_closed_times"], &server["window_closed_seconds"]), (&1.into(), &2.303.into()));
}

#[test]
fn one_octet_to_an_end_that_said_nothing_is_no_probe() {
    // The SYN-ACK is captured late.
    let talk = Talk::new().c(SYN, (1000, 0), b"").c(ACK, (1001, 5001), b"x").wait(10).s(SYN | ACK, (5000, 1001), b"");
    check(talk, &[]);
}

#[test]
fn a_refusal_that_is_captured_before_its_syn_is_one_connection() {
    let report = check(Talk::new().s(RST | ACK, (0, 1001), b"").c(SYN, (1000, 0), b""), &[]);
    assert_eq!(report["summary"]["total_connections"], 1);
}

#[test]
fn data_resent_after_unseen_data_were_acknowledged_are_no_fast_retransmission() {
    let talk = Talk::new()
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"")
        // The client acknowledges what the capture lacks, with data that then come again.
        .c(ACK, (1006, 6001), b"world")
        .wait(100)
        .c(ACK, (1006, 6001), b"world");
    check(talk, &[(6, "ack_lost_segment"), (7, "retransmission")]);
}

#[test]
fn window_full_needs_the_window_s_scale() {
    let talk = Talk::new().handshake().s(ACK, (5001, 1001), b"").window(5).c(ACK, (1001, 5001), b"hello");
    // SYN and SYN-ACK without the option: windows are not scaled.
    check(talk, &[(4, "window_update"), (5, "window_full")]);
    // Without SYN nobody knows.
    check(Talk::new().s(ACK, (5001, 1001), b"x").window(5).c(ACK, (1001, 5002), b"hello"), &[]);
}

#[test]
fn reused_ports_are_another_connection() {
    let talk = Talk::new()
        .handshake()
        .c(ACK | RST, (1001, 5001), b"")
        .c(SYN, (9000, 0), b"")
        .s(SYN | ACK, (7000, 9001), b"")
        .c(ACK, (9001, 7001), b"");
    let report = check(talk, &[(5, "reused_ports")]);
    assert_eq!(report["summary"]["total_connections"], 2);
    assert_eq!(report["summary"]["successful_handshakes"], 2);
    assert_eq!(report["connections"][1]["first_frame"], 5);
}

#[test]
fn the_same_number_after_an_end_is_another_connection_too() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b"").c(SYN, (1000, 0), b"");
    let report = check(talk, &[(3, "reused_ports")]);
    assert_eq!(report["summary"]["total_connections"], 2);
}

#[test]
fn numbers_that_wrap_around_are_no_loss() {
    let start = u32::MAX - 3;
    let talk = Talk::new()
        .c(SYN, (start.wrapping_sub(1), 0), b"")
        .s(SYN | ACK, (5000, start), b"")
        .c(ACK, (start, 5001), b"hello")
        .s(ACK, (5001, 1), b"")
        .c(ACK, (1, 5001), b"world")
        .s(ACK, (5001, 6), b"");
    let report = check(talk, &[]);
    assert_eq!(report["connections"][0]["details"]["client"]["new_payload_bytes"], 10);
}

#[test]
fn ipv6_is_analysed_alike() {
    let talk = Talk::between("[2001:db8::1]:4000", "[2001:db8::2]:80")
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .wait(300)
        .c(ACK, (1001, 5001), b"hello");
    let report = check(talk, &[(5, "retransmission")]);
    assert_eq!(report["connections"][0]["client"], "[2001:db8::1]:4000");
    assert_eq!(counts(&report["summary"]["analysis"]), [("retransmission".to_owned(), 1)]);
}
