//! DTLS in UDP datagrams (RFC 6347, RFC 9147), on any port by its form.

mod fragments;
mod record;
#[cfg(test)]
mod tests;

use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::{Endpoint, Side};

use crate::facts::{Encrypted, Facts, Mark};
use crate::fault::Fault;
use crate::limits;
use crate::out::Out;
use fragments::Fragments;
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_records::handshake;
use mcpcap_tls_records::records;
use record::Record;

/// A datagram.
#[derive(Clone, Copy)]
pub struct Datagram<'a> {
    pub source: Endpoint,
    pub destination: Endpoint,
    /// Its outer VLAN.
    pub vlan: Option<u16>,
    pub payload: &'a [u8],
    pub mark: Mark,
}

/// The two ends, in a fixed order.
type Ends = (Endpoint, Endpoint);

/// Connections of DTLS that are open.
pub struct Dtls {
    connections: BoundedMap<Ends, Box<Connection>>,
}

struct Connection {
    facts: Facts,
    halves: [Fragments; 2],
}

impl Default for Dtls {
    fn default() -> Self {
        // It never makes room by itself.
        Self { connections: BoundedMap::new(limits::DTLS.saturating_add(1)) }
    }
}

impl Dtls {
    /// Takes a datagram.
    pub fn push(&mut self, datagram: &Datagram<'_>, out: &mut Out) {
        if !record::may_begin(datagram.payload) {
            return;
        }
        let Datagram { source, destination, vlan, payload, mark } = *datagram;
        let ends = if source <= destination { (source, destination) } else { (destination, source) };
        let begins = begins(payload);
        let known = self.connections.get(&ends);
        // Behind a handshake that is done, another ClientHello without history is that of another connection.
        let is_another =
            begins == Some(Begins::Client(0)) && known.is_some_and(|known| known.facts.established.is_some());
        if is_another && let Some(old) = self.connections.remove(&ends) {
            old.close("reused", out);
        }
        if self.connections.get(&ends).is_none() {
            let Some(begins) = begins else { return };
            let from_client = matches!(begins, Begins::Client(_) | Begins::Records);
            let (client, server) = if from_client { (source, destination) } else { (destination, source) };
            let facts = Facts::new(Carrier::Dtls, vlan, (client, server), mark);
            self.connections.insert(ends, Box::new(Connection { facts, halves: Default::default() }));
            while self.connections.len() > limits::DTLS {
                let Some((_, old)) = self.connections.pop_oldest() else { break };
                out.evicted = out.evicted.saturating_add(1);
                old.close("no_room", out);
            }
        }
        let Some(connection) = self.connections.get_mut(&ends) else { return };
        let before = connection.buffered();
        connection.take(source, payload, mark, out);
        out.buffered = out.buffered.saturating_sub(before).saturating_add(connection.buffered());
        if out.buffered > limits::BUFFERED {
            out.buffered = out.buffered.saturating_sub(connection.buffered());
            connection.halves = Default::default();
            out.given_up = out.given_up.saturating_add(1);
        }
        if out.memory > limits::SESSIONS
            && let Some(connection) = self.connections.remove(&ends)
        {
            out.evicted = out.evicted.saturating_add(1);
            out.buffered = out.buffered.saturating_sub(connection.buffered());
            connection.close("no_room", out);
        }
    }

    /// The capture ends.
    pub fn finish(&mut self, out: &mut Out) {
        while let Some((_, connection)) = self.connections.pop_oldest() {
            connection.close("open", out);
        }
    }
}

/// How a datagram begins that may be the first of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// With a client's hello of some number.
    Client(u16),
    Server,
    /// With whole records, behind a handshake that is not here.
    Records,
}

fn begins(payload: &[u8]) -> Option<Begins> {
    let mut rest = payload;
    let first = Record::next(&mut rest, None)?;
    if first.epoch != 0 || first.kind != records::HANDSHAKE {
        // What is encrypted has at least a tag; a change of ciphers alone shows nothing.
        let mut all = payload;
        let mut is_whole = true;
        while !all.is_empty() {
            let fits = |record: Record<'_>| record.is_whole && record.epoch > 0 && !record.is_short;
            is_whole &= Record::next(&mut all, None).is_some_and(fits);
            if !is_whole {
                return None;
            }
        }
        return Some(Begins::Records);
    }
    let header = fragments::Header::parse(first.content)?.0;
    match header.kind {
        handshake::CLIENT_HELLO => Some(Begins::Client(header.number)),
        handshake::SERVER_HELLO | handshake::HELLO_VERIFY_REQUEST => Some(Begins::Server),
        _ => None,
    }
}

impl Connection {
    fn take(&mut self, source: Endpoint, payload: &[u8], mark: Mark, out: &mut Out) {
        let from = if source == self.facts.client { Side::Client } else { Side::Server };
        let mut rest = payload;
        while let Some(record) = Record::next(&mut rest, self.facts.connection_id(from)) {
            self.facts.record(record.kind);
            self.facts.last = mark;
            match record.kind {
                _ if record.epoch > 0 => {
                    let kind = match record.kind {
                        records::HANDSHAKE => Encrypted::Handshake,
                        records::ALERT => Encrypted::Alert,
                        // Its type is encrypted too; the first one is the end of the handshake.
                        record::WITH_ID if !self.facts.side(from).finished => Encrypted::Handshake,
                        _ => Encrypted::Data(record.content.len() as u64),
                    };
                    self.facts.encrypted(from, kind, mark);
                }
                records::CHANGE_CIPHER_SPEC => self.facts.change_cipher_spec(from),
                records::ALERT if record.is_whole => self.facts.alert(from, record.content, mark.frame),
                records::HANDSHAKE => self.handshake(from, &record, mark, out),
                _ => {}
            }
        }
        out.charge(&mut self.facts);
    }

    fn handshake(&mut self, from: Side, record: &Record<'_>, mark: Mark, out: &mut Out) {
        let Self { facts, halves: [client, server] } = self;
        let half = if from == Side::Client { client } else { server };
        let mut content = record.content;
        while !content.is_empty() {
            let Some((header, fragment)) = fragments::Header::parse(content) else {
                if record.is_whole {
                    facts.fault(Fault::BadFragment, mark.frame);
                } else {
                    out.incomplete = out.incomplete.saturating_add(1);
                }
                return;
            };
            content = content.get(fragments::HEADER.saturating_add(fragment.len())..).unwrap_or_default();
            if half
                .take(&header, fragment, mark, &mut |message, begun| facts.message(from, &message, begun, mark, out))
                .is_none()
            {
                facts.fault(Fault::BadFragment, mark.frame);
            }
        }
    }

    fn buffered(&self) -> usize {
        let [client, server] = &self.halves;
        client.buffered().saturating_add(server.buffered())
    }

    fn close(mut self: Box<Self>, end: &'static str, out: &mut Out) {
        self.facts.end = end;
        out.finish(self.facts);
    }
}
