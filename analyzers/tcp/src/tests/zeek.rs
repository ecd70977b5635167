//! Zeek's rules that its reference does not tell, each with a capture. Where Zeek's own test suite has the same case, its expected
//! output is named: `core.tcp.rst-after-syn`, `core.tcp.fin-retransmit`, `core.tcp.missing-syn`, `core.tcp.rxmit-history`,
//! `conn_state-RST-behavior`, `half-duplex-client`.

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::{connections, detailed, file};

#[track_caller]
fn check(talk: Talk, state: &str, history: &str) {
    let report = detailed(talk.frames());
    let connection = &report["connections"][0];
    assert_eq!((&connection["conn_state"], &connection["history"]), (&state.into(), &history.into()), "{connection}");
}

#[test]
fn fin_then_reset_of_the_same_end_is_a_reset() {
    let fin = || Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"").s(ACK, (5001, 1002), b"");
    check(fin().c(RST, (1002, 0), b""), "RSTO", "ShAFaR");
    let fin = || Talk::new().handshake().s(ACK | FIN, (5001, 1001), b"").c(ACK, (1001, 5002), b"");
    check(fin().s(RST, (5002, 0), b""), "RSTR", "ShAfr");
    let data = || Talk::new().handshake().c(ACK, (1001, 5001), b"hello").s(ACK | FIN, (5001, 1006), b"");
    check(data().s(RST, (5002, 0), b"").c(RST, (1006, 0), b""), "RSTR", "ShADfrR");
    // Both ends reset, and no byte of payload: Zeek calls that rejected.
    check(fin().s(RST, (5002, 0), b"").c(RST, (1001, 0), b""), "REJ", "ShAfrR");
    // Unless the other end sends FIN behind it, or both did before.
    check(fin().s(RST, (5002, 0), b"").c(ACK | FIN, (1001, 5002), b""), "SF", "ShAfrF");
    check(fin().c(ACK | FIN, (1001, 5002), b"").c(RST, (1002, 0), b""), "SF", "ShAfFR");
}

#[test]
fn syn_ack_and_its_ack_are_established_although_the_syn_is_missing() {
    check(Talk::new().s(SYN | ACK, (5000, 1001), b"").c(ACK, (1001, 5001), b""), "S1", "^hA");
    let late = Talk::new().s(SYN | ACK, (5000, 1001), b"").c(SYN, (1000, 0), b"").c(ACK, (1001, 5001), b"");
    check(late, "S1", "^hSA");
}

/// `core.tcp.missing-syn`: SF with ^hADdFaf, and nothing missed.
#[test]
fn a_whole_connection_but_for_its_syn() {
    let talk = Talk::new().s(SYN | ACK, (5000, 1001), b"").c(ACK, (1001, 5001), b"").c(ACK, (1001, 5001), b"hello");
    let talk = talk.s(ACK, (5001, 1006), b"world").c(ACK | FIN, (1006, 5006), b"").s(ACK, (5006, 1007), b"");
    check(talk.s(ACK | FIN, (5006, 1007), b"").c(ACK, (1007, 5007), b""), "SF", "^hADdFaf");
}

/// `conn_state-RST-behavior`: R is OTH, SR and SaR are RSTOS0, SaFR is OTH.
#[test]
fn a_client_that_resets_its_own_attempt() {
    let syn = || Talk::new().c(SYN, (1000, 0), b"");
    check(Talk::new().c(RST, (1000, 0), b""), "OTH", "R");
    check(syn().c(RST, (1001, 0), b""), "RSTOS0", "SR");
    check(syn().s(ACK, (7000, 500), b"").c(RST, (500, 0), b""), "RSTOS0", "SaR");
    check(syn().s(ACK, (7000, 500), b"").c(FIN, (1001, 0), b"").c(RST, (1002, 0), b""), "OTH", "SaFR");
}

/// `core.tcp.rst-after-syn`: the client stays in SYN_SENT, the server in RESET, which makes REJ, although data came. Our own word says more.
#[test]
fn a_reset_in_the_handshake_is_the_server_s_last_word_for_zeek() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b"").s(SYN | ACK, (5000, 1001), b"");
    let report = detailed(talk.c(ACK, (1001, 5001), b"hello").frames());
    let connection = &report["connections"][0];
    assert_eq!((&connection["conn_state"], &connection["history"]), (&"REJ".into(), &"SrhD".into()));
    assert_eq!(connection["state"], "established");
}

/// `core.tcp.fin-retransmit`: the client is CLOSED, the server RESET.
#[test]
fn fin_in_the_handshake_and_a_reset_of_the_server() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").c(FIN, (1001, 0), b"").s(SYN | ACK, (5000, 1001), b"");
    check(talk.c(FIN | ACK, (1001, 5001), b"").s(RST, (5001, 0), b""), "RSTR", "SFhr");
}

/// As in the log of `half-duplex-client`: SADF and DAF are SH, SAD without an end is S0.
#[test]
fn one_direction_only() {
    let syn = || Talk::new().c(SYN, (1000, 0), b"").c(ACK, (1001, 5001), b"").c(ACK, (1001, 5001), b"hello");
    check(syn(), "S0", "SAD");
    check(syn().c(FIN | ACK, (1006, 5001), b""), "SH", "SADF");
    let middle = Talk::new().c(ACK, (1001, 5001), b"hello").c(ACK, (1006, 5010), b"");
    check(middle.c(FIN | ACK, (1006, 5010), b""), "SH", "DAF");
    check(Talk::new().s(ACK, (5001, 1001), b"hello").s(RST, (5006, 0), b""), "RSTRH", "^dr");
}

