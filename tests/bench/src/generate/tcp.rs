//! TCP connections (RFC 9293) of HTTP and TLS: handshake, requests and responses, end; with segments that are lost, sent again or swapped.

use std::io::Write;

use super::frame::{ACK, FIN, PSH, Path, SYN, Segment};
use super::tls;
use super::world::{World, cut};

/// Data of a whole segment: Ethernet's 1,500 bytes without both headers.
const SEGMENT: usize = 1_460;
/// Segments of the longest response: with the head of its record, it is one record of TLS.
const LONGEST: u32 = 11;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Syn,
    SynAck,
    Established,
    Request,
    Response,
    Data,
    Acknowledgment,
    ClientFin,
    ServerFin,
    LastAcknowledgment,
}

/// A TCP connection.
pub struct Connection {
    path: Path,
    ports: (u16, u16),
    talk: u32,
    is_tls: bool,
    next: Next,
    /// Requests that are still to be sent, and those that were.
    left: u32,
    done: u32,
    /// The next sequence number of each side.
    client: u32,
    server: u32,
    flight: Flight,
}

/// Segments of one message.
#[derive(Default)]
struct Flight {
    /// What the message begins with; the rest is cut from the pool.
    head: Vec<u8>,
    length: usize,
    /// The segments in the order in which the capture has them.
    order: Vec<u8>,
    /// How many of those were written.
    written: usize,
    /// Segments that the receiver has, a bit for each.
    received: u32,
}

