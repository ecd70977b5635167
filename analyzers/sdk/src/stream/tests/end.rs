//! Nothing comes behind the end of a connection. Found by fuzzing.

use super::*;

/// Both ends said 100 (client) and 200 (server), sent three bytes each, and have ended.
fn ended() -> Bench {
    let mut bench = Bench::new(Limits::default());
    bench
        .send(Side::Client, SYN, 100, 0, b"")
        .send(Side::Server, SYN | ACK, 200, 101, b"")
        .send(Side::Client, ACK | FIN, 101, 201, b"abc")
        .send(Side::Server, ACK | FIN, 201, 105, b"xyz");
    bench
}

fn assert_nothing_more(bench: Bench) -> Statistics {
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str()), ("abc", "xyz"));
    assert_eq!(out.closed, [CloseReason::Fin]);
    assert_eq!(out.events.len(), 2);
    statistics
}

#[test]
fn data_at_the_number_of_a_fin_is_not_given_behind_the_end() {
    let mut bench = ended();
    bench.send(Side::Client, ACK, 104, 205, b"more");
    assert_eq!(assert_nothing_more(bench).implausible, 1);
}

#[test]
fn data_across_a_fin_is_not_given_behind_the_end() {
    let mut bench = ended();
    bench.send(Side::Client, ACK | FIN, 102, 205, b"bcde").send(Side::Client, ACK, 101, 205, b"abc");
    let statistics = assert_nothing_more(bench);
    assert_eq!((statistics.implausible, statistics.retransmitted), (1, 1));
}

#[test]
fn acknowledgments_make_no_gap_behind_the_end() {
    let mut bench = ended();
    for _ in 0..200 {
        bench.send(Side::Client, ACK | FIN, 110, 220, b"").send(Side::Server, ACK | FIN, 220, 110, b"");
    }
    assert_nothing_more(bench);
}

#[test]
fn what_waits_behind_a_fin_is_given_before_the_end() {
    let mut bench = Bench::new(Limits::default());
    bench
        .send(Side::Client, SYN, 100, 0, b"")
        .send(Side::Server, SYN | ACK, 200, 101, b"")
        .send(Side::Client, ACK, 110, 201, b"far")
        .send(Side::Client, ACK | FIN, 101, 201, b"abc")
        .send(Side::Server, ACK | FIN, 201, 105, b"xyz");
    let (out, _) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str()), ("abc??????far", "xyz"));
    assert_eq!(out.closed, [CloseReason::Fin]);
}

#[test]
fn the_end_of_one_side_is_told_behind_its_last_byte() {
    let mut bench = Bench::new(Limits::default());
    bench
        .send(Side::Client, SYN, 100, 0, b"")
        .send(Side::Server, SYN | ACK, 200, 101, b"")
        .send(Side::Client, ACK, 101, 201, b"get")
        .send(Side::Server, ACK | FIN, 204, 104, b"end")
        .send(Side::Server, ACK, 201, 104, b"the")
        // Said again, and by an old number.
        .send(Side::Server, ACK | FIN, 204, 104, b"end")
        .send(Side::Server, ACK | FIN, 202, 104, b"")
        .send(Side::Client, RST, 104, 0, b"");
    let (out, _) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str()), ("get", "theend"));
    assert_eq!(out.fins, [(Side::Server, 3)]);
    assert_eq!(out.closed, [CloseReason::Reset]);
}

#[test]
fn both_ends_are_told_before_the_connection_is() {
    let (out, _) = ended().finish();
    assert_eq!(out.fins, [(Side::Client, 1), (Side::Server, 2)]);
    assert_eq!(out.closed, [CloseReason::Fin]);
}

#[test]
fn an_end_behind_a_hole_is_told_behind_the_gap() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Client, SYN, 100, 0, b"").send(Side::Server, SYN | ACK, 200, 101, b"").send(
        Side::Server,
        ACK | FIN,
        205,
        101,
        b"end",
    );
    let (out, _) = bench.finish();
    assert_eq!(out.server, "????end");
    assert_eq!(out.fins, [(Side::Server, 2)]);
}

#[test]
fn an_end_that_stands_first_in_the_file_waits_for_what_may_precede_it() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Server, ACK | FIN, 204, 104, b"").send(Side::Server, ACK, 201, 104, b"bye").send(
        Side::Client,
        ACK,
        104,
        205,
        b"",
    );
    let (out, _) = bench.finish();
    assert_eq!((out.server.as_str(), out.fins), ("bye", vec![(Side::Server, 1)]));
}
