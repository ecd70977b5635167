//! Handshakes of which parts are missing, late, or sent again, and their times.

use serde_json::{Value, json};

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::detailed;

#[track_caller]
fn check(talk: Talk, handshake: &str, state: &str, failed: u64) -> Value {
    let report = detailed(talk.frames());
    let connection = &report["connections"][0];
    assert_eq!((&connection["handshake"], &connection["state"]), (&json!(handshake), &json!(state)), "{connection}");
    assert_eq!(report["summary"]["failed_handshakes"], failed, "{report}");
    assert_eq!(report["pages"][0]["total"], 1);
    connection.clone()
}

/// What the whole connection has behind its handshake.
fn data(talk: Talk) -> Talk {
    talk.c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1006), b"world").c(ACK, (1006, 5006), b"")
}

#[test]
fn each_part_may_be_missing() {
    let (c, s) = ("192.0.2.1:4000", "192.0.2.2:80");
    for (c, s) in [(c, s), ("[2001:db8::1]:4000", "[2001:db8::2]:8080")] {
        let talk = || Talk::between(c, s);
        check(data(talk().handshake()), "complete", "established", 0);
        check(data(talk().s(SYN | ACK, (5000, 1001), b"")), "syn_not_captured", "established", 0);
        check(data(talk().c(SYN, (1000, 0), b"")), "syn_ack_not_captured", "established", 0);
        let without_ack = talk().c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b"").s(ACK, (5001, 1001), b"world");
        check(without_ack.c(ACK, (1001, 5006), b""), "ack_not_captured", "established", 0);
        check(data(talk()), "not_captured", "midstream", 0);
        check(talk().s(SYN | ACK, (5000, 1001), b""), "syn_ack_only", "half_open", 0);
        check(talk().c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b""), "half_open", "half_open", 1);
        check(talk().c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b""), "refused", "rejected", 1);
        check(talk().c(SYN, (1000, 0), b""), "unanswered", "attempted", 1);
    }
}

#[test]
fn each_part_may_be_late_in_the_file() {
    let (syn, syn_ack) = (|talk: Talk| talk.c(SYN, (1000, 0), b""), |talk: Talk| talk.s(SYN | ACK, (5000, 1001), b""));
    let ack = |talk: Talk| talk.c(ACK, (1001, 5001), b"");
    for talk in [
        ack(syn(syn_ack(Talk::new()))),
        ack(syn_ack(syn(Talk::new()))),
        syn_ack(ack(syn(Talk::new()))),
        syn(ack(syn_ack(Talk::new()))),
    ] {
        let connection = check(data(talk), "complete", "established", 0);
        assert_eq!((&connection["retransmissions"], &connection["client"]), (&json!(0), &json!("192.0.2.1:4000")));
    }
    // The acknowledgment stands before everything else, and nothing follows.
    for talk in [syn_ack(syn(ack(Talk::new()))), syn(syn_ack(ack(Talk::new())))] {
        let connection = check(talk, "complete", "established", 0);
        assert_eq!(connection["file_order"]["reversed_handshakes"], 1, "{connection}");
    }
    // A SYN behind data tells who is who, where the ports do not.
    let turned =
        Talk::between("192.0.2.1:4000", "192.0.2.2:8080").s(ACK, (5001, 1001), b"world").c(SYN, (1000, 0), b"");
    let connection = check(turned.c(ACK, (1001, 5006), b""), "syn_ack_not_captured", "established", 0);
    assert_eq!((&connection["client"], &connection["client_known"]), (&json!("192.0.2.1:4000"), &json!(true)));
    assert_eq!(connection["details"]["server"]["payload_bytes"], 5);
}

#[test]
fn what_comes_again_long_after_its_answer_was_not_overtaken_by_it() {
    let order = |talk: Talk| detailed(talk.frames())["summary"]["file_order"].clone();
    let syn = |wait: u64| {
        Talk::new().s(SYN | ACK, (5000, 1001), b"").wait(wait).c(SYN, (1000, 0), b"").c(ACK, (1001, 5001), b"")
    };
    assert_eq!((&order(syn(9))["reversed_handshakes"], order(syn(1000))), (&json!(1), Value::Null));
    let bytes = |wait: u64| Talk::new().handshake().s(ACK, (5001, 1006), b"").wait(wait).c(ACK, (1001, 5001), b"hello");
    assert_eq!((&order(bytes(9))["data_behind_its_ack"], order(bytes(1000))), (&json!(1), Value::Null));
}

