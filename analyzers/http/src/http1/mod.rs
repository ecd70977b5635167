//! A connection of HTTP/1: its two directions, and which response belongs to which request.

mod losses;
mod simple;
mod tunnel;

use std::collections::VecDeque;
use std::net::SocketAddr;

use mcpcap_analyzer::stream::{Connection, Side};

use crate::body::Codings;
use crate::early::{Early, Part};
use crate::exchange::{Exchange, Mark, Message, Upgrade};
use crate::half::{Half, Step, Taken};
use crate::limits;
use crate::message::facts::{Entity, Request, Response};
use crate::message::framing::{self, Framing};
use crate::message::{Begins, Fault, Faults, Head, Start, Version, begins};
use crate::streams::{Out, Segment, State, Switch};

/// What is kept of a connection.
#[derive(Default)]
pub struct Http1 {
    client: Half,
    server: Half,
    /// The side that sends requests, once one message told.
    asks: Option<Side>,
    exchanges: VecDeque<Exchange>,
    /// Requests that made room before their responses came.
    dropped: u64,
    /// Exchanges that began.
    begun: u64,
    /// Whether responses are not in the capture, perhaps whole ones.
    lost_response: bool,
    /// Whether the last exchange made it something else.
    is_tunnel: bool,
    /// What the client sent of a preface of HTTP/2 before it was told so.
    preface: Vec<u8>,
    /// What it sent behind CONNECT that is not answered yet.
    early: Early,
    /// What a proxy's tunnel carries: anything that a connection may.
    tunnel: Option<Box<State>>,
}

