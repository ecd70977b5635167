//! What goes through a connection of HTTP/1 that became something else, and what a client sends before it is told that it may.

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use super::Http1;
use crate::early::Part;
use crate::exchange::Exchange;
use crate::half::Step;
use crate::limits;
use crate::streams::{Out, Segment, State, Switch};

impl Http1 {
    /// Whether the last request is a CONNECT that is not answered.
    fn asks_tunnel(&self) -> bool {
        self.exchanges.back().is_some_and(Exchange::asks_tunnel)
    }

    /// Whether a side waits for the answer to its CONNECT, so that what it sends now is for a tunnel if that is granted, and requests if not.
    pub(super) fn is_early(&mut self, from: Side) -> bool {
        if self.asks != Some(from) || self.is_tunnel {
            return false;
        }
        let half = self.half(from);
        half.step == Step::Start && half.is_between() && self.asks_tunnel()
    }

    /// Keeps what a client sends early.
    pub(super) fn wait(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        if !self.early.add(segment) {
            self.suppose(connection, from, out);
            self.through(connection, from, segment, out);
        }
    }

    /// Takes a CONNECT as granted whose answer is not in the capture, or late.
    pub(super) fn suppose(&mut self, connection: &Connection, from: Side, out: &mut Out) {
        self.open(connection, out);
        self.half(from).step = Step::Tunnel;
    }

    /// Something of what a side sends is lost. Where it was to answer a CONNECT alone, that was it, and what follows is the tunnel's.
    pub(super) fn lose_answer(&mut self, connection: &Connection, from: Side, out: &mut Out) {
        let asks = from.other();
        let is_between = self.half(asks).is_between() && self.half(from).is_between();
        if self.asks == Some(asks) && self.exchanges.len() == 1 && self.asks_tunnel() && is_between {
            self.suppose(connection, asks, out);
            self.half(from).step = Step::Tunnel;
        }
    }

    /// A tunnel begins with what the client sent early.
    pub(super) fn open(&mut self, connection: &Connection, out: &mut Out) {
        let asks = self.asks.unwrap_or(Side::Client);
        // It may have begun when it was supposed.
        if self.half(asks).step != Step::Tunnel {
            if out.tunnels < limits::TUNNELS {
                self.tunnel = Some(Box::default());
            } else {
                out.tunnels_left_out = out.tunnels_left_out.saturating_add(1);
            }
        }
        for part in self.early.take() {
            self.through(connection, asks, &part.segment(), out);
        }
    }

    /// Reads what a client sent behind a CONNECT as requests, if that was answered by now, and refused. What follows may be HTTP/2.
    pub(super) fn refused(&mut self, connection: &Connection, from: Side, out: &mut Out) -> Option<Switch<'static>> {
        let asks = self.asks.filter(|asks| *asks != from)?;
        if self.is_tunnel || self.asks_tunnel() {
            return None;
        }
        if self.half(asks).step == Step::Tunnel {
            // It was supposed to be granted.
            let frame =
                self.answered().and_then(|exchange| exchange.response.as_ref()).map(|answer| answer.begun.frame);
            let closed = Event::Closed { reason: CloseReason::Fin, frame: frame.unwrap_or_default() };
            self.within(out, |tunnel, out| tunnel.take(connection, closed, out));
            self.tunnel = None;
            self.half(asks).lose();
        }
        let mut parts = self.early.take().into_iter();
        while let Some(part) = parts.next() {
            if let Some(switch) = self.data(connection, asks, &part.segment(), out) {
                let mut waiting = switch.waiting;
                waiting.push(Part::of(&Segment { bytes: switch.rest, ..part.segment() }));
                waiting.extend(parts);
                return Some(Switch { waiting, rest: &[], ..switch });
            }
        }
        None
    }

    /// Takes bytes that went through a tunnel.
    pub(super) fn through(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        self.tunnelled(from, segment.bytes.len() as u64);
        self.carried(connection, from, segment, out);
    }

    /// Reads what a proxy's tunnel carries.
    fn carried(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        self.within(out, |tunnel, out| tunnel.take(connection, segment.event(from), out));
    }

    /// Does something with what a proxy's tunnel carries.
    pub(super) fn within(&mut self, out: &mut Out, act: impl FnOnce(&mut State, &mut Out)) {
        if let Some(tunnel) = &mut self.tunnel {
            out.in_tunnel(self.begun, |out| act(tunnel, out));
        }
    }

    pub(super) fn tunnelled(&mut self, from: Side, bytes: u64) {
        let asks = self.asks == Some(from);
        let is_one = |exchange: &&mut Exchange| exchange.upgrade.is_some() || exchange.asks_tunnel();
        if let Some(exchange) = self.exchanges.iter_mut().find(is_one) {
            exchange.tunnel(asks, bytes);
        }
    }

    /// What follows is something else.
    pub(super) fn become_tunnel(&mut self) {
        self.is_tunnel = true;
        let asks = self.asks.unwrap_or(Side::Client);
        let half = self.half(asks);
        // What the client did not wait for.
        let preface = half.forget();
        half.step = Step::Tunnel;
        self.tunnelled(asks, preface.len() as u64);
        self.preface = preface;
        if let Some(request) = self.exchanges.back_mut().and_then(|exchange| exchange.request.as_mut()) {
            request.end(None);
        }
        if let Some(response) = self.answered().and_then(|exchange| exchange.response.as_mut()) {
            response.end(None);
        }
    }
}