#[test]
fn times_that_go_back_are_told() {
    let report = detailed(data(Talk::new().handshake()).back(5000).s(ACK, (5006, 1006), b"more").frames());
    assert_eq!(report["summary"]["file_order"]["time_goes_back"], 1, "{report}");
    assert_eq!(report["connections"][0]["file_order"]["connections"], 1);
    assert!(detailed(data(Talk::new().handshake()).frames())["summary"]["file_order"].is_null());
}

#[test]
fn a_syn_ack_belongs_to_the_attempt_that_it_acknowledges() {
    for (c, s) in [("192.0.2.1:4000", "192.0.2.2:80"), ("[2001:db8::1]:4000", "[2001:db8::2]:8080")] {
        let tried = || {
            let talk = Talk::between(c, s).c(SYN, (1000, 0), b"").wait(999).c(SYN, (2000, 0), b"");
            talk.wait(1999).c(SYN, (3000, 0), b"").wait(61)
        };
        for tagged in [false, true] {
            for (answered, milliseconds) in [(0, 3062.0), (1, 2062.0), (2, 62.0)] {
                let number = 1001 + answered * 1000;
                let talk = tried().s(SYN | ACK, (5000, number), b"").c(ACK, (number, 5001), b"");
                let talk = talk.c(ACK, (number, 5001), b"hello").s(ACK, (5001, number + 5), b"");
                let report = detailed(if tagged { talk.tagged() } else { talk }.frames());
                let connections = report["connections"].as_array().unwrap();
                assert_eq!((connections.len(), &report["summary"]["failed_handshakes"]), (3, &json!(2)));
                for connection in connections {
                    let is_it = connection["id"] == answered;
                    let expected = if is_it { "complete" } else { "unanswered" };
                    assert_eq!(connection["handshake"], expected, "{connection}");
                    let time = if is_it { json!(milliseconds) } else { Value::Null };
                    assert_eq!(connection["syn_to_syn_ack_ms"], time, "{connection}");
                }
            }
        }
        // One that acknowledges none of them is nobody's, and an attempt that was refused is over.
        let report = detailed(tried().s(SYN | ACK, (5000, 9), b"").frames());
        assert_eq!(report["summary"]["failed_handshakes"], 3, "{report}");
        let refused = Talk::between(c, s).c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b"").c(SYN, (2000, 0), b"");
        let report = detailed(refused.s(SYN | ACK, (5000, 1001), b"").frames());
        assert_eq!(report["summary"]["rejected_connections"], 1, "{report}");
    }
}

#[test]
fn attempts_of_which_many_wait_are_all_counted() {
    let talk = (0..1000).fold(Talk::new(), |talk, n| talk.c(SYN, (1000 + n * 10, 0), b""));
    // The first again, behind the others.
    let report = detailed(talk.c(SYN, (1000, 0), b"").c(SYN, (1010, 0), b"").frames());
    assert_eq!(report["summary"]["total_connections"], 1002);
    assert_eq!(report["summary"]["failed_handshakes"], 1002);
}

fn times(talk: Talk) -> [Value; 3] {
    let report = detailed(talk.frames());
    ["syn_to_syn_ack_ms", "syn_ack_to_ack_ms", "handshake_ms"].map(|name| report["connections"][0][name].clone())
}

#[test]
fn the_times_of_a_handshake_and_their_sum() {
    for end in ["192.0.2.2:80", "[2001:db8::2]:80"] {
        let client = if end.starts_with('[') { "[2001:db8::1]:4000" } else { "192.0.2.1:4000" };
        let talk = || {
            let talk = Talk::between(client, end).c(SYN, (1000, 0), b"").wait(61).s(SYN | ACK, (5000, 1001), b"");
            talk.wait(4).c(ACK, (1001, 5001), b"")
        };
        assert_eq!(times(talk()), [json!(62.0), json!(5.0), json!(67.0)]);
        assert_eq!(times(talk().tagged()), [json!(62.0), json!(5.0), json!(67.0)]);
    }
}

#[test]
fn syn_ack_that_comes_again_does_not_lengthen_the_time_to_the_first() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").wait(61).s(SYN | ACK, (5000, 1001), b"");
    let talk = talk.wait(3000).s(SYN | ACK, (5000, 1001), b"").wait(18_000).s(SYN | ACK, (5000, 1001), b"");
    let report = detailed(talk.frames());
    assert_eq!(report["connections"][0]["syn_to_syn_ack_ms"], 62.0);
    assert_eq!(report["summary"]["handshake_times"]["syn_to_syn_ack"]["max_ms"], 62.0);
    assert_eq!(report["connections"][0]["retransmissions"], 2);
}