impl Http1 {
    /// Takes the next bytes of a side. What follows may be HTTP/2.
    pub fn data<'a>(
        &mut self,
        connection: &Connection,
        from: Side,
        segment: &Segment<'a>,
        out: &mut Out,
    ) -> Option<Switch<'a>> {
        let mut rest = *segment;
        self.half(from).is_over = false;
        if self.is_without_body(from, segment) {
            self.half(from).step = Step::Start;
            self.end(from, None, out);
        }
        while !rest.bytes.is_empty() || self.half(from).step == Step::Length(0) {
            if self.is_early(from) {
                self.wait(connection, from, &rest, out);
                return None;
            }
            let taken = match from {
                Side::Client => self.client.take(&mut rest),
                Side::Server => self.server.take(&mut rest),
            };
            match taken {
                Taken::More => {}
                Taken::Head { head, first } => {
                    if head.starts_with(b"PRI * HTTP/2.0\r\n\r\n") {
                        // The rest of the preface of RFC 9113 §3.4: SM and line ends.
                        return Some(self.leave(from, 6, &rest, out));
                    }
                    let step = self.head(connection, from, &head, (first, segment.mark), out);
                    self.half(from).step = step;
                    if self.exchanges.front().is_some_and(|exchange| exchange.upgrade == Some(Upgrade::Http2)) {
                        return Some(self.leave(from.other(), 24, &rest, out));
                    }
                    if step == Step::Start {
                        self.end(from, Some(segment.mark), out);
                    }
                    if let Some(switch) = self.refused(connection, from, out) {
                        return Some(Switch { rest: rest.bytes, ..switch });
                    }
                }
                Taken::Simple => self.simple_response(connection, segment.mark, out),
                Taken::Body(bytes) => self.body(from, bytes, segment, out),
                Taken::End => self.end(from, Some(segment.mark), out),
                Taken::Tunnelled(bytes) => self.through(connection, from, &Segment { bytes, ..rest }, out),
                Taken::Skipped(bytes) => {
                    if self.asks.is_some() {
                        out.skipped = out.skipped.saturating_add(bytes);
                    }
                }
                Taken::Fault(fault) => {
                    // What follows may begin a message only where a segment does.
                    rest.starts &= fault == Fault::NoStartLine;
                    self.fault(from, fault, segment.mark.frame, out);
                    self.lose_answer(connection, from, out);
                }
            }
        }
        None
    }

    /// Whether a response whose request is not in the capture has no body, whatever its headers say, since it answers HEAD: another one follows at once.
    fn is_without_body(&mut self, from: Side, segment: &Segment<'_>) -> bool {
        let is_body = matches!(self.half(from).step, Step::Length(_)) && self.asks == Some(from.other());
        if !is_body || !segment.starts || begins(segment.bytes) != Begins::Response {
            return false;
        }
        let answered = self.answered().filter(|exchange| exchange.request.is_none());
        answered.and_then(|exchange| exchange.response.as_ref()).is_some_and(|response| response.body.sent == 0)
    }

    /// Leaves the connection to HTTP/2.
    fn leave<'a>(&mut self, asks: Side, preface: u32, rest: &Segment<'a>, out: &mut Out) -> Switch<'a> {
        let before = std::mem::take(&mut self.preface);
        let waiting = vec![Part::of(&Segment { bytes: &before, ..*rest })];
        let is_upgraded = self.exchanges.front().is_some_and(|exchange| exchange.upgrade == Some(Upgrade::Http2));
        let mut exchange = if is_upgraded { self.exchanges.pop_front() } else { None };
        if let Some(exchange) = &mut exchange {
            // It is answered on stream 1; what upgraded it is an interim response.
            exchange.interim(101, b"");
            exchange.response = None;
            exchange.stream = Some(1);
            out.interim.push(101);
        }
        while !self.exchanges.is_empty() {
            self.finish_oldest(out);
        }
        Switch { asks, preface, is_counted: self.asks.is_some(), exchange, waiting, rest: rest.bytes }
    }

    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Reads a head; what its direction has to do next.
    fn head(
        &mut self,
        connection: &Connection,
        from: Side,
        bytes: &[u8],
        (first, begun): (Mark, Mark),
        out: &mut Out,
    ) -> Step {
        let mut head = match Head::parse(bytes) {
            Ok(head) => head,
            Err(fault) => return self.refuse(from, fault, begun.frame, out),
        };
        let is_request = matches!(head.start, Start::Request { .. });
        if self.asks.is_none() {
            self.asks = Some(if is_request { from } else { from.other() });
            out.connections = out.connections.saturating_add((out.tunnels == 0).into());
        }
        if is_request != (self.asks == Some(from)) {
            return self.refuse(from, Fault::NoStartLine, begun.frame, out);
        }
        let framing = match head.start {
            Start::Request { method, target, version } => {
                let request = Request::of(&mut head, method, target, version);
                let mut faults = head.faults;
                let framing = framing::of_request(&head, &mut faults);
                let codings = codings(&request.entity, &head);
                let message = message(request, version, (first, begun), faults, (framing, codings));
                self.make_room(out);
                let mut exchange = self.exchange(connection, out);
                exchange.request = Some(message);
                self.add(exchange, out);
                framing
            }
            Start::Response { version, status, reason } => {
                let mut faults = head.faults;
                if (100..200).contains(&status) && status != 101 {
                    if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| exchange.response.is_none()) {
                        exchange.interim(status, reason);
                    }
                    out.interim.push(status);
                    return Step::Interim;
                }
                let place = self.place(connection, out);
                let Some(exchange) = self.exchanges.get_mut(place) else { return Step::Lost };
                let asked = exchange.request.as_ref();
                let method = asked.map(|request| request.head.method.as_str());
                let framing = framing::of_response(&head, status, method, &mut faults);
                let response = Response::of(&head, status, reason);
                let codings = codings(&response.entity, &head);
                let upgrade = upgrade(method, asked.and_then(|asked| asked.head.upgrade.as_deref()), &response);
                exchange.response = Some(message(response, version, (first, begun), faults, (framing, codings)));
                exchange.upgrade = upgrade;
                out.charge(exchange);
                if upgrade.is_some() {
                    if upgrade == Some(Upgrade::Connect) {
                        self.open(connection, out);
                    }
                    self.become_tunnel();
                    return Step::Tunnel;
                }
                framing
            }
        };
        match framing {
            Framing::None => Step::Start,
            Framing::Length(length) => Step::Length(length),
            Framing::Chunked => Step::Size,
            Framing::Close => Step::Close,
        }
    }

    fn refuse(&mut self, from: Side, fault: Fault, frame: u64, out: &mut Out) -> Step {
        self.fault(from, fault, frame, out);
        Step::Lost
    }

    fn exchange(&mut self, connection: &Connection, out: &Out) -> Exchange {
        let end = |side: Side| {
            let end = connection.endpoint(side);
            SocketAddr::new(end.address, end.port)
        };
        let asks = self.asks.unwrap_or(Side::Client);
        self.begun = self.begun.saturating_add(1);
        Exchange::new(connection, end(asks), end(asks.other()), out.before.saturating_add(self.begun))
    }

    fn add(&mut self, mut exchange: Exchange, out: &mut Out) {
        out.charge(&mut exchange);
        self.exchanges.push_back(exchange);
        while out.unfinished > limits::UNFINISHED && !self.exchanges.is_empty() {
            self.drop_oldest(out);
        }
    }

    /// Where the exchange stands that a response belongs to.
    fn place(&mut self, connection: &Connection, out: &mut Out) -> usize {
        if std::mem::take(&mut self.lost_response) {
            // Whoever does not pipeline waits for each response: this one is for the last request.
            while self.exchanges.len() > 1 {
                self.finish_oldest(out);
            }
        }
        let waits = self.exchanges.iter().position(|exchange| exchange.response.is_none());
        match waits.filter(|_| self.dropped == 0) {
            Some(place) => place,
            None => {
                self.dropped = self.dropped.saturating_sub(1);
                let mut exchange = self.exchange(connection, out);
                out.charge(&mut exchange);
                // Before those that wait.
                let place = waits.unwrap_or(self.exchanges.len());
                self.exchanges.insert(place, exchange);
                place
            }
        }
    }

    fn make_room(&mut self, out: &mut Out) {
        while self.exchanges.len() >= limits::PIPELINED {
            self.drop_oldest(out);
        }
    }

    fn drop_oldest(&mut self, out: &mut Out) {
        let waits = self.exchanges.front().is_some_and(|exchange| exchange.response.is_none());
        self.dropped = self.dropped.saturating_add(waits.into());
        out.evicted = out.evicted.saturating_add(1);
        self.finish_oldest(out);
    }

    fn finish_oldest(&mut self, out: &mut Out) {
        if let Some(exchange) = self.exchanges.pop_front() {
            out.finish(exchange);
        }
    }

    /// The exchange whose response is coming.
    fn answered(&mut self) -> Option<&mut Exchange> {
        let comes = |exchange: &&mut Exchange| exchange.response.as_ref().is_some_and(|response| !response.done);
        self.exchanges.iter_mut().find(comes)
    }

    /// Takes bytes of a body.
    fn body(&mut self, from: Side, bytes: &[u8], segment: &Segment<'_>, out: &mut Out) {
        if self.asks == Some(from) {
            if let Some(request) = self.exchanges.back_mut().and_then(|exchange| exchange.request.as_mut()) {
                request.body.push(bytes, &mut out.pool);
                request.last = segment.mark;
            }
        } else if let Some(response) = self.answered().and_then(|exchange| exchange.response.as_mut()) {
            response.body.push(bytes, &mut out.pool);
            response.last = segment.mark;
        }
    }

    /// The message that comes is whole, and ends here, if that is known.
    fn end(&mut self, from: Side, mark: Option<Mark>, out: &mut Out) {
        let asks = self.asks == Some(from);
        if let Some(exchange) = if asks { self.exchanges.back_mut() } else { self.answered() } {
            exchange.end(asks, mark, &mut out.pool);
            out.charge(exchange);
        }
        self.settle(out);
    }

    /// Gives away what is finished, in order.
    fn settle(&mut self, out: &mut Out) {
        let is_done = |exchange: &Exchange| {
            exchange.request.as_ref().is_none_or(|request| request.done)
                && exchange.response.as_ref().is_some_and(|response| response.done)
        };
        while !self.is_tunnel && self.exchanges.front().is_some_and(is_done) {
            self.finish_oldest(out);
        }
    }

    /// Whether it turned out to be something else before the first message.
    pub fn was_nothing(&self) -> bool {
        self.asks.is_none() && (self.client.step == Step::Lost || self.server.step == Step::Lost)
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.client.buffered().saturating_add(self.server.buffered()).saturating_add(self.early.buffered())
    }
}

