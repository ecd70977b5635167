//! One connection: what its packets tell.

use mcpcap_analyzer::stats::Pool;
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::text;
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::{Choice, ClientHello, Offer, ServerHello, Wrong};

use crate::facts::{Closed, Facts, Mark, Migration, Negotiation, Retry};
use crate::fault::Fault;
use crate::frames::{self, Frame};
use crate::limits;
use crate::messages::{self, CLIENT_HELLO, Message, Messages, SERVER_HELLO};
use crate::out::Out;
use crate::packet::crypto::{self, Keys};
use crate::packet::version::{self, Form};
use crate::packet::{Id, Kind, Long, Next, Packet, Packets};
use crate::parameters::Parameters;

/// Bytes of a datagram with a client's Initial, at the least (RFC 9000 §14.1).
pub const INITIAL: usize = 1200;

/// The transport parameter that allows any value of the bit that tells QUIC from other protocols (RFC 9287 §3).
const GREASE_BIT: u64 = 0x2ab2;

/// A datagram.
#[derive(Clone, Copy)]
pub struct Datagram<'a> {
    pub source: Endpoint,
    pub destination: Endpoint,
    /// Its outer VLAN.
    pub vlan: Option<u16>,
    pub payload: &'a [u8],
    /// Bytes that it had on the wire.
    pub length: usize,
    pub mark: Mark,
}

/// A packet that was decrypted: its number, and where its frames are in the buffer.
pub type Opened = (u64, std::ops::Range<usize>);

/// A connection that is followed.
pub struct Connection {
    pub facts: Box<Facts>,
    /// The client's address now.
    pub client: Endpoint,
    /// The id of which the keys of Initial packets are made.
    secret: Id,
    /// The keys that opened the last Initial of each side, with what they were made of.
    keys: [Option<(Form, Id, Keys)>; 2],
    /// The largest packet number of each side so far.
    largest: [Option<u64>; 2],
    messages: [Messages; 2],
    /// The server's first Initials that stand in the file before the client's, without which there are no keys.
    waiting: Vec<(Vec<u8>, Mark)>,
    /// Ids of the server that were not seen before this datagram.
    pub fresh: Vec<Id>,
}

