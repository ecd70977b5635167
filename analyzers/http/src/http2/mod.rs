//! A connection of HTTP/2 (RFC 9113): by prior knowledge, behind an upgrade, or decrypted.

mod fields;
mod frames;
mod hpack;
mod tunnels;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use crate::exchange::{Exchange, Mark};
use crate::limits;
use crate::message::framing::number;
use crate::message::{Fault, Version};
use crate::streams::{Out, Segment};
use frames::{Half, Header, Taken};
use hpack::Hpack;
use tunnels::{Outside, Tunnels};

/// One direction.
struct Way {
    half: Half,
    hpack: Hpack,
    /// A header block that goes on in the next frame.
    block: Option<Block>,
}

/// A header block.
struct Block {
    header: Header,
    bytes: Vec<u8>,
    first: Mark,
    /// Of a promise: the stream that is promised.
    promised: Option<u32>,
}

/// What is kept of a connection.
pub struct Http2 {
    client: Way,
    server: Way,
    /// The side that sends requests.
    asks: Side,
    streams: BTreeMap<u32, Exchange>,
    tunnels: Tunnels,
    /// Exchanges that began, those of HTTP/1 among them.
    begun: u64,
}

const VERSION: Version = Version(2, 0);

impl Http2 {
    /// A connection whose requests come from a side, which sends so many bytes of its preface yet. `upgraded`: the exchange that made it HTTP/2, which
    /// goes on as stream 1.
    pub fn new(asks: Side, preface: u32, upgraded: Option<Exchange>) -> Self {
        let way = |preface| Way { half: Half::new(preface), hpack: Hpack::default(), block: None };
        let (client, server) = match asks {
            Side::Client => (way(preface), way(0)),
            Side::Server => (way(0), way(preface)),
        };
        let begun = upgraded.as_ref().map_or(0, |exchange| exchange.depth);
        let streams = upgraded.into_iter().map(|exchange| (1, exchange)).collect();
        Self { client, server, asks, streams, tunnels: Tunnels::default(), begun }
    }

