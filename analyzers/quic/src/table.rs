//! All connections, and to which of them a datagram belongs.

use mcpcap_analyzer::stats::{BoundedMap, Place};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_tls_hello::wire::Cursor;

use crate::connection::{Connection, Datagram, INITIAL, Opened};
use crate::facts::Facts;
use crate::limits;
use crate::out::{Asked, Out};
use crate::packet::crypto::Keys;
use crate::packet::{self, Id, Kind, Long, Next, Packets, version};

/// The two ends, in a fixed order.
type Ends = (Endpoint, Endpoint);

fn ends(one: Endpoint, other: Endpoint) -> Ends {
    if one <= other { (one, other) } else { (other, one) }
}

/// Bytes of an id that a client makes up for a server (RFC 9000 §7.2), at the least.
const FIRST_ID: usize = 8;
/// Bytes of an id by which a connection is known from another address, at the least.
const TELLING_ID: usize = 4;

/// How a datagram looks.
#[derive(Debug, Clone, Copy)]
enum Look<'a> {
    /// A long header of a version that is read.
    Read(Long<'a>),
    /// One of another version that has a name.
    Other(Long<'a>),
    /// One of Google's own versions.
    Google(u32),
    Negotiation(Long<'a>),
    /// Perhaps a short header.
    Short,
    No,
}

fn look(payload: &[u8]) -> Look<'_> {
    let Some(first) = payload.first() else { return Look::No };
    let version_at = |at: usize| payload.get(at..).and_then(|rest| Cursor::new(rest).u32()).unwrap_or_default();
    if first & 0x80 == 0 {
        // The public header of Google's QUIC up to version 43: a version, behind an id of eight bytes or none.
        let version = if first & 1 != 0 { version_at(if first & 8 != 0 { 9 } else { 1 }) } else { 0 };
        return match () {
            () if first & 0x30 != 0x30 && version::google(version).is_some() => Look::Google(version),
            () if first & 0x40 != 0 => Look::Short,
            () => Look::No,
        };
    }
    let version = version_at(1);
    if version::google(version).is_some() {
        // Version 46 has other lengths of ids.
        return if first & 0x40 != 0 { Look::Google(version) } else { Look::No };
    }
    match Long::parse(payload) {
        Some(long) if version == version::NEGOTIATION => Look::Negotiation(long),
        Some(_) if first & 0x40 == 0 => Look::No,
        Some(long) if version::form(version).is_some() => Look::Read(long),
        Some(long) if version::known(version).is_some() => Look::Other(long),
        _ => Look::No,
    }
}

/// Connections that are followed.
pub struct Table {
    connections: BoundedMap<u64, Connection>,
    place: Place,
    paths: BoundedMap<Ends, u64>,
    path: Place,
    /// Ids of servers, by which a client is known that changes its address.
    ids: BoundedMap<(Endpoint, Id), u64>,
    /// Lengths of those, a bit each.
    lengths: u32,
    next: u64,
    /// Whether any connection has packets that look like nothing.
    has_odd: bool,
    buffer: Vec<u8>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            // It never makes room by itself.
            connections: BoundedMap::new(limits::CONNECTIONS.saturating_add(1)),
            place: Place::default(),
            paths: BoundedMap::new(limits::PATHS),
            path: Place::default(),
            ids: BoundedMap::new(limits::IDS),
            lengths: 0,
            next: 0,
            has_odd: false,
            buffer: Vec::new(),
        }
    }
}

impl Table {
    /// Takes a datagram. Whether it is one of QUIC.
    pub fn push(&mut self, datagram: &Datagram<'_>, out: &mut Out) -> bool {
        let look = look(datagram.payload);
        let is_wanted = match look {
            Look::No => self.has_odd,
            Look::Short => !self.connections.is_empty(),
            _ => true,
        };
        if !is_wanted {
            return false;
        }
        let mut opened = None;
        let known = self.known(datagram, look, &mut opened, out);
        let Some(number) = known.or_else(|| self.begin(datagram, look, &mut opened, out)) else { return false };
        let Self { connections, place, buffer, .. } = self;
        let Some(connection) = connections.get_near(place, &number) else { return false };
        let from = connection.side(&datagram.source);
        let before = connection.buffered();
        match look {
            Look::Negotiation(long) => connection.negotiation(datagram, long.rest),
            Look::Read(_) => connection.take(datagram, from, opened, buffer, out),
            Look::Short if connection.facts.is_read() => connection.take(datagram, from, None, buffer, out),
            _ => connection.odd(datagram, from),
        }
        self.settle(number, before, !matches!(look, Look::Short), out);
        true
    }