impl Connection {
    /// One that begins with a packet for an id.
    pub fn new(facts: Facts, secret: Id) -> Self {
        Self {
            client: facts.client,
            facts: Box::new(facts),
            secret,
            keys: [None, None],
            largest: [None; 2],
            messages: Default::default(),
            waiting: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Who sends from an address.
    pub fn side(&self, source: &Endpoint) -> Side {
        if *source == self.facts.server { Side::Server } else { Side::Client }
    }

    /// Whether it has packets of which no bit tells that they are QUIC's: Google's own, and those of ends that agreed on that (RFC 9287).
    pub fn has_odd_packets(&self) -> bool {
        version::google(self.facts.version).is_some()
            || self.facts.parameters.as_ref().is_some_and(|parameters| parameters.has(GREASE_BIT))
    }

    /// The client goes on from another address.
    pub fn migrate(&mut self, to: Endpoint, mark: Mark, pool: &mut Pool) {
        let migration = Migration { frame: mark.frame, from: std::mem::replace(&mut self.client, to), to };
        self.facts.migrations.push(|| migration, pool);
    }

    /// Whether a client's packet can be one of this connection by its ids.
    pub fn has(&self, long: &Long<'_>) -> bool {
        let own = self.facts.ids(Side::Client).own;
        let is_known = [Some(self.secret), self.facts.original].contains(&Some(long.destination))
            || self.facts.ids(Side::Server).has(&long.destination);
        own.is_none_or(|own| own == long.source) && (is_known || !long.source.is_empty())
    }

    /// Takes a datagram of a version that is read. `opened`: its first packet, where it was decrypted.
    pub fn take(
        &mut self,
        datagram: &Datagram<'_>,
        from: Side,
        mut opened: Option<Opened>,
        buffer: &mut Vec<u8>,
        out: &mut Out,
    ) {
        let mark = datagram.mark;
        let before = (self.facts.is_validated, self.facts.before_validation);
        self.facts.datagram(from, datagram.length as u64, mark);
        let mut destination = None;
        for next in Packets::new(datagram.payload, datagram.length) {
            let first = opened.take();
            match next {
                Next::Long(packet) => {
                    if *destination.get_or_insert(packet.destination) != packet.destination {
                        self.facts.fault(Fault::MixedDatagram, mark.frame);
                        break;
                    }
                    self.facts.packet(from, packet.kind, mark);
                    self.ids(from, &packet, &mut out.pool);
                    match packet.kind {
                        Kind::Initial => {
                            if from == Side::Client && datagram.length < INITIAL {
                                self.facts.fault(Fault::SmallInitial, mark.frame);
                            }
                            self.initial(from, &packet, first, mark, buffer, out);
                        }
                        Kind::Retry if from == Side::Server => self.retry(&packet, mark),
                        _ => {}
                    }
                }
                Next::Short(bytes) => {
                    self.facts.packet(from, Kind::OneRtt, mark);
                    let to = from.other();
                    let fresh = self.facts.ids_mut(to).used(bytes.get(1..).unwrap_or_default(), &mut out.pool);
                    if to == Side::Server {
                        self.fresh.extend(fresh);
                    }
                }
                Next::Filler => {}
                Next::Wrong => self.facts.fault(Fault::PacketLength, mark.frame),
            }
        }
        if let (false, bytes) = before
            && self.facts.is_validated
        {
            // The datagram that proves it is not one before.
            self.facts.before_validation = bytes;
        }
    }

    /// Takes a datagram of a version that is not read.
    pub fn count(&mut self, datagram: &Datagram<'_>, from: Side) {
        self.facts.datagram(from, datagram.length as u64, datagram.mark);
    }

    /// Takes a datagram of which nothing tells what it is.
    pub fn odd(&mut self, datagram: &Datagram<'_>, from: Side) {
        self.count(datagram, from);
        if self.facts.is_read() && datagram.payload.first().is_some_and(|first| first & 0x80 == 0) {
            self.facts.packet(from, Kind::OneRtt, datagram.mark);
        }
    }

    /// What the ids of a long header tell.
    fn ids(&mut self, from: Side, packet: &Packet<'_>, pool: &mut Pool) {
        if from == Side::Server {
            self.facts.chosen = Some(packet.version);
            if self.facts.ids_mut(Side::Server).told(packet.source, pool) {
                self.fresh.push(packet.source);
            }
        }
        if from == Side::Client {
            // A token, or an id of eight bytes, which only the server can have told it.
            let has_id = packet.destination.len() >= 8 && self.facts.ids(Side::Server).has(&packet.destination);
            self.facts.is_validated |= !packet.token.is_empty() || has_id;
        }
        // To whom a server's packet goes tells the client's id, where the client did not.
        let client = self.facts.ids_mut(Side::Client);
        if from == Side::Client {
            client.told(packet.source, pool);
        } else if client.current.is_none() {
            client.told(packet.destination, pool);
        }
    }

    /// Decrypts an Initial, or takes one that was.
    fn initial(
        &mut self,
        from: Side,
        packet: &Packet<'_>,
        opened: Option<Opened>,
        mark: Mark,
        buffer: &mut Vec<u8>,
        out: &mut Out,
    ) {
        if from == Side::Server && !packet.token.is_empty() {
            self.facts.fault(Fault::ServerToken, mark.frame);
        }
        if !packet.is_whole {
            out.cut = out.cut.saturating_add(1);
            return;
        }
        let ([of_client, of_server], [keys_of_client, keys_of_server]) = (&mut self.largest, &mut self.keys);
        let (largest, known) =
            if from == Side::Client { (of_client, keys_of_client) } else { (of_server, keys_of_server) };
        let mut with = |id: &Id, buffer: &mut Vec<u8>| {
            let keys = match known {
                Some((form, of, keys)) if *form == packet.form && of == id => {
                    return keys.open(packet, *largest, buffer);
                }
                _ => Keys::initial(packet.form, id, from)?,
            };
            let opened = keys.open(packet, *largest, buffer)?;
            *known = Some((packet.form, *id, keys));
            Some(opened)
        };
        let mut opened = opened.or_else(|| with(&self.secret, buffer));
        // Behind a Retry that is not here, and where the client tries again, keys are made of another id.
        if opened.is_none() && from == Side::Client && packet.destination != self.secret {
            opened = with(&packet.destination, buffer);
            if opened.is_some() {
                self.secret = packet.destination;
                self.facts.original = self.facts.original.or(Some(packet.destination));
                self.facts.client_guessed = false;
            }
        }
        let Some((number, range)) = opened else {
            let may_wait = from == Side::Server && self.facts.original.is_none();
            if may_wait && self.waiting.len() < limits::WAITING && packet.bytes.len() <= limits::WAITING_BYTES {
                self.waiting.push((packet.bytes.to_vec(), mark));
                return;
            }
            out.not_decrypted = out.not_decrypted.saturating_add(1);
            // Without the client's first packet there are no keys.
            if self.facts.original.is_some() {
                self.facts.fault(Fault::NotDecrypted, mark.frame);
            }
            return;
        };
        *largest = Some(largest.map_or(number, |largest| largest.max(number)));
        self.frames(from, buffer.get(range).unwrap_or_default(), mark);
        if from == Side::Client {
            for (bytes, mark) in std::mem::take(&mut self.waiting) {
                if let Some(Next::Long(packet)) = Packets::new(&bytes, bytes.len()).next() {
                    self.initial(Side::Server, &packet, None, mark, buffer, out);
                }
            }
        }
    }

    fn frames(&mut self, from: Side, content: &[u8], mark: Mark) {
        let Self { facts, messages: [of_client, of_server], .. } = self;
        let messages = if from == Side::Client { of_client } else { of_server };
        let mut is_begun = false;
        let read = frames::read(content, &mut |frame| match frame {
            Frame::Crypto(at, bytes) => {
                if !std::mem::replace(&mut is_begun, true) {
                    wrong(facts, messages.packet(), mark.frame);
                }
                wrong(facts, messages.push(at, bytes), mark.frame);
            }
            // The first one is the reason; others answer it.
            Frame::Close(close) if facts.closed.is_none() => {
                let reason = text::printable(close.reason, limits::TEXT);
                let (code, frame_kind, frame) = (close.code, close.frame_kind, mark.frame);
                facts.closed = Some(Closed { from, code, frame_kind, reason, frame });
                facts.letter(from, 'c');
            }
            Frame::Close(_) => {}
        });
        if is_begun {
            let given = messages.give(&mut |message| told(facts, from, &message, mark));
            wrong(facts, given, mark.frame);
        }
        match read {
            Ok(()) => {}
            Err(frames::Wrong::Length) => facts.fault(Fault::FrameLength, mark.frame),
            Err(frames::Wrong::Kind) => facts.fault(Fault::FrameKind, mark.frame),
        }
    }

    fn retry(&mut self, packet: &Packet<'_>, mark: Mark) {
        let verified = self.facts.original.and_then(|original| crypto::retry_fits(packet, &original));
        if verified == Some(false) {
            self.facts.fault(Fault::RetryTag, mark.frame);
        } else {
            self.secret = packet.source;
        }
        let retry = Retry { frame: mark.frame, token_bytes: packet.token.len() as u64, verified };
        self.facts.retry.get_or_insert(retry);
    }

    /// Takes version negotiation.
    pub fn negotiation(&mut self, datagram: &Datagram<'_>, versions: &[u8]) {
        let frame = datagram.mark.frame;
        self.count(datagram, Side::Server);
        let all = versions.chunks_exact(4).map(|four| four.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)));
        if all.clone().any(|version| version == self.facts.version) {
            self.facts.fault(Fault::NegotiationListsVersion, frame);
        }
        self.facts.negotiation.get_or_insert_with(|| {
            let total = all.len() as u64;
            Negotiation { frame, total, versions: all.take(limits::VERSIONS).collect() }
        });
    }

