//! The order between both directions, in all the ways in which a capture can hide it.

use super::*;
use crate::decode::Decoder;
use crate::{Flow, harness};

use Side::{Client, Server};

const LATE: usize = 16;

#[test]
fn a_response_waits_for_its_request_behind_a_hole() {
    // The segment with `one` was not captured; its response, then the second request and its response.
    let mut bench = connected(99);
    bench.send(Server, ACK, 500, 103, b"ONE").send(Client, ACK, 103, 503, b"two").send(Server, ACK, 503, 106, b"TWO");
    bench.send(Client, ACK, 106, 506, b"").send(Server, ACK, 506, 106, b"").send(Client, ACK, 106, 506, b"");
    assert_eq!(bench.out.dialog(), ">??? <ONE >two <TWO", "before the end");
    assert_eq!(bench.finish().1.gaps, 1);
}

#[test]
fn a_hole_that_the_end_gives_up_stands_before_what_acknowledges_it() {
    let mut bench = connected(99);
    bench.send(Server, ACK, 500, 103, b"ONE").send(Client, ACK, 103, 503, b"two").send(Server, ACK, 503, 106, b"TWO");
    assert_eq!(bench.finish().0.dialog(), ">??? <ONE >two <TWO");
    // The request is missing with which the connection ends.
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 500, b"one").send(Server, ACK, 500, 103, b"ONE").send(Server, ACK, 503, 106, b"TWO");
    assert_eq!(bench.finish().0.dialog(), ">one <ONE >??? <TWO");
    // Holes on both sides.
    let mut bench = connected(99);
    bench.send(Client, ACK, 103, 503, b"two").send(Server, ACK, 506, 109, b"THREE");
    assert_eq!(bench.finish().0.dialog(), ">??? <??? >two >??? <??? <THREE");
}

#[test]
fn responses_that_stand_before_their_requests_wait() {
    let mut bench = connected(99);
    bench.send(Server, ACK, 500, 103, b"ONE").send(Client, ACK, 100, 500, b"one");
    bench.send(Server, ACK, 503, 106, b"TWO").send(Client, ACK, 103, 503, b"two");
    assert_eq!(bench.out.dialog(), ">one <ONE >two <TWO");
    assert_eq!(bench.finish().1, Statistics { connections: 1, ..Statistics::default() });
}

#[test]
fn data_that_comes_after_its_hole_was_given_up_is_late() {
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 500, b"ab").send(Client, ACK, 105, 500, b"fg");
    for _ in 0..5 {
        bench.send(Server, ACK, 500, 107, b"");
    }
    bench.send(Client, ACK, 102, 500, b"cde").send(Client, ACK, 105, 500, b"fg");
    let (out, statistics) = bench.finish();
    assert_eq!(out.client, "ab???fg");
    assert_eq!((statistics.late, statistics.retransmitted), (1, 1));
}

#[test]
fn acknowledgments_before_their_data_make_no_gap() {
    let mut bench = connected(99);
    for n in 1..20 {
        bench.send(Client, ACK, 100, 500 + n * 3, b"").send(Server, ACK, 500 + (n - 1) * 3, 100, b"abc");
    }
    let (out, statistics) = bench.finish();
    assert_eq!((out.server.len(), statistics), (57, Statistics { connections: 1, ..Statistics::default() }));
}

#[test]
fn numbers_wrap_in_both_directions() {
    let mut bench = Bench::new(Limits::default());
    let (c, s) = (u32::MAX - 1, u32::MAX - 2);
    bench.send(Client, SYN, c, 0, b"").send(Server, SYN | ACK, s, c.wrapping_add(1), b"");
    bench.send(Server, ACK, s.wrapping_add(1), c.wrapping_add(4), b"ONE");
    bench.send(Client, ACK, c.wrapping_add(1), s.wrapping_add(1), b"one");
    bench.send(Server, ACK, s.wrapping_add(4), c.wrapping_add(7), b"TWO");
    bench.send(Client, ACK, c.wrapping_add(4), s.wrapping_add(4), b"two");
    assert_eq!(bench.out.dialog(), ">one <ONE >two <TWO");
}

#[test]
fn an_end_of_which_nothing_was_seen_is_not_waited_for() {
    let mut bench = Bench::new(Limits::default());
    for n in 0..5 {
        bench.send(Server, ACK, 500 + n * 3, 100 + n * 7, b"abc");
        assert_eq!(bench.out.server.len() as u32, 3 + n * 3);
    }
    // What was acknowledged of the other direction is a gap of it.
    assert_eq!(bench.finish().0.dialog(), "<abc <abc <abc <abc <abc >????????????????????????????");
}