    /// What follows from a datagram that a connection took.
    fn settle(&mut self, number: u64, before: usize, has_grown: bool, out: &mut Out) {
        let Self { connections, place, ids, lengths, .. } = self;
        let Some(connection) = connections.get_near(place, &number) else { return };
        let server = connection.facts.server;
        for id in connection.fresh.drain(..).filter(|id| id.len() >= TELLING_ID) {
            *lengths |= 1_u32.checked_shl(u32::try_from(id.len()).unwrap_or_default()).unwrap_or_default();
            ids.insert((server, id), number);
        }
        if has_grown {
            self.has_odd |= connection.has_odd_packets();
            out.charge(&mut connection.facts);
        }
        out.buffered = out.buffered.saturating_sub(before).saturating_add(connection.buffered());
        if out.buffered > limits::BUFFERED {
            out.buffered = out.buffered.saturating_sub(connection.buffered());
            connection.give_up(out);
            out.given_up = out.given_up.saturating_add(1);
        }
        while self.connections.len() > limits::CONNECTIONS || out.memory > limits::MEMORY {
            let Some((_, old)) = self.connections.pop_oldest() else { break };
            out.evicted = out.evicted.saturating_add(1);
            out.buffered = out.buffered.saturating_sub(old.buffered());
            old.finish(out);
        }
    }

    /// The connection to which a datagram belongs, if it is known. `opened`: its first packet, where it shows that it begins another one.
    fn known(
        &mut self,
        datagram: &Datagram<'_>,
        look: Look<'_>,
        opened: &mut Option<Opened>,
        out: &mut Out,
    ) -> Option<u64> {
        let Datagram { source, destination, .. } = *datagram;
        let found = self.paths.get_near(&mut self.path, &ends(source, destination)).copied();
        if let Some((number, connection)) = found.and_then(|number| Some((number, self.connections.get(&number)?))) {
            let from = connection.side(&source);
            let own = connection.facts.ids(Side::Client).own;
            let belongs = match look {
                Look::Read(long) => {
                    let is_likely = match from {
                        Side::Client => connection.has(&long),
                        Side::Server => own.is_none_or(|own| own == long.destination),
                    };
                    if !is_likely {
                        *opened = open_first(datagram, &mut self.buffer);
                    }
                    opened.is_none()
                }
                Look::Negotiation(long) => {
                    let is_answer = from == Side::Server && own.is_none_or(|own| own == long.destination);
                    is_answer && long.rest.len().is_multiple_of(4)
                }
                Look::Other(long) => long.version == connection.facts.version || from == Side::Server,
                Look::Google(version) => version == connection.facts.version || from == Side::Server,
                Look::Short => true,
                Look::No => connection.has_odd_packets(),
            };
            return belongs.then_some(number);
        }
        self.migrated(datagram, look, out)
    }

    /// The connection of a client that goes on from another address, by the server's id.
    fn migrated(&mut self, datagram: &Datagram<'_>, look: Look<'_>, out: &mut Out) -> Option<u64> {
        let Datagram { source, destination, payload, mark, .. } = *datagram;
        let number = match look {
            Look::Read(long) => self.ids.get(&(destination, long.destination)).copied(),
            Look::Short => (TELLING_ID..=20).filter(|length| self.lengths >> length & 1 == 1).find_map(|length| {
                let id = Id::new(payload.get(1..length.checked_add(1)?)?)?;
                self.ids.get(&(destination, id)).copied()
            }),
            _ => None,
        }?;
        self.connections.get_mut(&number)?.migrate(source, mark, &mut out.pool);
        self.paths.insert(ends(source, destination), number);
        Some(number)
    }