    /// Bytes that wait.
    pub fn buffered(&self) -> usize {
        let [client, server] = &self.messages;
        let waiting = self.waiting.iter().map(|(bytes, _)| bytes.capacity()).fold(0, usize::saturating_add);
        client.buffered().saturating_add(server.buffered()).saturating_add(waiting)
    }

    /// Gives up what waits, for want of room.
    pub fn give_up(&mut self, out: &mut Out) {
        self.messages.iter_mut().for_each(Messages::give_up);
        out.not_decrypted = out.not_decrypted.saturating_add(std::mem::take(&mut self.waiting).len() as u64);
    }

    /// Nothing more comes of it.
    pub fn finish(mut self, out: &mut Out) {
        out.not_decrypted = out.not_decrypted.saturating_add(self.waiting.len() as u64);
        let Self { facts, messages: [of_client, of_server], .. } = &mut self;
        let last = facts.last;
        for (from, messages) in [(Side::Client, of_client), (Side::Server, of_server)] {
            let is_cut = messages.cut(&mut |message| told(facts, from, &message, last));
            out.incomplete = out.incomplete.saturating_add(is_cut.into());
        }
        out.finish(*self.facts);
    }
}

fn wrong(facts: &mut Facts, result: Result<(), messages::Wrong>, frame: u64) {
    let fault = match result {
        Ok(()) => return,
        Err(messages::Wrong::Contradiction) => Fault::CryptoContradicts,
        Err(messages::Wrong::Beyond) => Fault::CryptoBeyond,
        Err(messages::Wrong::Pieces) => Fault::CryptoPieces,
        Err(messages::Wrong::Packets) => Fault::ManyPackets,
    };
    facts.fault(fault, frame);
}

