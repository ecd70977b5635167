//! Streams from segments, in all the orders in which a capture can hold them.

use std::net::IpAddr;

use super::*;
use crate::columns::Headers;
use crate::decode::{Ip, Tcp, TcpFlags};

mod end;
mod order;

const SYN: u16 = TcpFlags::SYN;
const ACK: u16 = TcpFlags::ACK;
const FIN: u16 = TcpFlags::FIN;
const RST: u16 = TcpFlags::RST;

/// What came out: bytes of each direction with `?` for each missing one, and the end.
#[derive(Debug, Default, PartialEq)]
struct Out {
    client: String,
    server: String,
    /// Both directions, in the order of the events.
    events: Vec<(Side, String)>,
    closed: Vec<CloseReason>,
    ids: Vec<u64>,
    conflicts: u64,
    /// Who said that nothing more comes, in order; with how many events before.
    fins: Vec<(Side, usize)>,
}

struct Bench {
    streams: Streams,
    out: Out,
    frame: u64,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        Self { streams: Streams::with_limits(limits), out: Out::default(), frame: 0 }
    }

    /// A segment of the client (port 40000) or the server (port 80).
    fn send(&mut self, from: Side, flags: u16, sequence: u32, acknowledgment: u32, payload: &[u8]) -> &mut Self {
        self.send_cut(from, flags, sequence, acknowledgment, payload, 0)
    }

    fn send_cut(
        &mut self,
        from: Side,
        flags: u16,
        sequence: u32,
        acknowledgment: u32,
        payload: &[u8],
        cut: usize,
    ) -> &mut Self {
        self.frame += 1;
        let client: IpAddr = "192.0.2.1".parse().unwrap();
        let server: IpAddr = "192.0.2.2".parse().unwrap();
        let (source, destination, ports) = match from {
            Side::Client => (client, server, (40_000, 80)),
            Side::Server => (server, client, (80, 40_000)),
        };
        let packet = Packet {
            frame: self.frame,
            timestamp: Some(self.frame),
            layers: &[],
            ip: Some(Ip {
                source,
                destination,
                hop_limit: 64,
                protocol: 6,
                identification: 0,
                fragment: false,
                dont_fragment: false,
                traffic_class: 0,
            }),
            tunnels: &[],
            transport: Transport::Tcp(Tcp {
                source: ports.0,
                destination: ports.1,
                sequence,
                acknowledgment,
                flags: TcpFlags(flags),
                window: 1000,
                urgent: 0,
                options: &[],
            }),
            payload,
            payload_length: payload.len() + cut,
            fragments: &[],
            copy_of: None,
            stop: None,
            unread: None,
            headers: Headers::default(),
            community: None,
        };
        let out = &mut self.out;
        self.streams.push(&packet, cut > 0, &mut |connection, event| out.take(connection, event));
        self
    }

    fn finish(mut self) -> (Out, Statistics) {
        let out = &mut self.out;
        self.streams.finish(&mut |connection, event| out.take(connection, event));
        (self.out, self.streams.statistics())
    }
}

impl Out {
    fn take(&mut self, connection: &Connection, event: Event<'_>) {
        let (from, text) = match event {
            Event::Data { from, bytes, .. } => (from, String::from_utf8_lossy(bytes).into_owned()),
            Event::Gap { from, missing, .. } => (from, "?".repeat(missing as usize)),
            Event::Conflict { .. } => return self.conflicts += 1,
            Event::Fin { from, .. } => return self.fins.push((from, self.events.len())),
            Event::Closed { reason, .. } => {
                self.closed.push(reason);
                self.ids.push(connection.id);
                return;
            }
        };
        match from {
            Side::Client => self.client.push_str(&text),
            Side::Server => self.server.push_str(&text),
        }
        self.events.push((from, text));
    }

    /// `>` before what the client sent, `<` before what the server sent.
    fn dialog(&self) -> String {
        let line = |(from, text): &(Side, String)| format!("{}{text}", if *from == Side::Client { '>' } else { '<' });
        self.events.iter().map(line).collect::<Vec<_>>().join(" ")
    }
}

