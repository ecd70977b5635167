//! TLS in a TCP stream.

use mcpcap_analyzer::stream::{Connection, Side};

use super::Segment;
use crate::facts::{Encrypted, Facts, Mark};
use crate::fault::Fault;
use crate::handshake::Assembly;
use crate::out::Out;
use crate::records::{self, Head, Part, Records};
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::{Ssl2Client, Ssl2Server};

/// One direction.
#[derive(Default)]
struct Half {
    records: Records,
    assembly: Assembly,
    /// The record that is begun.
    head: Head,
    /// Where it begins.
    begun: Mark,
    /// Where the handshake message begins that is not complete.
    message: Option<Mark>,
    /// Bytes of the record that were seen, and the first of them, of short records.
    seen: u16,
    first: [u8; 3],
    /// Whether its content is encrypted.
    encrypted: bool,
}

/// A connection of TLS.
pub struct Tls {
    /// Which end of TCP is the client of TLS.
    client: Side,
    halves: [Half; 2],
    facts: Facts,
}

impl Tls {
    /// One that begins.
    pub fn new(connection: &Connection, client: Side, mark: Mark) -> Self {
        let ends = (connection.endpoint(client), connection.endpoint(client.other()));
        Self {
            client,
            halves: Default::default(),
            facts: Facts::new(Carrier::Tcp, Some(connection.number), ends, mark),
        }
    }

    /// Which protocol began it.
    pub fn set_starttls(&mut self, protocol: Option<&'static str>) {
        self.facts.starttls = protocol;
    }

    fn role(&self, from: Side) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    /// A client's hello of SSL 2.0.
    pub fn ssl2_client(&mut self, hello: &Ssl2Client<'_>, mark: Mark) {
        self.facts.ssl2_client(hello, mark);
    }

    /// A server's.
    pub fn ssl2_server(&mut self, hello: &Ssl2Server<'_>, mark: Mark, out: &mut Out) {
        self.facts.ssl2_server(hello, mark, out);
    }

    /// Takes bytes of a segment.
    pub fn data(&mut self, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let role = self.role(from);
        let [client, server] = &mut self.halves;
        let half = if role == Side::Client { client } else { server };
        let mut bytes = segment.bytes;
        if !half.records.is_synced() {
            if role == Side::Server
                && let Some((hello, behind)) =
                    Ssl2Server::parse(bytes).filter(|_| segment.starts && self.facts.choice.is_none())
            {
                self.facts.ssl2_server(&hello, segment.mark, out);
                bytes = behind;
            }
            if bytes.is_empty() || self.facts.is_ssl2() {
                return;
            }
            let begins = segment.starts && Head::parse(bytes).is_some_and(|head| head.length > 0);
            if !begins {
                out.skipped = out.skipped.saturating_add(bytes.len() as u64);
                return;
            }
            half.records.begin();
        }
        self.facts.last = segment.mark;
        // Behind it nothing grows.
        let is_handshake = self.facts.established.is_none();
        while let Some(part) = half.records.next(&mut bytes) {
            match part {
                Part::Head(head) => half.head(head, segment.mark, &mut self.facts),
                Part::Content(content, ends) => half.content(content, ends, role, segment.mark, &mut self.facts, out),
                Part::Bad => {
                    if self.facts.established.is_none() {
                        self.facts.fault(Fault::NoRecord, segment.mark.frame);
                    }
                    out.skipped = out.skipped.saturating_add(bytes.len() as u64);
                }
            }
        }
        if is_handshake {
            out.charge(&mut self.facts);
        }
    }

    /// Bytes of a direction are not in the capture.
    pub fn gap(&mut self, from: Side, missing: u64, frame: u64, out: &mut Out) {
        let role = self.role(from);
        let [client, server] = &mut self.halves;
        let half = if role == Side::Client { client } else { server };
        self.facts.gaps = true;
        let mark = Mark { frame, time: None };
        let within_handshake = half.records.is_within() && half.head.kind == records::HANDSHAKE && !half.encrypted;
        if half.records.skip(missing) && !within_handshake {
            return;
        }
        let (facts, begun) = (&mut self.facts, half.message.unwrap_or(mark));
        half.assembly.skip(missing, &mut |message| facts.message(role, &message, begun, mark, out));
    }

