//! What is not there of a connection of HTTP/1, or cannot be read.

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use super::Http1;
use crate::half::Step;
use crate::message::Fault;
use crate::streams::Out;

impl Http1 {
    /// Something is wrong with a direction, and what follows cannot be read.
    pub(super) fn fault(&mut self, from: Side, fault: Fault, frame: u64, out: &mut Out) {
        self.half(from).lose();
        let asks = self.asks == Some(from);
        self.lost_response |= !asks;
        let exchange = if asks { self.exchanges.back_mut() } else { self.answered() };
        let is_open = match exchange {
            Some(exchange) if asks => {
                exchange.request.as_mut().filter(|request| !request.done).map(|request| request.cut(fault))
            }
            Some(exchange) => exchange.response.as_mut().map(|response| response.cut(fault)),
            None => None,
        };
        // A head that is too long began with a right first line.
        if is_open.is_none() && (self.asks.is_some() || fault == Fault::LongHead) {
            out.faults.push((fault, frame));
        }
        self.settle(out);
    }

    /// What a side sent behind CONNECT cannot wait for the answer.
    fn release(&mut self, connection: &Connection, from: Side, out: &mut Out) {
        if self.asks == Some(from) && !self.early.is_empty() {
            self.suppose(connection, from, out);
        }
    }

    /// Something of what a side sends is lost: of what waits for the answer to CONNECT, or of the answer.
    fn give_way(&mut self, connection: &Connection, from: Side, out: &mut Out) {
        self.release(connection, from, out);
        self.lose_answer(connection, from, out);
    }

    /// Bytes that are not in the capture.
    pub fn gap(&mut self, connection: &Connection, from: Side, missing: u64, frame: u64, out: &mut Out) {
        self.give_way(connection, from, out);
        let step = self.half(from).step;
        let left = match step {
            Step::Length(left) | Step::Data(left) => left,
            Step::Close => u64::MAX,
            Step::Tunnel => {
                let event = Event::Gap { from, missing, position: 0, frame, is_cut: false };
                self.within(out, |tunnel, out| tunnel.take(connection, event, out));
                return self.tunnelled(from, missing);
            }
            Step::Lost => {
                self.lost_response |= self.asks != Some(from);
                return;
            }
            Step::Start | Step::Interim | Step::Size | Step::DataEnd | Step::Trailers | Step::Simple => 0,
        };
        if missing > left {
            return self.lost(connection, from, frame, out);
        }
        let asks = self.asks == Some(from);
        let exchange = if asks { self.exchanges.back_mut() } else { self.answered() };
        if let Some(exchange) = exchange {
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
        if self.half(from).pass(missing) {
            self.end(from, None, out);
        }
    }

    /// What one end sent next is not known, nor how much it was.
    pub fn lost(&mut self, connection: &Connection, from: Side, frame: u64, out: &mut Out) {
        self.give_way(connection, from, out);
        let half = self.half(from);
        match half.step {
            Step::Tunnel => self.within(out, |tunnel, out| tunnel.lost(connection, from, None, frame, out)),
            Step::Lost => self.lost_response |= self.asks != Some(from),
            Step::Start | Step::Interim if half.is_between() => {
                // Nothing that was begun is lost.
                half.lose();
                self.lost_response |= self.asks != Some(from);
            }
            _ => self.fault(from, Fault::MissingBytes, frame, out),
        }
    }

    /// One end said that nothing more comes from it: its body that ends with the connection is whole, another one that is not whole is cut. Told when the
    /// connection closes, since data may follow a FIN that was made up.
    pub fn fin(&mut self, connection: &Connection, from: Side, frame: u64, out: &mut Out) {
        self.half(from).is_over = true;
        self.within(out, |tunnel, out| tunnel.take(connection, Event::Fin { from, position: 0, frame }, out));
    }

    /// Nothing more comes.
    pub fn close(&mut self, connection: &Connection, reason: CloseReason, frame: u64, out: &mut Out) {
        let asks = self.asks.unwrap_or(Side::Client);
        self.release(connection, asks, out);
        self.within(out, |tunnel, out| tunnel.take(connection, Event::Closed { reason, frame }, out));
        let is_ended = matches!(reason, CloseReason::Fin | CloseReason::Reset);
        let answers = self.asks.unwrap_or(Side::Client).other();
        let request_over = is_ended || self.half(answers.other()).is_over;
        let response_over = is_ended || self.half(answers).is_over;
        let until_close = self.half(answers).step == Step::Close;
        let is_whole = until_close && (reason == CloseReason::Fin || self.half(answers).is_over);
        for side in [Side::Client, Side::Server] {
            let half = self.half(side);
            let is_over = is_ended || half.is_over;
            if is_over && matches!(half.step, Step::Start | Step::Interim) && !half.is_between() && self.asks.is_some()
            {
                out.faults.push((Fault::CutMessage, frame));
            }
        }
        for exchange in &mut self.exchanges {
            if let Some(request) = exchange.request.as_mut().filter(|request| !request.done) {
                if request_over { request.cut(Fault::CutMessage) } else { request.body.cut() }
            }
            if let Some(response) = exchange.response.as_mut().filter(|response| !response.done) {
                if is_whole {
                    response.end(None);
                } else if response_over && !until_close {
                    response.cut(Fault::CutMessage);
                } else {
                    response.body.cut();
                }
            }
        }
        while !self.exchanges.is_empty() {
            self.finish_oldest(out);
        }
    }

    /// Forgets what waits.
    pub fn give_up(&mut self, connection: &Connection, frame: u64, out: &mut Out) {
        for side in [Side::Client, Side::Server] {
            self.release(connection, side, out);
            if self.half(side).buffered() > 0 {
                self.fault(side, Fault::LongHead, frame, out);
            }
        }
    }
}