/// Takes a message of the handshake.
fn told(facts: &mut Facts, from: Side, message: &Message<'_>, mark: Mark) {
    match (from, message.kind) {
        (Side::Client, CLIENT_HELLO) => client_hello(facts, message, mark),
        (Side::Server, SERVER_HELLO) => server_hello(facts, message, mark),
        _ => {}
    }
}

fn wrong_hello(facts: &mut Facts, wrong: Wrong, is_complete: bool, frame: u64) {
    // In a hello that is cut the lengths go beyond its end.
    for (is_so, fault) in [
        (wrong.length && is_complete, Fault::HelloLength),
        (wrong.duplicate, Fault::DuplicateExtension),
        (wrong.trailing, Fault::TrailingBytes),
    ] {
        if is_so {
            facts.fault(fault, frame);
        }
    }
}

fn client_hello(facts: &mut Facts, message: &Message<'_>, mark: Mark) {
    let is_complete = message.is_complete;
    let Some(hello) = ClientHello::parse(message.body, false) else { return };
    facts.letter(Side::Client, 's');
    wrong_hello(facts, hello.wrong, is_complete, mark.frame);
    if is_complete {
        facts.asked = Some(mark);
    }
    // The second one, after a HelloRetryRequest, says the same but for keys; the first has the order that the client chose by itself.
    if facts.offer.as_ref().is_some_and(|known| known.complete) {
        return;
    }
    facts.offer = Some(Box::new(Offer::new(&hello, Carrier::Quic, is_complete)));
    match Parameters::of(&hello) {
        Some(parameters) => {
            let own = facts.ids(Side::Client).own;
            for (is_so, fault) in [
                (parameters.is_wrong && is_complete, Fault::BadParameters),
                (parameters.source.is_some() && parameters.source != own, Fault::OtherSource),
            ] {
                if is_so {
                    facts.fault(fault, mark.frame);
                }
            }
            facts.parameters = Some(Box::new(parameters));
        }
        None if is_complete => facts.fault(Fault::NoParameters, mark.frame),
        None => {}
    }
}

fn server_hello(facts: &mut Facts, message: &Message<'_>, mark: Mark) {
    let Some(hello) = ServerHello::parse(message.body) else { return };
    facts.letter(Side::Server, 's');
    wrong_hello(facts, hello.wrong, message.is_complete, mark.frame);
    if hello.retry {
        facts.hello_retry = Some((mark.frame, hello.group));
        return;
    }
    if let Some(offer) = facts.offer.as_ref().filter(|offer| offer.complete) {
        let suites = &offer.suites;
        let all_known = suites.total == suites.first.len() as u64;
        if all_known && suites.total > 0 && !suites.first.contains(&hello.suite) {
            facts.fault(Fault::SuiteNotOffered, mark.frame);
        }
    }
    facts.answered = Some(mark);
    facts.choice = Some(Box::new(Choice::new(&hello, message.is_complete)));
}