#[test]
fn an_end_that_falls_silent_is_not_waited_for_twice() {
    let mut bench = connected(99);
    for n in 0..40 {
        bench.send(Server, ACK, 500 + n * 3, 103 + n * 3, b"abc");
        let waiting = if (n as usize) < LATE { n as usize + 1 } else { 0 };
        assert_eq!(bench.out.server.len(), (n as usize + 1 - waiting) * 3, "{n}");
    }
    // It speaks again.
    bench.send(Client, ACK, 220, 620, b"xyz").send(Server, ACK, 620, 223, b"XYZ");
    for _ in 0..4 {
        bench.send(Client, ACK, 223, 623, b"");
    }
    assert_eq!((bench.out.client.len(), bench.out.events.last()), (123, Some(&(Server, "XYZ".into()))));
}

#[test]
fn holes_of_a_capture_with_one_side_are_given_up() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Client, SYN, 99, 0, b"").send(Client, ACK, 100, 500, b"ab");
    for n in 0..100 {
        bench.send(Client, ACK, 105 + n, 500, b"x");
    }
    assert!(bench.out.client.starts_with("ab???xx"), "{}", bench.out.client);
    assert_eq!((bench.out.client.len(), bench.finish().1.gaps), (105, 1));
}

#[test]
fn segments_that_wait_for_each_other_come_out_as_they_arrived() {
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 503, b"one").send(Server, ACK, 500, 103, b"ONE");
    assert_eq!(bench.out.dialog(), ">one <ONE");
}

#[test]
fn what_acknowledges_data_that_never_comes_is_not_held_for_ever() {
    // Forged: far more than was ever sent. It is not believed.
    let mut bench = connected(99);
    bench.send(Server, ACK, 500, 1 << 29, b"FORGED").send(Client, ACK, 100, 506, b"one");
    assert_eq!(bench.out.dialog(), "<FORGED >one");
    assert_eq!(bench.finish().1.missing_octets, 0);
    // More than was sent: the stream that it speaks of goes on.
    let mut bench = connected(99);
    bench.send(Server, ACK, 500, 1_000_000, b"FORGED");
    for n in 0..30 {
        bench.send(Client, ACK, 100 + n, 506, b"x");
    }
    assert_eq!((bench.out.client.len(), bench.out.server.as_str()), (30, "FORGED"));
    // Nor are the bytes of a reset.
    let mut bench = connected(99);
    bench.send(Server, RST | ACK, 500, 1_000_000, b"").send(Client, ACK, 100, 500, b"x");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), statistics.gaps), ("x", 0));
}

#[test]
fn data_of_a_stream_whose_begin_was_guessed_is_not_lost() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Server, ACK, 500, 103, b"ONE").send(Client, ACK, 100, 500, b"one").send(Client, ACK, 103, 503, b"two");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str(), statistics.gaps), ("onetwo", "ONE", 0));
    // A keep-alive repeats a byte from before the capture.
    let mut bench = Bench::new(Limits::default());
    bench.send(Server, ACK, 500, 103, b"ONE").send(Client, ACK, 102, 503, b"e").send(Client, ACK, 103, 503, b"two");
    assert_eq!(bench.finish().0.client, "two");
    // As does one without data; it is the first packet.
    let mut bench = Bench::new(Limits::default());
    bench.send(Client, ACK, 102, 500, b"").send(Server, FIN | ACK, 500, 103, b"").send(
        Client,
        FIN | ACK,
        103,
        501,
        b"",
    );
    let (out, statistics) = bench.finish();
    assert_eq!((out.closed, statistics.gaps), (vec![CloseReason::Fin], 0));
}

#[test]
fn a_keep_alive_makes_nobody_wait() {
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 500, b"one").send(Client, ACK, 102, 500, b"").send(Server, ACK, 500, 103, b"ONE");
    bench.send(Server, ACK, 502, 103, b"E").send(Client, ACK, 103, 503, b"two");
    assert_eq!(bench.out.dialog(), ">one <ONE >two");
}

#[test]
fn a_fin_is_no_byte_to_wait_for() {
    let mut bench = connected(99);
    bench.send(Client, FIN | ACK, 100, 500, b"one").send(Server, ACK, 500, 104, b"ONE");
    assert_eq!(bench.out.dialog(), ">one <ONE");
    bench.send(Server, FIN | ACK, 503, 104, b"").send(Client, ACK, 104, 504, b"");
    let (out, statistics) = bench.finish();
    assert_eq!((out.closed, statistics.missing_octets), (vec![CloseReason::Fin], 0));
    // A FIN that was not captured.
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 500, b"one").send(Server, ACK, 500, 104, b"ONE");
    let (out, statistics) = bench.finish();
    assert_eq!((out.dialog().as_str(), statistics.missing_octets), (">one <ONE", 0));
    let mut bench = connected(99);
    bench.send(Client, ACK, 100, 500, b"one").send(Server, FIN | ACK, 500, 104, b"ONE");
    for _ in 0..5 {
        bench.send(Client, ACK, 104, 504, b"");
    }
    let (out, statistics) = bench.finish();
    assert_eq!((out.dialog().as_str(), statistics.missing_octets), (">one <ONE", 0));
}