#[test]
fn gaps_are_holes_of_established_connections_and_told_with_their_acknowledgment() {
    // The hole shows with the segment behind it, and is a gap once the other end has it.
    let hole = || Talk::new().handshake().c(ACK, (1011, 5001), b"hello");
    check(hole(), "S1", "ShAD");
    check(hole().s(ACK, (5001, 1016), b""), "S1", "ShADaG");
    check(hole().wait(9).c(ACK, (1001, 5001), b"0123456789").s(ACK, (5001, 1016), b""), "S1", "ShADTa");
    // Two holes, one acknowledgment: letters at the 1st and 10th time.
    let many = (0..10).fold(Talk::new().handshake(), |talk, n| talk.c(ACK, (1002 + 2 * n, 5001), b"x"));
    check(many.s(ACK, (5001, 1021), b""), "S1", "ShADaGG");
    // The middle of a connection, where nobody knows what came before.
    let middle = Talk::new().c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1106), b"");
    check(middle, "OTH", "Da");
    // FIN takes a number and no byte.
    let fin = Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"").s(ACK, (5001, 1002), b"");
    check(fin, "S2", "ShAFa");
}

/// As in `core.tcp.rxmit-history`, whose capture is cut: RSTO with ShADaGdgtR, and all payload missed.
#[test]
fn what_the_snap_length_cut_is_a_gap() {
    let report = connections(&file("tests/captures/crafted/tcp_snaplen54.pcap"), &serde_json::json!({}));
    assert_eq!(report["connections"][0]["history"], "ShADaGFf");
}

/// A capture whose frames have so many bytes at the most; of some, by their number, more.
fn cut(frames: &[(u64, Vec<u8>)], captured: impl Fn(usize) -> usize) -> Vec<u8> {
    let mut capture = mcpcap_analyzer::harness::build::pcap(&[]);
    for (n, (time, frame)) in frames.iter().enumerate() {
        let kept = captured(n).min(frame.len());
        for field in [time / 1_000_000, time % 1_000_000, kept as u64, frame.len() as u64] {
            capture.extend(u32::try_from(field).unwrap().to_le_bytes());
        }
        capture.extend(&frame[..kept]);
    }
    capture
}

#[test]
fn what_was_cut_and_is_there_whole_is_no_gap() {
    for (c, s) in [("192.0.2.1:4000", "192.0.2.2:80"), ("[2001:db8::1]:4000", "[2001:db8::2]:8080")] {
        let twice = |again: bool| {
            let talk = Talk::between(c, s).handshake().c(ACK, (1001, 5001), &[7; 100]);
            let talk = if again { talk.wait(300).c(ACK, (1001, 5001), &[7; 100]) } else { talk };
            talk.s(ACK, (5001, 1101), b"").frames()
        };
        let history = |frames: &[(u64, Vec<u8>)], captured: &dyn Fn(usize) -> usize| {
            connections(&cut(frames, captured), &serde_json::json!({}))["connections"][0]["history"].clone()
        };
        for (first, second, expected) in [(999, 80, "ShADTa"), (80, 999, "ShADTa"), (80, 80, "ShADTaG")] {
            assert_eq!(
                history(&twice(true), &|n| [999, 999, 999, first, second, 999][n]),
                expected,
                "{first} {second}"
            );
        }
        // A copy of it that is whole, and another that is cut.
        let copied = |captured: [usize; 2]| {
            let mut frames = twice(false);
            let mut copy = frames[3].1.clone();
            copy.splice(12..12, [0x81, 0, 0, 7]);
            frames.insert(4, (frames[3].0 + 30, copy));
            history(&frames, &|n| [999, 999, 999, captured[0], captured[1], 999][n])
        };
        assert_eq!([copied([80, 999]), copied([999, 80]), copied([80, 90])], ["ShADa", "ShADa", "ShADaG"]);
    }
}

#[test]
fn sent_again_is_what_does_not_reach_beyond() {
    let sent = || Talk::new().handshake().c(ACK, (1001, 5001), b"hello");
    check(sent().c(ACK, (1001, 5001), b"hello"), "S1", "ShADT");
    check(sent().c(ACK, (1003, 5001), b"llo"), "S1", "ShADT");
    // It overlaps and goes on.
    check(sent().c(ACK, (1003, 5001), b"llo you"), "S1", "ShAD");
    // A keep-alive with its byte; one without.
    check(sent().c(ACK, (1005, 5001), b"o"), "S1", "ShADT");
    check(sent().c(ACK, (1005, 5001), b""), "S1", "ShAD");
    // The first segment of a connection whose SYN is missing.
    check(Talk::new().c(ACK, (1001, 5001), b"hello"), "OTH", "D");
}

#[test]
fn payload_on_control_segments_is_no_data_and_several_bits_are_one_letter() {
    check(Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"bye"), "S2", "ShAF");
    // The payload of a first SYN ends where its end begins to be counted, which is not beyond.
    check(Talk::new().c(SYN, (1000, 0), b"hello"), "S0", "ST");
    check(Talk::new().c(SYN | FIN, (1000, 0), b""), "SH", "Q");
    check(Talk::new().handshake().c(FIN | RST, (1001, 0), b""), "RSTO", "ShAI");
}

#[test]
fn closed_windows_do_not_count_behind_an_end() {
    let closed = |talk: Talk| talk.s(ACK, (5001, 1001), b"").window(0);
    check(closed(Talk::new().handshake()), "S1", "ShAaw");
    let fin = Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"");
    check(fin.s(ACK, (5001, 1002), b"").window(0), "S2", "ShAFa");
    check(Talk::new().handshake().s(RST | ACK, (5001, 1001), b"").window(0), "RSTR", "ShAr");
}