impl Connection {
    /// Between a client and a server.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let servers = world.flows().servers();
        let server = 10 + world.below(servers);
        let is_tls = !world.is_one_of(350);
        let requests = world.length(20..400, 1..5);
        Self {
            path: world.path(talk, server),
            ports: (world.port(talk), if is_tls { 443 } else { 80 }),
            talk,
            is_tls,
            next: Next::Syn,
            left: requests,
            done: 0,
            client: talk.wrapping_mul(0x9e37_79b1),
            server: talk.wrapping_mul(0x85eb_ca6b),
            flight: Flight::default(),
        }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        let round_trip = 1_000 + u64::from(self.talk % 50) * 700;
        let near = u64::from(world.between(20, 400));
        match self.next {
            Next::Syn => {
                world.counts.connections += 1;
                self.bare(world, true, SYN);
                self.client = self.client.wrapping_add(1);
                self.next = Next::SynAck;
                Some(round_trip)
            }
            Next::SynAck => {
                self.bare(world, false, SYN | ACK);
                self.server = self.server.wrapping_add(1);
                self.next = Next::Established;
                Some(near)
            }
            Next::Established => {
                self.bare(world, true, ACK);
                self.next = Next::Request;
                Some(near)
            }
            Next::Request => {
                self.request(world);
                self.segment(world, true, 0);
                self.client = self.client.wrapping_add(self.flight.length as u32);
                self.next = Next::Response;
                Some(round_trip)
            }
            Next::Response => {
                self.response(world);
                self.data(world, near)
            }
            Next::Data => self.data(world, near),
            Next::Acknowledgment => {
                let whole = self.flight.received.trailing_ones() as usize;
                let is_last = self.flight.written == self.flight.order.len();
                let reached = if is_last { self.flight.length } else { (whole * SEGMENT).min(self.flight.length) };
                let sequence = self.server;
                self.server = sequence.wrapping_add(reached as u32);
                self.bare(world, true, ACK);
                if !is_last {
                    self.server = sequence;
                    self.next = Next::Data;
                    return Some(near);
                }
                self.done += 1;
                self.left = self.left.saturating_sub(1);
                if self.left > 0 {
                    self.next = Next::Request;
                    return Some(u64::from(world.between(2_000, 300_000)));
                }
                self.next = Next::ClientFin;
                // Some connections are never closed.
                (!world.is_one_of(30)).then_some(near)
            }
            Next::ClientFin => {
                self.bare(world, true, FIN | ACK);
                self.client = self.client.wrapping_add(1);
                self.next = Next::ServerFin;
                Some(round_trip)
            }
            Next::ServerFin => {
                self.bare(world, false, FIN | ACK);
                self.server = self.server.wrapping_add(1);
                self.next = Next::LastAcknowledgment;
                Some(near)
            }
            Next::LastAcknowledgment => {
                self.bare(world, true, ACK);
                None
            }
        }
    }

    /// The next segment of a response.
    fn data(&mut self, world: &mut World, near: u64) -> Option<u64> {
        let segment = self.flight.order.get(self.flight.written).copied().unwrap_or_default();
        let bit = 1_u32 << (segment % 32);
        if self.flight.received & bit != 0 {
            world.counts.sent_again += 1;
        }
        self.segment(world, false, usize::from(segment));
        self.flight.received |= bit;
        self.flight.written += 1;
        let is_last = self.flight.written >= self.flight.order.len();
        // Every second segment is acknowledged, and what comes out of turn at once (RFC 5681 4.2).
        let in_turn = self.flight.received.trailing_ones() == u32::from(segment) + 1;
        let is_due = is_last || !in_turn || self.flight.written.is_multiple_of(2);
        self.next = if is_due { Next::Acknowledgment } else { Next::Data };
        Some(near)
    }

    /// A segment without data.
    fn bare(&self, world: &mut World, from_client: bool, flags: u8) {
        let (path, segment) = self.numbers(from_client, flags, 0);
        world.frame.tcp(&path, segment, |_| ());
    }

    /// A segment of the message that is being sent.
    fn segment(&self, world: &mut World, from_client: bool, number: usize) {
        let at = number * SEGMENT;
        let end = (at + SEGMENT).min(self.flight.length);
        let flags = if end == self.flight.length { PSH | ACK } else { ACK };
        let (path, segment) = self.numbers(from_client, flags, at as u32);
        let (flight, salt) = (&self.flight, self.salt());
        let (frame, pool) = world.parts();
        frame.tcp(&path, segment, |out| {
            let head = flight.head.get(at..).unwrap_or_default();
            let head = head.get(..end.saturating_sub(at)).unwrap_or(head);
            out.extend_from_slice(head);
            cut(pool, salt + at, (end - at).saturating_sub(head.len()), out);
        });
    }

    fn numbers(&self, from_client: bool, flags: u8, offset: u32) -> (Path, Segment) {
        let (path, ports, sequence, acknowledged) = match from_client {
            true => (self.path, self.ports, self.client, self.server),
            false => (self.path.back(), (self.ports.1, self.ports.0), self.server, self.client),
        };
        let acknowledged = if flags & ACK == 0 { 0 } else { acknowledged };
        (path, Segment { ports, sequence: sequence.wrapping_add(offset), acknowledged, flags })
    }

    /// Where the data of this message begins in the pool.
    fn salt(&self) -> usize {
        (self.talk as usize).wrapping_mul(7_919).wrapping_add(self.done as usize * 4_099) & 0xffff
    }

    fn request(&mut self, world: &mut World) {
        let (salt, is_first) = (self.salt(), self.done == 0);
        let site = self.talk % world.flows().names();
        let length = world.between(40, 500) as u16;
        let (_, pool) = world.parts();
        let head = &mut self.flight.head;
        head.clear();
        let mut rest = 0;
        match (self.is_tls, is_first) {
            (true, true) => tls::client_hello(head, pool, salt, &format!("www.site{site}.example")),
            (true, false) => {
                tls::application_data(head, length);
                rest = usize::from(length);
            }
            (false, _) => {
                let page = self.done;
                let text = format!(
                    "GET /page/{page} HTTP/1.1\r\nHost: www.site{site}.example\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n"
                );
                head.extend_from_slice(text.as_bytes());
            }
        }
        self.flight.length = self.flight.head.len() + rest;
    }

    fn response(&mut self, world: &mut World) {
        let body = match world.below(10) {
            0..4 => world.between(60, 900),
            4..8 => world.between(900, 5_000),
            _ => world.between(5_000, SEGMENT as u32 * LONGEST),
        };
        let (salt, is_first) = (self.salt(), self.done == 0);
        let (_, pool) = world.parts();
        let head = &mut self.flight.head;
        head.clear();
        if self.is_tls {
            if is_first {
                tls::server_hello(head, pool, salt);
            }
            tls::application_data(head, body as u16);
        } else {
            // Writing to a Vec does not fail.
            let _ = write!(
                head,
                "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: {body}\r\n\r\n"
            );
        }
        self.flight.length = self.flight.head.len() + body as usize;
        self.flight.written = 0;
        self.flight.received = 0;
        let segments = self.flight.length.div_ceil(SEGMENT) as u32;
        self.flight.order.clear();
        self.flight.order.extend(0..segments as u8);
        let place = world.below(segments.saturating_sub(1).max(1)) as usize;
        if segments < 2 {
            return;
        }
        let order = &mut self.flight.order;
        match world.below(1000) {
            // Out of order.
            0..15 => order.swap(place, place + 1),
            // Lost behind the place where it is captured, and sent again.
            15..35 => order.push(place as u8),
            // Lost before that place, and sent again.
            35..55 => {
                let lost = order.remove(place);
                order.push(lost);
            }
            // Received, and not captured. Not of HTTP, where what follows a hole could be taken for anything.
            55..60 if self.is_tls => {
                let missed = order.remove(place);
                self.flight.received |= 1 << missed;
            }
            _ => {}
        }
    }
}