#[test]
fn the_connection_closes_after_what_waited() {
    let mut bench = connected(99);
    bench.send(Server, FIN | ACK, 500, 103, b"ONE").send(Client, FIN | ACK, 103, 504, b"");
    assert_eq!((bench.out.dialog().as_str(), bench.out.closed.len()), ("", 0));
    bench.send(Client, ACK, 100, 500, b"one");
    assert_eq!((bench.out.dialog().as_str(), bench.out.closed.as_slice()), (">one <ONE", &[CloseReason::Fin][..]));
}

#[test]
fn data_on_a_syn_stands_before_its_answer() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Server, SYN | ACK, 499, 104, b"ANSWER").send(Client, SYN, 99, 0, b"fast");
    bench.send(Client, ACK, 104, 506, b"open");
    let (out, _) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str()), ("fastopen", "ANSWER"));
    let mut bench = Bench::new(Limits::default());
    bench.send(Client, SYN, 99, 0, b"fast").send(Server, SYN | ACK, 499, 104, b"ANSWER");
    assert_eq!(bench.finish().0.dialog(), ">fast <ANSWER");
}

#[test]
fn what_waits_for_the_other_direction_is_bounded() {
    let limits = Limits { held: 3 * (3 + held::PIECE), ..Limits::default() };
    let mut bench = Bench::new(limits);
    bench.send(Client, SYN, 99, 0, b"").send(Server, SYN | ACK, 499, 100, b"");
    for n in 0..5 {
        bench.send(Server, ACK, 500 + n * 3, 103, b"abc");
    }
    // The request comes at last.
    bench.send(Client, ACK, 100, 500, b"one");
    assert_eq!(bench.out.dialog(), "<abc <abc >one <abc <abc <abc");
    let (_, statistics) = bench.finish();
    assert_eq!((statistics.held_limit, statistics.gaps), (2, 0));
}

#[test]
fn many_holes_do_not_add_up_to_a_long_wait() {
    // Every second segment of both sides is missing; the rest is not more than a few packets late.
    let mut bench = connected(99);
    for n in 0..200 {
        bench.send(Client, ACK, 103 + n * 6, 500 + n * 6, b"cli").send(Server, ACK, 503 + n * 6, 106 + n * 6, b"SRV");
        let late = |out: &str| (n as usize + 1) * 6 - out.len();
        assert!(late(&bench.out.client) <= 36 && late(&bench.out.server) <= 36, "{n}: {:?}", bench.out.events.last());
    }
    assert_eq!(bench.finish().1.missing_octets, 1200);
}

/// A segment of a dialog as it was sent.
struct Sent {
    from: Side,
    at: usize,
    length: usize,
    acknowledges: usize,
}

/// A dialog of two ends; each acknowledges what it has got when it sends.
fn dialog(random: &mut impl FnMut(u64) -> u64) -> Vec<Sent> {
    let mut sent = [0_usize; 2];
    let mut segments = Vec::new();
    for _ in 0..60 {
        let from = if random(2) == 0 { Client } else { Server };
        let (own, other) = if from == Client { (0, 1) } else { (1, 0) };
        // Never one: a single byte at the end may be the number of a FIN.
        let length = 2 * random(20) as usize;
        segments.push(Sent { from, at: sent[own], length, acknowledges: sent[other] });
        sent[own] += length;
    }
    segments
}

