//! What fields of HTTP/2 say.

use super::hpack::Fields;
use crate::body::Codings;
use crate::exchange::{Exchange, Grpc, Mark, Message, Upgrade};
use crate::message::facts::{self, Request, Response, text, word};
use crate::message::framing::number;
use crate::message::{Fault, Faults};
use crate::signs::{self, Signs};

/// The first value of a field.
pub fn one<'f>(fields: &'f Fields, name: &'static str) -> Option<&'f [u8]> {
    fields.iter().find(|(own, _)| own == name.as_bytes()).map(|(_, value)| value.as_slice())
}

/// All values of a field.
pub fn all<'f>(fields: &'f Fields, name: &'static str) -> Vec<&'f [u8]> {
    fields.iter().filter(|(own, _)| own == name.as_bytes()).map(|(_, value)| value.as_slice()).collect()
}

pub fn request(fields: &Fields, method: &[u8], (first, begun): (Mark, Mark)) -> Message<Request> {
    let authority = one(fields, ":authority").filter(|authority| !authority.is_empty()).or_else(|| one(fields, "host"));
    let target = one(fields, ":path").or(authority).unwrap_or_default();
    let mut found = Signs::default();
    fields.iter().for_each(|(_, value)| found.join(signs::of_header(value)));
    let head = Request::of_fields(&|name| one(fields, name), &|name| all(fields, name), method, target).with(found);
    let upgrade = one(fields, ":protocol").map(word);
    let head = Request { host: authority.map(facts::host), upgrade, ..head };
    let codings = Codings::of(head.entity.coding.as_deref());
    let mut faults = Faults::default();
    lengths(fields, &mut faults);
    let mut message = Message::new(head, super::VERSION, first, begun, faults);
    message.body.codings = codings;
    message
}

/// What is wrong with what a request says of its length: a server that passes it on as HTTP/1 may believe it.
fn lengths(fields: &Fields, faults: &mut Faults) {
    let (given, first) = (all(fields, "content-length"), one(fields, "content-length"));
    if given.iter().any(|length| number(length).is_none()) {
        faults.add(Fault::BadContentLength);
    }
    if given.iter().any(|length| Some(*length) != first) {
        faults.add(Fault::ConflictingContentLength);
    }
    if one(fields, "transfer-encoding").is_some() {
        faults.add(Fault::OddTransferEncoding);
    }
}

pub fn response(fields: &Fields, status: u16, (first, begun): (Mark, Mark)) -> Message<Response> {
    let head = Response::of_fields(&|name| one(fields, name), &|name| all(fields, name), status, b"");
    let codings = Codings::of(head.entity.coding.as_deref());
    let mut message = Message::new(head, super::VERSION, first, begun, Faults::default());
    message.body.codings = codings;
    message
}

/// What a response makes of its stream: a tunnel (RFC 9113 §8.5), or what `:protocol` asked for (RFC 8441 §4).
pub fn upgrade(exchange: &Exchange, status: u16) -> Option<Upgrade> {
    let asked = &exchange.request.as_ref()?.head;
    let is_taken = asked.method == "CONNECT" && (200..300).contains(&status);
    is_taken.then(|| match asked.upgrade.as_deref() {
        None => Upgrade::Connect,
        Some(to) if to.eq_ignore_ascii_case("websocket") => Upgrade::WebSocket,
        Some(_) => Upgrade::Other,
    })
}

/// Whether a stream became something else.
pub fn is_tunnel(exchange: &Exchange) -> bool {
    // An upgraded connection goes on as HTTP.
    exchange.upgrade.is_some_and(|upgrade| upgrade != Upgrade::Http2)
}

/// Counts what goes through a stream that became something else. Whether it did.
pub fn tunnelled(exchange: &mut Exchange, asks: bool, bytes: u64) -> bool {
    let is_one = is_tunnel(exchange);
    if is_one {
        exchange.tunnel(asks, bytes);
    }
    is_one
}

/// What gRPC says at the end of a response, or in place of one.
pub fn trailers(fields: &Fields, exchange: &mut Exchange) {
    let status = one(fields, "grpc-status").and_then(number).and_then(|status| u32::try_from(status).ok());
    if let Some(status) = status {
        let message = one(fields, "grpc-message").filter(|message| !message.is_empty()).map(text);
        exchange.grpc = Some(Grpc { status, message });
    }
}

/// The name of an error (RFC 9113 §7).
pub fn error(code: u32) -> &'static str {
    match code {
        0 => "NO_ERROR",
        1 => "PROTOCOL_ERROR",
        2 => "INTERNAL_ERROR",
        3 => "FLOW_CONTROL_ERROR",
        4 => "SETTINGS_TIMEOUT",
        5 => "STREAM_CLOSED",
        6 => "FRAME_SIZE_ERROR",
        7 => "REFUSED_STREAM",
        8 => "CANCEL",
        9 => "COMPRESSION_ERROR",
        10 => "CONNECT_ERROR",
        11 => "ENHANCE_YOUR_CALM",
        12 => "INADEQUATE_SECURITY",
        13 => "HTTP_1_1_REQUIRED",
        _ => "other",
    }
}