    /// Begins a connection with a datagram, if it can be the first one of one.
    fn begin(
        &mut self,
        datagram: &Datagram<'_>,
        look: Look<'_>,
        opened: &mut Option<Opened>,
        out: &mut Out,
    ) -> Option<u64> {
        let Datagram { source, destination, vlan, payload, length, mark } = *datagram;
        let new = |version, is_client: bool| {
            let (client, server) = if is_client { (source, destination) } else { (destination, source) };
            Facts::new(version, vlan, (client, server), mark)
        };
        let (facts, secret) = match look {
            Look::Read(long) => {
                let Some(Next::Long(first)) = Packets::new(payload, length).next() else { return None };
                if opened.is_none() {
                    *opened = open_first(datagram, &mut self.buffer);
                }
                let is_opened = opened.is_some();
                if !is_opened && !packet::fits(payload, length) {
                    return None;
                }
                let told = match first.kind {
                    Kind::Initial if is_opened || !first.token.is_empty() => Some(true),
                    Kind::ZeroRtt => Some(true),
                    Kind::Retry => Some(false),
                    _ => None,
                };
                let mut facts = new(long.version, told.unwrap_or_else(|| is_to_service(source.port, destination.port)));
                facts.client_guessed = told.is_none();
                facts.original = is_opened.then_some(long.destination);
                (facts, long.destination)
            }
            Look::Other(long) if long.destination.len() >= FIRST_ID && length >= INITIAL => {
                (new(long.version, true), long.destination)
            }
            Look::Google(version) => (new(version, true), Id::default()),
            Look::Negotiation(long) if long.source.len() >= FIRST_ID && are_versions(long.rest) => {
                (new(long.version, false), long.source)
            }
            _ => return None,
        };
        if facts.original.is_some() || matches!(look, Look::Other(_) | Look::Google(_)) {
            out.asked.push(Asked { client: facts.client, server: facts.server, mark });
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.connections.insert(number, Connection::new(facts, secret));
        self.paths.insert(ends(source, destination), number);
        Some(number)
    }

    /// Takes what an ICMP error says of a datagram that a host had sent to another one.
    pub fn told(&mut self, from: Endpoint, to: Endpoint, says: &'static str, frame: u64) {
        let Some(number) = self.paths.get(&ends(from, to)) else { return };
        if let Some(connection) = self.connections.peek_mut(number) {
            connection.facts.icmp.get_or_insert((says, frame));
        }
    }

    /// The capture ends.
    pub fn finish(&mut self, out: &mut Out) {
        let mut all: Vec<Connection> = Vec::with_capacity(self.connections.len());
        while let Some((_, connection)) = self.connections.pop_oldest() {
            all.push(connection);
        }
        all.sort_by_key(|connection| connection.facts.first.frame);
        all.into_iter().for_each(|connection| connection.finish(out));
    }
}

/// Decrypts the first packet of a datagram as the Initial with which a client begins.
fn open_first(datagram: &Datagram<'_>, buffer: &mut Vec<u8>) -> Option<Opened> {
    let Some(Next::Long(first)) = Packets::new(datagram.payload, datagram.length).next() else { return None };
    if first.kind != Kind::Initial || !first.is_whole {
        return None;
    }
    Keys::initial(first.form, &first.destination, Side::Client)?.open(&first, None, buffer)
}

/// Whether a datagram goes to a service, by its ports.
fn is_to_service(source: u16, destination: u16) -> bool {
    const SERVICES: [u16; 3] = [443, 853, 80];
    match (SERVICES.contains(&source), SERVICES.contains(&destination)) {
        (false, true) => true,
        (true, false) => false,
        _ => destination <= source,
    }
}

/// Whether they are versions with names, at least one.
fn are_versions(bytes: &[u8]) -> bool {
    let mut all = bytes.chunks_exact(4).map(|four| four.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)));
    !bytes.is_empty() && bytes.len().is_multiple_of(4) && all.all(|version| version::known(version).is_some())
}