    /// Nothing more comes.
    pub fn close(mut self: Box<Self>, end: &'static str, out: &mut Out) {
        let last = self.facts.last;
        for (half, role) in self.halves.iter_mut().zip([Side::Client, Side::Server]) {
            let (facts, begun) = (&mut self.facts, half.message.unwrap_or(last));
            half.assembly.cut(&mut |message| facts.message(role, &message, begun, last, out));
        }
        self.facts.end = end;
        out.finish(self.facts);
    }

    /// Gives up messages that wait, for want of room.
    pub fn give_up(&mut self) {
        self.halves.iter_mut().for_each(|half| half.assembly.give_up());
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        let [client, server] = &self.halves;
        client.assembly.buffered().saturating_add(server.assembly.buffered())
    }
}

impl Half {
    /// A record begins.
    fn head(&mut self, head: Head, mark: Mark, facts: &mut Facts) {
        facts.record(head.kind);
        (self.head, self.begun, self.seen, self.first, self.encrypted) = (head, mark, 0, [0; 3], false);
        if head.kind == records::HANDSHAKE {
            self.assembly.record();
        } else if self.assembly.is_within() && head.kind != records::ALERT {
            facts.fault(Fault::Interleaved, mark.frame);
        }
        if head.length == 0 && head.kind != records::APPLICATION_DATA {
            facts.fault(Fault::EmptyRecord, mark.frame);
        }
        if head.kind == records::APPLICATION_DATA {
            self.encrypted = true;
        }
    }

    /// Bytes of it come.
    fn content(&mut self, bytes: &[u8], ends: bool, role: Side, mark: Mark, facts: &mut Facts, out: &mut Out) {
        let starts = self.seen == 0;
        for (place, byte) in self.first.iter_mut().skip(usize::from(self.seen)).zip(bytes) {
            *place = *byte;
        }
        self.seen = self.seen.saturating_add(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        if self.head.kind == records::HANDSHAKE {
            if starts {
                self.encrypted = facts.is_encrypted(role, bytes);
            }
            if !self.encrypted {
                return self.handshake(bytes, starts, role, mark, facts, out);
            }
        }
        if ends {
            self.ends(role, mark, facts);
        }
    }

    fn handshake(&mut self, bytes: &[u8], starts: bool, role: Side, mark: Mark, facts: &mut Facts, out: &mut Out) {
        if !self.assembly.is_within() {
            self.message = Some(mark);
        }
        let mut begun = self.message.unwrap_or(mark);
        self.assembly.push(bytes, starts, &mut |message| {
            facts.message(role, &message, begun, mark, out);
            begun = mark;
        });
        self.message = Some(begun);
    }

    /// A record ends.
    fn ends(&self, role: Side, mark: Mark, facts: &mut Facts) {
        let length = self.head.length;
        match self.head.kind {
            records::CHANGE_CIPHER_SPEC => facts.change_cipher_spec(role),
            records::ALERT if facts.side(role).changed && length > 2 || length >= 16 => {
                facts.encrypted(role, Encrypted::Alert, mark);
            }
            records::ALERT => {
                let bytes = self.first.get(..usize::from(length)).unwrap_or(&self.first);
                facts.alert(role, bytes, mark.frame);
            }
            records::HANDSHAKE => facts.encrypted(role, Encrypted::Handshake, self.begun),
            records::APPLICATION_DATA => facts.encrypted(role, Encrypted::Data(length.into()), self.begun),
            records::HEARTBEAT if !facts.side(role).changed => {
                facts.letter(role, 'b');
                let [kind, high, low] = self.first;
                // Type, length and at least 16 bytes of padding (RFC 6520 §4).
                let asked = u32::from(u16::from_be_bytes([high, low])).saturating_add(3 + 16);
                if kind == 1 && asked > u32::from(length) {
                    facts.fault(Fault::HeartbeatLength, mark.frame);
                }
            }
            _ => {}
        }
    }
}