/// Codings of the content, and behind them those of the transfer.
fn codings(entity: &Entity, head: &Head<'_>) -> Codings {
    Codings::of(entity.coding.as_deref().into_iter().chain(framing::codings(head)))
}

fn message<T>(
    head: T,
    version: Version,
    (first, begun): (Mark, Mark),
    mut faults: Faults,
    (framing, codings): (Framing, Codings),
) -> Message<T> {
    if !matches!(version, Version(1, 0 | 1) | Version::SIMPLE) {
        faults.add(Fault::OtherVersion);
    }
    let mut message = Message::new(head, version, first, begun, faults);
    message.body.chunked = framing == Framing::Chunked;
    message.body.codings = codings;
    message
}

/// What a response makes of the connection.
fn upgrade(method: Option<&str>, asked: Option<&str>, response: &Response) -> Option<Upgrade> {
    if method == Some("CONNECT") && response.status.is_some_and(|status| (200..300).contains(&status)) {
        return Some(Upgrade::Connect);
    }
    if response.status != Some(101) {
        return None;
    }
    let to = response.upgrade.as_deref().or(asked).unwrap_or_default();
    Some(match to {
        _ if to.eq_ignore_ascii_case("websocket") => Upgrade::WebSocket,
        _ if to.eq_ignore_ascii_case("h2c") => Upgrade::Http2,
        _ => Upgrade::Other,
    })
}
