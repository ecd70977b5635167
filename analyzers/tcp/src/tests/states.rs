//! Zeek's states, each with a capture that shows it.

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::detailed;

#[track_caller]
fn check(talk: Talk, state: &str, history: &str, ours: &str) {
    let report = detailed(talk.frames());
    let connection = &report["connections"][0];
    assert_eq!(connection["conn_state"], state, "{connection}");
    assert_eq!(connection["history"], history, "{connection}");
    assert_eq!(connection["state"], ours, "{connection}");
    assert_eq!(report["summary"]["conn_states"][0]["state"], state);
    assert_eq!(report["pages"][0]["total"], 1);
}

#[test]
fn s0_an_attempt_without_reply() {
    check(Talk::new().c(SYN, (1000, 0), b"").c(SYN, (1000, 0), b""), "S0", "S", "attempted");
}

#[test]
fn s1_established_and_not_ended() {
    let talk = Talk::new().handshake().c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1006), b"");
    check(talk, "S1", "ShADa", "established");
}

#[test]
fn s1_half_open_is_established_for_zeek_and_half_open_for_us() {
    check(Talk::new().c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b""), "S1", "Sh", "half_open");
}

#[test]
fn sf_begins_and_ends_normally() {
    let talk = Talk::new()
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"")
        .s(ACK, (5001, 1006), b"world")
        .c(ACK | FIN, (1006, 5006), b"")
        .s(ACK | FIN, (5006, 1007), b"")
        .c(ACK, (1007, 5007), b"");
    check(talk, "SF", "ShADadFf", "closed");
}

#[test]
fn rej_an_attempt_that_is_refused() {
    check(Talk::new().c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b""), "REJ", "Sr", "rejected");
}

#[test]
fn s2_only_the_client_closes() {
    check(Talk::new().handshake().c(ACK | FIN, (1001, 5001), b"").s(ACK, (5001, 1002), b""), "S2", "ShAFa", "closing");
}

#[test]
fn s3_only_the_server_closes() {
    check(Talk::new().handshake().s(ACK | FIN, (5001, 1001), b"").c(ACK, (1001, 5002), b""), "S3", "ShAf", "closing");
}

#[test]
fn rsto_the_client_aborts() {
    check(Talk::new().handshake().c(RST | ACK, (1001, 5001), b""), "RSTO", "ShAR", "reset");
}

#[test]
fn rstr_the_server_aborts() {
    check(Talk::new().handshake().s(RST | ACK, (5001, 1001), b""), "RSTR", "ShAr", "reset");
}

#[test]
fn rstos0_the_client_gives_its_own_attempt_up() {
    check(Talk::new().c(SYN, (1000, 0), b"").c(RST, (1001, 0), b""), "RSTOS0", "SR", "reset");
}

#[test]
fn rstrh_the_server_aborts_and_no_syn_was_seen() {
    check(Talk::new().s(SYN | ACK, (5000, 1001), b"").s(RST, (5001, 0), b""), "RSTRH", "^hr", "reset");
}

#[test]
fn sh_the_client_closes_and_no_syn_ack_was_seen() {
    check(Talk::new().c(SYN, (1000, 0), b"").c(FIN | ACK, (1001, 5001), b""), "SH", "SF", "closing");
}

#[test]
fn shr_the_server_closes_and_no_syn_was_seen() {
    check(Talk::new().s(SYN | ACK, (5000, 1001), b"").s(FIN | ACK, (5001, 1001), b""), "SHR", "^hf", "closing");
}

#[test]
fn oth_only_the_middle_was_captured() {
    let talk = Talk::new().c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1006), b"world");
    check(talk, "OTH", "Dd", "midstream");
}