    /// The tunnels, and what is around them.
    fn tunnels<'a>(&'a mut self, connection: &'a Connection, out: &'a mut Out) -> (&'a mut Tunnels, Outside<'a>) {
        (&mut self.tunnels, Outside { connection, asks: self.asks, begun: self.begun, out })
    }

    fn way(&mut self, side: Side) -> &mut Way {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes the next bytes of a side.
    pub fn data(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let mut rest = *segment;
        while !rest.bytes.is_empty() || self.way(from).half.is_due() {
            match self.way(from).half.take(&mut rest) {
                Taken::More => {}
                Taken::Frame { header, payload, first } => {
                    self.frame(connection, from, header, payload, (first, segment.mark), out);
                }
                Taken::Data { stream, bytes } => {
                    let segment = Segment { bytes, starts: true, mark: segment.mark };
                    self.content(connection, from, stream, &segment, out);
                }
                Taken::DataEnd { stream, ends } => {
                    if ends {
                        self.end(connection, from, stream, segment.mark, out);
                    }
                }
                Taken::Skipped(bytes) => out.skipped = out.skipped.saturating_add(bytes),
                Taken::Bad => self.lose(connection, from, (Fault::BadHttp2Frame, segment.mark.frame), out),
            }
        }
    }

    fn frame(
        &mut self,
        connection: &Connection,
        from: Side,
        header: Header,
        payload: Vec<u8>,
        (first, mark): (Mark, Mark),
        out: &mut Out,
    ) {
        let way = self.way(from);
        match header.kind {
            frames::RST_STREAM => {
                let code = <[u8; 4]>::try_from(payload.as_slice()).map(u32::from_be_bytes).unwrap_or_default();
                return self.reset(connection, from, header.stream, (code, mark.frame), out);
            }
            frames::CONTINUATION => {
                let Some(block) = way.block.as_mut().filter(|block| block.header.stream == header.stream) else {
                    out.faults.push((Fault::BadHttp2Frame, mark.frame));
                    return way.hpack.lose();
                };
                if block.bytes.len().saturating_add(payload.len()) > limits::HEADER_BLOCK as usize {
                    way.block = None;
                    way.hpack.lose();
                    out.faults.push((Fault::LongHead, mark.frame));
                    return;
                }
                block.bytes.extend_from_slice(&payload);
            }
            _ => {
                if way.block.take().is_some() {
                    out.faults.push((Fault::BadHttp2Frame, mark.frame));
                    way.hpack.lose();
                }
                let Some((bytes, promised)) = frames::fragment(&header, &payload) else {
                    out.faults.push((Fault::BadHttp2Frame, mark.frame));
                    return way.hpack.lose();
                };
                way.block = Some(Block { header, bytes: bytes.to_vec(), first, promised });
            }
        }
        if header.flags & frames::END_HEADERS != 0
            && let Some(block) = self.way(from).block.take()
        {
            self.block(connection, from, &block, mark, out);
        }
    }

    /// Reads a whole header block.
    fn block(&mut self, connection: &Connection, from: Side, block: &Block, mark: Mark, out: &mut Out) {
        let (fields, fault) = self.way(from).hpack.read(&block.bytes);
        if let Some(fault) = fault {
            out.faults.push((fault, mark.frame));
        }
        let ends = block.header.flags & frames::END_STREAM != 0 && block.header.kind == frames::HEADERS;
        let stream = block.promised.unwrap_or(block.header.stream);
        let value = |name: &'static str| fields::one(&fields, name);
        let marks = (block.first, mark);
        if self.asks == from || block.promised.is_some() {
            if let Some(method) = value(":method")
                && !self.streams.contains_key(&stream)
            {
                let mut exchange = self.exchange(connection, stream, out);
                let mut message = fields::request(&fields, method, marks);
                message.done = block.promised.is_some();
                if message.head.method == "CONNECT" && message.head.upgrade.is_none() {
                    self.tunnels.ask(stream, out);
                }
                exchange.request = Some(message);
                self.add(connection, stream, exchange, mark.frame, out);
            }
        } else {
            let status = value(":status").and_then(number).and_then(|status| u16::try_from(status).ok());
            match status {
                Some(status @ 100..=199) => {
                    out.interim.push(status);
                    if let Some(exchange) = self.streams.get_mut(&stream) {
                        exchange.interim(status, b"");
                    }
                }
                Some(status) => {
                    if !self.streams.contains_key(&stream) {
                        let exchange = self.exchange(connection, stream, out);
                        self.add(connection, stream, exchange, mark.frame, out);
                    }
                    let mut is_first = false;
                    if let Some(exchange) = self.streams.get_mut(&stream) {
                        is_first = exchange.response.replace(fields::response(&fields, status, marks)).is_none();
                        exchange.upgrade = exchange.upgrade.or(fields::upgrade(exchange, status));
                        out.charge(exchange);
                    }
                    if is_first {
                        self.answered(connection, stream, mark.frame, out);
                    }
                }
                None => {}
            }
            if let Some(exchange) = self.streams.get_mut(&stream) {
                fields::trailers(&fields, exchange);
            }
        }
        if ends {
            self.end(connection, from, stream, mark, out);
        }
    }

    fn exchange(&mut self, connection: &Connection, stream: u32, out: &Out) -> Exchange {
        let end = |side: Side| {
            let end = connection.endpoint(side);
            SocketAddr::new(end.address, end.port)
        };
        self.begun = self.begun.saturating_add(1);
        let depth = out.before.saturating_add(self.begun);
        let exchange = Exchange::new(connection, end(self.asks), end(self.asks.other()), depth);
        Exchange { stream: Some(stream), ..exchange }
    }

    fn add(&mut self, connection: &Connection, stream: u32, mut exchange: Exchange, frame: u64, out: &mut Out) {
        out.charge(&mut exchange);
        self.streams.insert(stream, exchange);
        while self.streams.len() > limits::OPEN_STREAMS
            || (out.unfinished > limits::UNFINISHED && !self.streams.is_empty())
        {
            if let Some((stream, oldest)) = self.streams.pop_first() {
                out.evicted = out.evicted.saturating_add(1);
                self.finish(connection, stream, oldest, (CloseReason::Evicted, frame), out);
            }
        }
    }

    /// Gives away an exchange of which nothing more comes, behind those within it.
    fn finish(
        &mut self,
        connection: &Connection,
        stream: u32,
        mut exchange: Exchange,
        (reason, frame): (CloseReason, u64),
        out: &mut Out,
    ) {
        let (tunnels, mut outside) = self.tunnels(connection, out);
        if let Some(bytes) = tunnels.close(stream, reason, frame, &mut outside) {
            exchange.tunnelled = bytes;
        }
        out.finish(exchange);
    }

    /// Takes bytes of a stream.
    fn content(&mut self, connection: &Connection, from: Side, stream: u32, segment: &Segment<'_>, out: &mut Out) {
        let (tunnels, mut outside) = self.tunnels(connection, out);
        if !tunnels.data((stream, from), segment, &mut outside) {
            self.body(from, stream, segment.bytes, segment.mark, out);
        } else if let Some(exchange) = self.streams.get_mut(&stream) {
            exchange.reach(self.asks == from, segment.mark);
        }
    }

    fn body(&mut self, from: Side, stream: u32, bytes: &[u8], mark: Mark, out: &mut Out) {
        let asks = self.asks == from;
        let Some(exchange) = self.streams.get_mut(&stream) else { return };
        let is_tunnel = fields::tunnelled(exchange, asks, bytes.len() as u64);
        exchange.reach(asks, mark);
        let body = match (&mut exchange.request, &mut exchange.response) {
            (Some(request), _) if asks => Some(&mut request.body),
            (_, Some(response)) if !asks => Some(&mut response.body),
            _ => None,
        };
        if let Some(body) = body.filter(|_| !is_tunnel) {
            body.push(bytes, &mut out.pool);
        }
    }

    /// A side has said all of a stream.
    fn end(&mut self, connection: &Connection, from: Side, stream: u32, mark: Mark, out: &mut Out) {
        let asks = self.asks == from;
        let (tunnels, mut outside) = self.tunnels(connection, out);
        tunnels.event(stream, Event::Fin { from, position: 0, frame: mark.frame }, &mut outside);
        let Some(exchange) = self.streams.get_mut(&stream) else { return };
        exchange.end(asks, Some(mark), &mut out.pool);
        if let Some(request) = exchange.request.as_mut().filter(|_| asks) {
            let is_other = request.head.entity.content_length.is_some_and(|length| length != request.body.sent);
            if is_other && request.body.is_complete() && exchange.upgrade.is_none() {
                request.faults.add(Fault::WrongContentLength);
            }
        }
        out.charge(exchange);
        let is_done = exchange.request.as_ref().is_none_or(|request| request.done)
            && exchange.response.as_ref().is_some_and(|response| response.done);
        if is_done && let Some(exchange) = self.streams.remove(&stream) {
            self.finish(connection, stream, exchange, (CloseReason::Fin, mark.frame), out);
        }
    }

    /// A side has given a stream up.
    fn reset(&mut self, connection: &Connection, from: Side, stream: u32, (code, frame): (u32, u64), out: &mut Out) {
        let Some(mut exchange) = self.streams.remove(&stream) else { return };
        exchange.reset = Some((fields::error(code), self.asks == from));
        // A server may have said all that it will, and want no more of the request.
        if code != 0 && !fields::is_tunnel(&exchange) {
            if let Some(request) = exchange.request.as_mut().filter(|request| !request.done) {
                request.body.cut();
            }
            if let Some(response) = exchange.response.as_mut().filter(|response| !response.done) {
                response.body.cut();
            }
        }
        self.finish(connection, stream, exchange, (CloseReason::Reset, frame), out);
    }

    /// What one end sends from here on cannot be read.
    pub fn lose(&mut self, connection: &Connection, from: Side, (fault, frame): (Fault, u64), out: &mut Out) {
        out.faults.push((fault, frame));
        let (tunnels, mut outside) = self.tunnels(connection, out);
        tunnels.lost(from, frame, &mut outside);
        let asks = self.asks == from;
        let way = self.way(from);
        way.half.lose();
        way.hpack.lose();
        way.block = None;
        for exchange in self.streams.values_mut().filter(|exchange| !fields::is_tunnel(exchange)) {
            match (&mut exchange.request, &mut exchange.response) {
                (Some(request), _) if asks && !request.done => request.body.cut(),
                (_, Some(response)) if !asks && !response.done => response.body.cut(),
                _ => {}
            }
        }
    }

    /// Bytes that are not in the capture.
    pub fn gap(&mut self, connection: &Connection, from: Side, missing: u64, frame: u64, out: &mut Out) {
        let asks = self.asks == from;
        match self.way(from).half.pass(missing) {
            None => self.lose(connection, from, (Fault::MissingBytes, frame), out),
            Some(None) => {}
            Some(Some(stream)) => {
                let (tunnels, mut outside) = self.tunnels(connection, out);
                let gap = Event::Gap { from, missing, position: 0, frame, is_cut: false };
                if tunnels.gap(stream, gap, &mut outside) {
                    return;
                }
                let Some(exchange) = self.streams.get_mut(&stream) else { return };
                if fields::tunnelled(exchange, asks, missing) {
                    return;
                }
                let part = match (&mut exchange.request, &mut exchange.response) {
                    (Some(request), _) if asks => Some((&mut request.body, &mut request.faults)),
                    (_, Some(response)) if !asks => Some((&mut response.body, &mut response.faults)),
                    _ => None,
                };
                if let Some((body, faults)) = part {
                    body.gap(missing, &mut out.pool);
                    faults.add(Fault::MissingBytes);
                }
            }
        }
    }

    /// Nothing more comes.
    pub fn close(&mut self, connection: &Connection, reason: CloseReason, frame: u64, out: &mut Out) {
        let ended = matches!(reason, CloseReason::Fin | CloseReason::Reset);
        for (stream, mut exchange) in std::mem::take(&mut self.streams) {
            if fields::is_tunnel(&exchange) {
                self.finish(connection, stream, exchange, (reason, frame), out);
                continue;
            }
            if let Some(request) = exchange.request.as_mut().filter(|request| !request.done) {
                if ended { request.cut(Fault::CutMessage) } else { request.body.cut() }
            }
            if let Some(response) = exchange.response.as_mut().filter(|response| !response.done) {
                if ended { response.cut(Fault::CutMessage) } else { response.body.cut() }
            }
            self.finish(connection, stream, exchange, (reason, frame), out);
        }
    }

    /// Forgets what waits, which ends the reading of its direction.
    pub fn give_up(&mut self, connection: &Connection, frame: u64, out: &mut Out) {
        let (tunnels, mut outside) = self.tunnels(connection, out);
        tunnels.give_up(&mut outside);
        for side in [Side::Client, Side::Server] {
            if self.way(side).buffered() > 0 {
                self.lose(connection, side, (Fault::LongHead, frame), out);
            }
        }
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.client.buffered().saturating_add(self.server.buffered()).saturating_add(self.tunnels.buffered())
    }
}

impl Way {
    fn buffered(&self) -> usize {
        self.half.buffered().saturating_add(self.block.as_ref().map_or(0, |block| block.bytes.capacity()))
    }
}

#[cfg(test)]
mod tests;