#[test]
fn a_syn_sent_again_is_measured_only_by_its_timestamp() {
    let syn = |talk: Talk| talk.c(SYN, (1000, 0), b"");
    let rest = |talk: Talk, echo: Option<u32>| {
        let talk = talk.wait(20).s(SYN | ACK, (5000, 1001), b"");
        let talk = if let Some(echo) = echo { talk.stamps(900, echo) } else { talk };
        talk.c(ACK, (1001, 5001), b"")
    };
    // Nobody knows which one was answered (Karn's rule).
    let again = rest(syn(syn(Talk::new()).wait(1000)), None);
    assert_eq!(times(again), [Value::Null, json!(1.0), Value::Null]);
    for (echo, expected) in [(100, json!(1022.0)), (1100, json!(21.0)), (7, Value::Null)] {
        let again = syn(syn(Talk::new()).stamps(100, 0).wait(1000)).stamps(1100, 0);
        assert_eq!(times(rest(again, Some(echo)))[0], expected, "{echo}");
    }
    // Captured twice within a millisecond: one transmission.
    let twice = Talk::new().c(SYN, (1000, 0), b"").back(990).c(SYN, (1000, 0), b"");
    assert_eq!(times(rest(twice, None))[0], json!(21.01));
    // A SYN that comes again behind the SYN-ACK is none that it could answer.
    let behind = Talk::new().c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b"").c(SYN, (1000, 0), b"");
    assert_eq!(times(behind)[0], json!(1.0));
}

#[test]
fn a_connection_that_goes_on_behind_a_reset_or_fin_is_established_and_told() {
    let rest = |talk: Talk| data(talk.s(SYN | ACK, (5000, 1001), b"").c(ACK, (1001, 5001), b""));
    let begun = || Talk::new().c(SYN, (1000, 0), b"");
    for (talk, kind, end) in [
        (begun().s(RST | ACK, (0, 1001), b""), "RST", "192.0.2.2:80"),
        (begun().c(RST, (7777, 0), b""), "RST", "192.0.2.1:4000"),
        (begun().c(FIN, (1001, 0), b""), "FIN", "192.0.2.1:4000"),
        (begun().c(FIN | ACK, (1001, 1), b""), "FIN", "192.0.2.1:4000"),
    ] {
        let report = detailed(rest(talk).frames());
        let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "tcp_end_ignored");
        let found = found.unwrap_or_else(|| panic!("{report}"));
        assert!(
            found["observation"].as_str().unwrap().starts_with(&format!("A {kind} from the address of {end} ")),
            "{found}"
        );
        assert_eq!(found["frames"], json!([2]));
        let connection = &report["connections"][0];
        assert_eq!((&connection["state"], &connection["close_reason"]), (&json!("established"), &json!("active")));
        assert!(connection["closed_by"].is_null(), "{connection}");
    }
    // Behind the handshake: both ends go on with data.
    for (one, other) in [("192.0.2.1:4000", "192.0.2.2:80"), ("[2001:db8::1]:4000", "[2001:db8::2]:80")] {
        let reset = || data(Talk::between(one, other).handshake()).s(RST, (5006, 0), b"");
        let on = reset().c(ACK, (1007, 5006), b"more").s(ACK, (5006, 1011), b"and more").c(ACK, (1011, 5014), b"");
        let report = detailed(on.frames());
        let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "tcp_end_ignored");
        let found = found.unwrap_or_else(|| panic!("{report}"));
        let observation = found["observation"].as_str().unwrap();
        let begins =
            format!("A RST from the address of {other} came after the handshake; the connection went on with ");
        assert!(observation.starts_with(&begins), "{observation}");
        assert_eq!(found["frames"].as_array().unwrap().len(), 1);
        let connection = &report["connections"][0];
        assert_eq!((&connection["state"], connection["closed_by"].is_null()), (&json!("established"), true));
        // What was under way when it came, what its sender sends again, and what nobody acknowledges prove nothing.
        for talk in [
            reset().c(ACK, (1007, 5006), b"more"),
            reset().s(ACK, (5001, 1007), b"world").c(ACK, (1007, 5006), b"more"),
            reset().s(ACK, (5006, 1007), b"and more").c(ACK, (1007, 5006), b"more"),
            reset().s(RST, (5006, 0), b"").s(ACK, (5006, 1007), b"and more").c(ACK, (1007, 5014), b"more"),
        ] {
            let report = detailed(talk.frames());
            assert_eq!((&report["findings"], &report["connections"][0]["state"]), (&json!([]), &json!("reset")));
        }
    }
    // An orderly one, and one that is reset behind its handshake, are not told.
    let reset = data(Talk::new().handshake()).s(RST, (5006, 0), b"");
    let report = detailed(reset.frames());
    assert_eq!((&report["findings"], &report["connections"][0]["state"]), (&json!([]), &json!("reset")));
}