/// A bench after a handshake with the client's sequence numbers beginning at `isn` and the server's at 500.
fn connected(isn: u32) -> Bench {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Client, SYN, isn, 0, b"");
    bench.send(Side::Server, SYN | ACK, 499, isn.wrapping_add(1), b"");
    bench.send(Side::Client, ACK, isn.wrapping_add(1), 500, b"");
    bench
}

#[test]
fn segments_in_order_come_out_as_they_are() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"hello ").send(Side::Client, ACK, 106, 500, b"world");
    bench.send(Side::Server, ACK, 500, 111, b"hi").send(Side::Client, FIN | ACK, 111, 502, b"");
    bench.send(Side::Server, FIN | ACK, 502, 112, b"").send(Side::Client, ACK, 112, 503, b"");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str()), ("hello world", "hi"));
    assert_eq!(out.closed, [CloseReason::Fin]);
    assert_eq!(statistics, Statistics { connections: 1, ..Statistics::default() });
}

#[test]
fn a_stream_goes_on_from_the_syn_that_was_answered_and_not_from_the_last_one() {
    for isns in [[1000, 2000, 3000_u32], [1000, u32::MAX - 2, 1 << 30], [7, 9, 8]] {
        for answered in isns {
            let mut bench = Bench::new(Limits::default());
            for isn in isns {
                bench.send(Side::Client, SYN, isn, 0, b"");
            }
            let at = |offset: u32| answered.wrapping_add(1 + offset);
            bench.send(Side::Server, SYN | ACK, 499, at(0), b"").send(Side::Client, ACK, at(0), 500, b"");
            bench.send(Side::Client, ACK, at(6), 500, b"world").send(Side::Client, ACK, at(0), 500, b"hello ");
            bench.send(Side::Server, ACK, 500, at(11), b"hi").send(Side::Client, FIN | ACK, at(11), 502, b"");
            bench.send(Side::Server, FIN | ACK, 502, at(12), b"");
            let (out, statistics) = bench.finish();
            assert_eq!((out.client.as_str(), out.server.as_str()), ("hello world", "hi"), "{isns:?} {answered}");
            // The attempts that were not answered may be for as long as the capture goes on.
            assert_eq!(out.closed, [CloseReason::Fin, CloseReason::CaptureEnd, CloseReason::CaptureEnd]);
            assert_eq!((statistics.gaps, statistics.implausible), (0, 0));
        }
    }
    // Many numbers between; an answer that is forged, before and behind the right one.
    let mut bench = Bench::new(Limits::default());
    for isn in 0..20 {
        bench.send(Side::Client, SYN, isn * 1000, 0, b"");
    }
    for answer in [77, 1, 88] {
        bench.send(Side::Server, SYN | ACK, 499, answer, b"");
    }
    bench.send(Side::Client, ACK, 1, 500, b"hello");
    assert_eq!(bench.finish().0.client, "hello");
    // What came is not taken back: a forged SYN between does not move the stream, nor does one that was answered long ago.
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"hello ").send(Side::Client, SYN, 5000, 0, b"");
    bench.send(Side::Server, SYN | ACK, 899, 5001, b"").send(Side::Client, ACK, 100, 900, b"again");
    assert_eq!(bench.finish().0.client, "hello ");
}

#[test]
fn segments_out_of_order_wait_for_each_other() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 106, 500, b"world").send(Side::Client, ACK, 100, 500, b"hello ");
    let (out, statistics) = bench.finish();
    assert_eq!(out.client, "hello world");
    assert_eq!((statistics.out_of_order, statistics.gaps), (1, 0));
}

#[test]
fn sequence_numbers_wrap_around() {
    let mut bench = connected(u32::MAX - 3);
    bench.send(Side::Client, ACK, 3, 500, b"world").send(Side::Client, ACK, u32::MAX - 2, 500, b"hello ");
    assert_eq!(bench.finish().0.client, "hello world");
}

