//! HTTP in TLS, as far as a key log decrypts it.

use std::rc::Rc;

use mcpcap_analyzer::stream::{Connection, Event, Side};
use mcpcap_analyzer::text::printable;
use mcpcap_tls_hello::ClientHello;
use mcpcap_tls_records::handshake::{self, Assembly};
use mcpcap_tls_records::records::{self, Head, Part, Records};
use mcpcap_tls_records::{Gather, Opened, Session, Why};

use crate::exchange::Mark;
use crate::limits;
use crate::streams::{Out, Segment, State};

/// An alert that says that nothing more comes.
const CLOSE_NOTIFY: [u8; 2] = [1, 0];

/// One direction.
#[derive(Default)]
struct Half {
    records: Records,
    assembly: Assembly,
    /// The record that is begun.
    head: Head,
    gather: Gather,
}

/// A connection of TLS.
pub struct Tls {
    /// Which end of TCP is the client of TLS.
    client: Side,
    halves: [Half; 2],
    session: Session,
    /// The name that the client asks for.
    name: Option<Rc<str>>,
    /// What it carries.
    inner: Box<State>,
    /// What was reckoned for it.
    charged: usize,
}

/// Whether a connection begins with a handshake of TLS, or goes on with its records where the beginning is not here. HTTP never begins so.
pub fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [records::HANDSHAKE] | [records::HANDSHAKE | records::APPLICATION_DATA, 3, ..])
}

/// The name that a client asks for, in lower case.
fn server_name(hello: &[u8]) -> Option<Rc<str>> {
    let name = ClientHello::parse(hello, false)?.server_name?;
    Some(printable(name, limits::TEXT).to_ascii_lowercase().into())
}

impl Tls {
    /// One whose first bytes come from a side.
    pub fn new(from: Side, bytes: &[u8]) -> Self {
        let is_server = matches!(bytes, [records::HANDSHAKE, _, _, _, _, handshake::SERVER_HELLO, ..]);
        let mut halves: [Half; 2] = Default::default();
        halves.iter_mut().for_each(|half| half.records.begin());
        Self {
            client: if is_server { from.other() } else { from },
            halves,
            session: Session::new(),
            name: None,
            inner: Box::default(),
            charged: 0,
        }
    }

    fn role(&self, from: Side) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    fn half(&mut self, from: Side) -> &mut Half {
        let [client, server] = &mut self.halves;
        if from == Side::Client { client } else { server }
    }

    /// Takes bytes of a segment.
    pub fn data(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let role = self.role(from);
        let mut bytes = segment.bytes;
        if !self.half(from).records.is_synced() {
            if !(segment.starts && Head::parse(bytes).is_some_and(|head| head.length > 0)) {
                return self.session.gap(role, bytes.len() as u64);
            }
            self.half(from).records.begin();
        }
        while let Some(part) = self.half(from).records.next(&mut bytes) {
            match part {
                Part::Head(head) => {
                    let needless = self.session.needless(&out.key_log);
                    let half = self.half(from);
                    half.head = head;
                    half.gather.begin(needless);
                }
                Part::Content(content, ends) => {
                    let half = self.half(from);
                    half.gather.push(content, half.head, ends);
                    if ends {
                        self.record(connection, from, content, segment.mark, out);
                    }
                }
                Part::Bad => {
                    self.session.gap(role, bytes.len() as u64);
                    self.lost(connection, from, None, segment.mark.frame, out);
                }
            }
        }
        self.charge(out);
    }