#[test]
fn nothing_comes_before_what_it_acknowledges_whatever_the_order_of_the_file() {
    let mut state = 11_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..400_u32 {
        let mut segments = dialog(&mut random);
        let total =
            |side: Side| segments.iter().filter(|sent| sent.from == side).map(|sent| sent.length).sum::<usize>();
        let (of_client, of_server) = (total(Client), total(Server));
        // The file is out of order by up to three packets, in each other of these rounds segments are missing too; or one direction stands
        // up to eleven packets behind the other.
        let (mut at, late, lag) = (0, if random(2) == 0 { Client } else { Server }, random(12));
        segments.sort_by_cached_key(|sent| {
            at += 1;
            at + if round % 4 < 2 { random(4) } else { lag * u64::from(sent.from == late) }
        });
        if round % 4 == 1 {
            segments.retain(|_| random(8) > 0);
        }
        let isn = round.wrapping_mul(0x9e37_79b9);
        let (c, s) = (isn, isn.wrapping_mul(3));
        let mut bench = Bench::new(Limits::default());
        bench.send(Client, SYN, c.wrapping_sub(1), 0, b"").send(Server, SYN | ACK, s.wrapping_sub(1), c, b"");
        let mut seen = 0;
        let mut got = [0_usize; 2];
        let check = |events: &[(Side, String)], got: &mut [usize; 2], seen: &mut usize| {
            for (from, text) in &events[*seen..] {
                let (own, other) = if *from == Client { (0, 1) } else { (1, 0) };
                if !text.starts_with('?') {
                    let carrier = segments
                        .iter()
                        .find(|sent| sent.from == *from && (sent.at..sent.at + sent.length).contains(&got[own]));
                    assert!(got[other] >= carrier.unwrap().acknowledges, "round {round}: {from:?} at {}", got[own]);
                }
                got[own] += text.len();
            }
            *seen = events.len();
        };
        for sent in &segments {
            let (own, other) = if sent.from == Client { (c, s) } else { (s, c) };
            let bytes = vec![b'x'; sent.length];
            let (at, acknowledges) = (own.wrapping_add(sent.at as u32), other.wrapping_add(sent.acknowledges as u32));
            bench.send(sent.from, ACK, at, acknowledges, &bytes);
            check(&bench.out.events, &mut got, &mut seen);
        }
        let (out, statistics) = bench.finish();
        check(&out.events, &mut got, &mut seen);
        if round % 4 != 1 {
            assert_eq!(
                (out.client.len(), out.server.len(), statistics.gaps),
                (of_client, of_server, 0),
                "round {round}"
            );
        }
    }
}

#[test]
fn crafted_segments_neither_stall_nor_pile_up() {
    let mut state = 5_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..300_u32 {
        let limit = 2_000;
        let mut bench = Bench::new(Limits { held: limit, held_total: limit });
        for _ in 0..150 {
            let from = if random(2) == 0 { Client } else { Server };
            let flags = [ACK, ACK, ACK, ACK, FIN | ACK, RST, SYN, SYN | ACK][random(8) as usize];
            let near = |n: u64| (n as u32).wrapping_sub(100).wrapping_add(round.wrapping_mul(0x0f00_0000));
            let (sequence, acknowledgment) = (near(random(400)), near(random(400)));
            let payload = vec![b'x'; random(50) as usize];
            bench.send(from, flags, sequence, acknowledgment, &payload);
            assert!(bench.streams.held <= limit, "round {round}");
        }
        let (out, statistics) = bench.finish();
        assert_eq!(out.closed.len() as u64, statistics.connections, "round {round}");
        let missing = out.events.iter().filter(|(_, text)| text.starts_with('?')).map(|(_, text)| text.len() as u64);
        assert_eq!(missing.sum::<u64>(), statistics.missing_octets, "round {round}");
    }
}

/// The events of a capture, and how it went.
fn of_capture(name: &str) -> (Out, Statistics) {
    let path = format!("{}/../../tests/captures/reported/{name}", env!("CARGO_MANIFEST_DIR"));
    let (mut decoder, mut streams, mut out) = (Decoder::new(), Streams::new(), Out::default());
    harness::frames(&std::fs::read(path).unwrap(), |frame| {
        streams.push(&decoder.decode(frame), false, &mut |connection, event| out.take(connection, event));
        Ok(Flow::More)
    })
    .unwrap();
    streams.finish(&mut |connection, event| out.take(connection, event));
    (out, streams.statistics())
}

/// 200 exchanges; 20 segments with queries are missing, and each answer acknowledges its query.
#[test]
fn each_answer_stands_behind_its_query_or_the_hole_of_it() {
    let (out, statistics) = of_capture("dns_tcp_ten_percent_lost.pcap");
    let sides: Vec<Side> = out.events.iter().map(|(from, _)| *from).collect();
    assert_eq!(sides, [Client, Server].repeat(200));
    let holes = out.events.iter().filter(|(from, text)| *from == Client && text.starts_with('?')).count();
    assert_eq!((holes, statistics.gaps, statistics.late, statistics.held_limit), (20, 20, 0, 0));
}

/// Each acknowledgment stands before the 1,000 bytes that it acknowledges.
#[test]
fn a_file_with_acknowledgments_in_front_has_no_gap() {
    let (out, statistics) = of_capture("ack_before_data.pcap");
    assert_eq!((out.server.len(), out.closed), (6000, vec![CloseReason::Fin]));
    assert_eq!(statistics, Statistics { connections: 1, ..Statistics::default() });
}