#[test]
fn of_overlapping_octets_the_first_to_arrive_count() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"abcd").send(Side::Client, ACK, 102, 500, b"XXef");
    bench.send(Side::Client, ACK, 108, 500, b"ij").send(Side::Client, ACK, 106, 500, b"ghYYkl");
    let (out, statistics) = bench.finish();
    assert_eq!(out.client, "abcdefghijkl");
    assert_eq!((statistics.conflicting, out.conflicts), (1, 1));
}

#[test]
fn what_was_there_before_is_not_given_twice() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"abcd").send(Side::Client, ACK, 100, 500, b"abcd");
    // A keep-alive: the octet before the next one, once more.
    bench.send(Side::Client, ACK, 103, 500, b"d");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), statistics.retransmitted), ("abcd", 2));
}

#[test]
fn a_hole_that_was_acknowledged_is_a_gap() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"ab").send(Side::Client, ACK, 105, 500, b"fg");
    for _ in 0..5 {
        bench.send(Side::Server, ACK, 500, 107, b"");
    }
    assert_eq!(bench.out.client, "ab???fg");
    assert_eq!(bench.finish().1.missing_octets, 3);
}

#[test]
fn an_acknowledgment_that_overtook_its_segment_makes_no_gap() {
    let mut bench = connected(99);
    bench.send(Side::Server, ACK, 500, 102, b"").send(Side::Client, ACK, 100, 500, b"ab");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), statistics.gaps), ("ab", 0));
}

#[test]
fn a_hole_at_the_end_of_the_capture_is_a_gap() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 102, 500, b"cd");
    let (out, _) = bench.finish();
    assert_eq!((out.client.as_str(), out.closed), ("??cd", vec![CloseReason::CaptureEnd]));
}

#[test]
fn what_the_snap_length_cut_off_is_a_gap() {
    let mut bench = connected(99);
    bench.send_cut(Side::Client, ACK, 100, 500, b"ab", 3).send(Side::Client, ACK, 105, 500, b"fg");
    assert_eq!(bench.out.client, "ab???fg");
}

#[test]
fn a_capture_that_begins_in_the_middle_begins_there() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Server, ACK, 7000, 300, b"hi").send(Side::Client, ACK, 300, 7002, b"yo");
    let (out, _) = bench.finish();
    // Port 80 is the server's, whoever speaks first.
    assert_eq!((out.client.as_str(), out.server.as_str()), ("yo", "hi"));
}

#[test]
fn one_side_alone_is_enough() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Client, SYN, 99, 0, b"").send(Side::Client, ACK, 100, 500, b"ab").send(
        Side::Client,
        ACK,
        102,
        510,
        b"cd",
    );
    assert_eq!(bench.finish().0.client, "abcd");
}

#[test]
fn data_on_a_syn_is_data() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Client, SYN, 99, 0, b"fast").send(Side::Server, SYN | ACK, 499, 104, b"").send(
        Side::Client,
        ACK,
        104,
        500,
        b"open",
    );
    assert_eq!(bench.finish().0.client, "fastopen");
}

#[test]
fn a_syn_with_another_number_is_another_connection() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"one");
    // The same SYN again is a retransmission.
    bench.send(Side::Client, SYN, 99, 0, b"");
    bench.send(Side::Client, SYN, 9_000, 0, b"").send(Side::Client, ACK, 9_001, 500, b"two");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), statistics.connections), ("onetwo", 2));
    assert_eq!((out.closed, out.ids), (vec![CloseReason::Reused, CloseReason::CaptureEnd], vec![0, 1]));
}

#[test]
fn data_behind_both_fins_is_another_connection() {
    for sequence in [9_000, 9_000_u32.wrapping_sub(1 << 31)] {
        let mut bench = connected(99);
        bench.send(Side::Client, FIN | ACK, 100, 500, b"one").send(Side::Server, FIN | ACK, 500, 104, b"");
        // The last of the old one once more; then a connection whose SYN was not captured.
        bench.send(Side::Client, FIN | ACK, 100, 501, b"one").send(Side::Client, ACK, sequence, 77_000, b"two");
        let (out, statistics) = bench.finish();
        assert_eq!((out.client.as_str(), statistics.connections), ("onetwo", 2), "{sequence}");
        assert_eq!((out.closed, out.ids), (vec![CloseReason::Fin, CloseReason::CaptureEnd], vec![0, 1]));
    }
}