    /// A record ends with some bytes.
    fn record(&mut self, connection: &Connection, from: Side, last: &[u8], mark: Mark, out: &mut Out) {
        let role = self.role(from);
        let mut plain = std::mem::take(&mut out.plain);
        let [client, server] = &mut self.halves;
        let half = if from == Side::Client { client } else { server };
        let head = half.head;
        let opened = half.gather.open(last, (role, head), &mut self.session, &out.key_log, &mut plain);
        let kind = match opened {
            Opened::Clear => Some(head.kind),
            Opened::Plain(kind) => Some(kind),
            Opened::Closed => None,
        };
        match kind {
            Some(records::HANDSHAKE) => {
                let (session, name) = (&mut self.session, &mut self.name);
                half.assembly.record();
                half.assembly.push(&plain, true, &mut |message| {
                    if message.is_whole() {
                        if message.kind == handshake::CLIENT_HELLO && name.is_none() {
                            *name = server_name(message.body);
                        }
                        session.message(role, message.kind, message.body, &out.key_log);
                    }
                });
            }
            Some(records::APPLICATION_DATA) if opened != Opened::Clear => {
                let Mark { frame, time: timestamp } = mark;
                let event = Event::Data { from, bytes: &plain, position: 0, frame, timestamp, segment_start: true };
                self.inner(connection, event, out);
            }
            Some(records::ALERT) if plain == CLOSE_NOTIFY => {
                self.inner(connection, Event::Fin { from, position: 0, frame: mark.frame }, out);
            }
            Some(_) => {}
            None => {
                half.assembly.skip(u64::MAX, &mut |_| {});
                let length = self.session.plain_length(head);
                self.lost(connection, from, length, mark.frame, out);
            }
        }
        out.plain = plain;
    }

    /// Hands on what was decrypted.
    fn inner(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        self.within(out, |inner, out| inner.take(connection, event, out));
    }

    /// What was in a record is not known; `length`: how many bytes it were, if that is.
    fn lost(&mut self, connection: &Connection, from: Side, length: Option<u64>, frame: u64, out: &mut Out) {
        self.within(out, |inner, out| inner.lost(connection, from, length, frame, out));
    }

    fn within(&mut self, out: &mut Out, act: impl FnOnce(&mut State, &mut Out)) {
        let outer = std::mem::replace(&mut out.server_name, self.name.clone());
        out.encrypted = out.encrypted.saturating_add(1);
        act(&mut self.inner, out);
        out.encrypted = out.encrypted.saturating_sub(1);
        out.server_name = outer;
    }

    /// Bytes of a direction are not in the capture.
    pub fn gap(&mut self, connection: &Connection, from: Side, missing: u64, frame: u64, out: &mut Out) {
        let role = self.role(from);
        let half = self.half(from);
        half.gather.lack(Why::MissingBytes);
        let head = half.head;
        if !half.records.skip(missing) {
            half.assembly.skip(u64::MAX, &mut |_| {});
            self.session.gap(role, missing);
            self.lost(connection, from, None, frame, out);
        } else if !half.records.is_within() {
            half.assembly.skip(u64::MAX, &mut |_| {});
            self.session.pass(role, head, Why::MissingBytes);
            let length = self.session.plain_length(head);
            self.lost(connection, from, length, frame, out);
        }
        self.charge(out);
    }

    /// An end of TCP says that nothing more comes, or both do.
    pub fn end(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        self.inner(connection, event, out);
        if matches!(event, Event::Closed { .. }) {
            out.decrypted.take(self.session.told());
            self.halves = Default::default();
            self.charge(out);
        }
    }

    /// Reckons with what waits; where that is too much in all, this connection waits for nothing more.
    fn charge(&mut self, out: &mut Out) {
        let waiting = |half: &Half| half.gather.memory().saturating_add(half.assembly.buffered());
        let waits = |halves: &[Half; 2]| halves.iter().map(waiting).fold(0, usize::saturating_add);
        let others = out.records.saturating_sub(self.charged);
        if others.saturating_add(waits(&self.halves)) > limits::RECORDS {
            for half in &mut self.halves {
                half.gather.give_up();
                half.assembly.give_up();
            }
        }
        self.charged = waits(&self.halves);
        out.records = others.saturating_add(self.charged);
    }
}
