//! HTTP before 1.0: a line that asks, and bytes up to the end of the connection that answer.

use mcpcap_analyzer::stream::{Connection, Side};

use super::Http1;
use crate::exchange::{Mark, Message};
use crate::half::Step;
use crate::message::facts::{Request, Response};
use crate::message::{Faults, Version};
use crate::streams::Out;

impl Http1 {
    /// A connection that begins with a request without a version.
    pub fn simple(connection: &Connection, from: Side, target: &[u8], mark: Mark, out: &mut Out) -> Self {
        let mut http = Self { asks: Some(from), ..Self::default() };
        out.connections = out.connections.saturating_add((out.tunnels == 0).into());
        let head = Request::of_fields(&|_| None, &|_| Vec::new(), b"GET", target);
        let mut request = Message::new(head, Version::SIMPLE, mark, mark, Faults::default());
        request.done = true;
        let mut exchange = http.exchange(connection, out);
        exchange.request = Some(request);
        http.add(exchange, out);
        // There is one request for each connection.
        http.half(from).step = Step::Lost;
        http.half(from.other()).step = Step::Simple;
        http
    }

    /// A response begins that has no head.
    pub(super) fn simple_response(&mut self, connection: &Connection, mark: Mark, out: &mut Out) {
        let place = self.place(connection, out);
        if let Some(exchange) = self.exchanges.get_mut(place) {
            exchange.response = Some(Message::new(Response::default(), Version::SIMPLE, mark, mark, Faults::default()));
            out.charge(exchange);
        }
    }
}