#[test]
fn a_stream_does_not_begin_where_a_reset_says() {
    let mut bench = Bench::new(Limits::default());
    bench.send(Side::Server, RST | ACK, 12_345, 678, b"").send(Side::Server, ACK, 500, 100, b"hi");
    assert_eq!(bench.finish().0.server, "hi");
}

#[test]
fn a_reset_ends_nothing_that_goes_on() {
    // Injected resets are ignored by their receiver.
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100, 500, b"ab").send(Side::Server, RST, 500, 0, b"no").send(
        Side::Client,
        ACK,
        102,
        500,
        b"cd",
    );
    let (out, _) = bench.finish();
    assert_eq!((out.client.as_str(), out.server.as_str(), out.closed), ("abcd", "", vec![CloseReason::Reset]));
}

#[test]
fn a_segment_from_elsewhere_is_ignored() {
    let mut bench = connected(99);
    bench.send(Side::Client, ACK, 100u32.wrapping_add(1 << 31), 500, b"??").send(Side::Client, ACK, 100, 500, b"ab");
    let (out, statistics) = bench.finish();
    assert_eq!((out.client.as_str(), statistics.implausible), ("ab", 1));
}

#[test]
fn what_is_held_is_bounded() {
    // Ten pieces of ten bytes, each with what it costs besides: many small ones are bounded as well.
    let all = 10 * (10 + held::PIECE);
    for (held, gaps) in [(all, 0), (all / 2, 1)] {
        let mut bench = Bench::new(Limits { held, ..Limits::default() });
        bench.send(Side::Client, SYN, 99, 0, b"");
        for n in 0..10 {
            bench.send(Side::Client, ACK, 101 + n * 10, 0, b"0123456789");
        }
        bench.send(Side::Client, ACK, 100, 0, b"x");
        let (out, statistics) = bench.finish();
        assert_eq!((out.client.len(), statistics.gaps, statistics.held_limit), (101, gaps, gaps), "{held}");
    }
}

#[test]
fn what_all_connections_hold_is_bounded() {
    let mut bench = Bench::new(Limits { held_total: 5, ..Limits::default() });
    bench.send(Side::Client, SYN, 99, 0, b"").send(Side::Client, ACK, 101, 0, b"0123456789");
    assert_eq!(bench.finish().1.held_limit, 1);
}

#[test]
fn a_stream_comes_out_whole_whatever_the_order_of_its_segments() {
    // A linear congruential generator: the same shuffles in each run.
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..200_u64 {
        let text: Vec<u8> = (0..1000).map(|_| b'a' + random(26) as u8).collect();
        let isn = (round as u32).wrapping_mul(0x9e37_79b9);
        let mut segments = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let length = (1 + random(60) as usize).min(text.len() - at);
            // Some begin early and repeat what came before.
            let back = (random(20) as usize).min(at);
            segments.push((at - back, at + length));
            if random(5) == 0 {
                segments.push((at, at + length));
            }
            at += length;
        }
        for n in 0..segments.len() {
            let other = (n + random(6) as usize).min(segments.len() - 1);
            segments.swap(n, other);
        }
        let mut bench = Bench::new(Limits::default());
        bench.send(Side::Client, SYN, isn.wrapping_sub(1), 0, b"");
        for (from, to) in segments {
            bench.send(Side::Client, ACK, isn.wrapping_add(from as u32), 1, &text[from..to]);
        }
        let (out, statistics) = bench.finish();
        assert_eq!(out.client.as_bytes(), text, "round {round}");
        assert_eq!((statistics.gaps, statistics.conflicting), (0, 0), "round {round}");
    }
}
