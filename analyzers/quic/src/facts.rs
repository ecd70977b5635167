//! What is known of a connection.

use mcpcap_analyzer::stats::{Pool, Sequence};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_tls_hello::{Choice, Offer};

use crate::fault::Fault;
use crate::ids::Ids;
use crate::limits::{self, CLIENT_IDS, MIGRATIONS, SERVER_IDS};
use crate::packet::version::{self, is_obsolete};
use crate::packet::{Id, Kind};
use crate::parameters::Parameters;

/// How many times what it got a server may send before it knows that the client's address is its own (RFC 9000 §8.1).
pub const AMPLIFICATION: u64 = 3;

/// Letters of a history.
const LETTERS: usize = 100;

/// A frame and when it was captured, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    pub frame: u64,
    pub time: Option<u64>,
}

/// What one side sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    pub datagrams: u64,
    /// Bytes of datagrams, without the headers of UDP and IP.
    pub bytes: u64,
    /// The largest one.
    pub largest: u64,
    /// Packets by their kind.
    pub packets: [u64; Kind::COUNT],
    pub first: Option<Mark>,
    pub last: Option<Mark>,
}

impl Sent {
    /// From the first packet to the last one, in nanoseconds.
    pub fn duration(&self) -> Option<u64> {
        self.last?.time?.checked_sub(self.first?.time?)
    }
}

/// A Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub frame: u64,
    pub token_bytes: u64,
    /// Whether its tag fits. `None` when the client's first packet, or a part of it, is not here.
    pub verified: Option<bool>,
}

/// Version negotiation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    pub frame: u64,
    /// The first versions that the server has.
    pub versions: Vec<u32>,
    /// How many it has.
    pub total: u64,
}

/// CONNECTION_CLOSE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub from: Side,
    pub code: u64,
    pub frame_kind: u64,
    /// Made fit for a report.
    pub reason: String,
    pub frame: u64,
}

/// A client that went on from another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub frame: u64,
    pub from: Endpoint,
    pub to: Endpoint,
}

/// A connection.
#[derive(Clone)]
pub struct Facts {
    pub first: Mark,
    pub last: Mark,
    /// The client, as it began.
    pub client: Endpoint,
    pub server: Endpoint,
    /// Outer VLAN of its first packet.
    pub vlan: Option<u16>,
    /// Whether ports told who is the client, for want of a packet that could be decrypted.
    pub client_guessed: bool,
    /// Version of the first packet.
    pub version: u32,
    /// Version of the server's packets.
    pub chosen: Option<u32>,
    /// The id to which the client sent its first packet, when that is here.
    pub original: Option<Id>,
    /// Of the client and of the server.
    pub ids: [Ids; 2],
    pub sent: [Sent; 2],
    pub offer: Option<Box<Offer>>,
    pub parameters: Option<Box<Parameters>>,
    pub choice: Option<Box<Choice>>,
    /// Where the last ClientHello ends.
    pub asked: Option<Mark>,
    /// Where the ServerHello ends.
    pub answered: Option<Mark>,
    /// HelloRetryRequest: its frame and the group that it asks for.
    pub hello_retry: Option<(u64, Option<u16>)>,
    pub retry: Option<Retry>,
    pub negotiation: Option<Negotiation>,
    /// The client sent a packet that it can only send once the server had answered.
    pub goes_on: bool,
    /// Whether the client showed that its address is its own (RFC 9000 §8.1).
    pub is_validated: bool,
    /// Bytes that each side sent before that.
    pub before_validation: [u64; 2],
    /// The client has keys of the application, so the server had finished.
    pub client_finished: bool,
    /// The server sent such a packet behind the client's part of the handshake.
    pub server_finished: bool,
    pub established: Option<Mark>,
    pub closed: Option<Closed>,
    /// Packets in letters, as Zeek's `history` has them.
    pub history: String,
    pub migrations: Sequence<Migration>,
    /// What an ICMP error said of it first, with its frame.
    pub icmp: Option<(&'static str, u64)>,
    /// What is wrong with it, with the frame that shows it first.
    pub faults: Vec<(Fault, u64)>,
    /// What it was charged with.
    pub charged: usize,
}

impl Facts {
    /// Nothing known but who.
    pub fn new(version: u32, vlan: Option<u16>, (client, server): (Endpoint, Endpoint), first: Mark) -> Self {
        Self {
            first,
            last: first,
            client,
            server,
            vlan,
            client_guessed: false,
            version,
            chosen: None,
            original: None,
            ids: [Ids::of(CLIENT_IDS), Ids::of(SERVER_IDS)],
            sent: Default::default(),
            offer: None,
            parameters: None,
            choice: None,
            asked: None,
            answered: None,
            hello_retry: None,
            retry: None,
            negotiation: None,
            goes_on: false,
            is_validated: false,
            before_validation: [0; 2],
            client_finished: false,
            server_finished: false,
            established: None,
            closed: None,
            history: String::new(),
            migrations: Sequence::of(MIGRATIONS, limits::MIGRATIONS_KEPT),
            icmp: None,
            faults: Vec::new(),
            charged: 0,
        }
    }

    /// What a side sent.
    pub fn sent(&self, side: Side) -> &Sent {
        let [client, server] = &self.sent;
        if side == Side::Client { client } else { server }
    }

    /// The ids by which a side is addressed.
    pub fn ids(&self, side: Side) -> &Ids {
        let [client, server] = &self.ids;
        if side == Side::Client { client } else { server }
    }

    /// The same, to be changed.
    pub fn ids_mut(&mut self, side: Side) -> &mut Ids {
        let [client, server] = &mut self.ids;
        if side == Side::Client { client } else { server }
    }

    /// Packets of a kind that a side sent.
    pub fn packets(&self, side: Side, kind: Kind) -> u64 {
        self.sent(side).packets.get(kind as usize).copied().unwrap_or_default()
    }

    /// The version that is used, or was to be.
    pub fn version(&self) -> u32 {
        self.chosen.unwrap_or(self.version)
    }

    /// Whether its packets are read.
    pub fn is_read(&self) -> bool {
        version::form(self.version()).is_some()
    }

    /// Whether its version is one that nobody should use any more.
    pub fn is_obsolete(&self) -> bool {
        is_obsolete(self.version())
    }

    /// Counts something that is wrong: once for each connection and kind.
    pub fn fault(&mut self, fault: Fault, frame: u64) {
        if !self.faults.iter().any(|(known, _)| *known == fault) {
            self.faults.push((fault, frame));
        }
    }

    /// Counts a datagram.
    pub fn datagram(&mut self, from: Side, bytes: u64, mark: Mark) {
        if !self.is_validated {
            let [client, server] = &mut self.before_validation;
            let before = if from == Side::Client { client } else { server };
            *before = before.saturating_add(bytes);
        }
        let [client, server] = &mut self.sent;
        let sent = if from == Side::Client { client } else { server };
        sent.datagrams = sent.datagrams.saturating_add(1);
        sent.bytes = sent.bytes.saturating_add(bytes);
        sent.largest = sent.largest.max(bytes);
        sent.first = sent.first.or(Some(mark));
        sent.last = Some(mark);
        self.last = mark;
    }

    /// Adds a letter of a side to the history.
    pub fn letter(&mut self, from: Side, letter: char) {
        if self.history.len() < LETTERS {
            self.history.push(if from == Side::Client { letter.to_ascii_uppercase() } else { letter });
        }
    }

    /// Counts a packet, and sees by it how far the handshake is.
    pub fn packet(&mut self, from: Side, kind: Kind, mark: Mark) {
        let [client, server] = &mut self.sent;
        let sent = if from == Side::Client { client } else { server };
        let mut total = 0;
        if let Some(count) = sent.packets.get_mut(kind as usize) {
            *count = count.saturating_add(1);
            total = *count;
        }
        match kind {
            Kind::Initial => self.letter(from, 'i'),
            Kind::Handshake => self.letter(from, 'h'),
            Kind::ZeroRtt => self.letter(from, 'z'),
            Kind::Retry => self.letter(from, 'r'),
            // The 1st, 2nd, 4th, 8th one and so on.
            Kind::OneRtt if u64::is_power_of_two(total) => self.letter(from, 'o'),
            Kind::OneRtt => {}
        }
        match (from, kind) {
            (Side::Client, Kind::Handshake) => self.goes_on = true,
            (Side::Client, Kind::OneRtt) => (self.goes_on, self.client_finished) = (true, true),
            // A server may send data before it knows who the client is.
            (Side::Server, Kind::OneRtt) => self.server_finished |= self.goes_on,
            _ => {}
        }
        self.is_validated |= self.goes_on;
        if self.established.is_none() && self.client_finished && self.server_finished {
            self.established = Some(mark);
        }
    }

    /// Bytes of client and server before the client's address was known to be its own, when those of the server are more than allowed.
    pub fn amplification(&self) -> Option<(u64, u64)> {
        let [client, server] = self.before_validation;
        let is_seen = self.original.is_some() && client > 0;
        (is_seen && server > client.saturating_mul(AMPLIFICATION)).then_some((client, server))
    }

    /// By which means an earlier session goes on, if it does.
    pub fn resumed(&self) -> Option<&'static str> {
        self.choice.as_ref().filter(|choice| choice.pre_shared_key).map(|_| "psk")
    }

    /// How 0-RTT went.
    pub fn early_data(&self) -> Option<&'static str> {
        let is_sent = self.packets(Side::Client, Kind::ZeroRtt) > 0;
        let is_offered = self.offer.as_ref().is_some_and(|offer| offer.early_data);
        match () {
            () if (is_sent || is_offered) && self.hello_retry.is_some() => Some("rejected"),
            () if is_sent => Some("sent"),
            () => is_offered.then_some("offered"),
        }
    }

    /// How far it came.
    pub fn outcome(&self) -> &'static str {
        let [asked, answered] = [Side::Client, Side::Server].map(|side| self.sent(side).datagrams > 0);
        match () {
            () if self.established.is_some() => "established",
            () if self.closed.is_some() => "closed",
            () if self.negotiation.is_some() && self.chosen.is_none() => "version_negotiation",
            () if !self.is_read() => {
                if answered {
                    "not_read"
                } else {
                    "no_answer"
                }
            }
            () if self.original.is_none() => "handshake_not_seen",
            () if !answered && self.goes_on => "one_sided",
            () if asked && !answered => "no_answer",
            () => "unfinished",
        }
    }

    /// Whether a client's first packet is here, and nobody answered.
    pub fn is_unanswered(&self) -> bool {
        self.outcome() == "no_answer"
    }

    /// From the client's first packet to where both sides had finished, in nanoseconds.
    pub fn handshake_time(&self) -> Option<u64> {
        self.original?;
        self.established?.time?.checked_sub(self.sent(Side::Client).first?.time?)
    }

    /// From the client's first packet to the server's first one, in nanoseconds.
    pub fn answer_time(&self) -> Option<u64> {
        self.original?;
        self.sent(Side::Server).first?.time?.checked_sub(self.sent(Side::Client).first?.time?)
    }

    /// From the first packet to the last one, in nanoseconds.
    pub fn duration(&self) -> Option<u64> {
        self.last.time?.checked_sub(self.first.time?)
    }

    /// What it is used for, by the protocols that the client offers: the server's choice is encrypted.
    pub fn application(&self) -> Option<&'static str> {
        self.offer.as_ref()?.alpn.iter().find_map(|name| application(name))
    }

    /// Gives the room of lists back.
    pub fn release(&self, pool: &mut Pool) {
        self.ids.iter().for_each(|ids| ids.all.release(pool));
        self.migrations.release(pool);
    }

    /// Memory that it takes, in bytes.
    pub fn memory(&self) -> usize {
        let offer = self.offer.as_ref().map_or(0, |offer| offer.memory().saturating_add(size_of::<Offer>()));
        let choice = self.choice.as_ref().map_or(0, |_| size_of::<Choice>().saturating_add(64));
        let parameters = self.parameters.as_ref().map_or(0, |all| all.memory().saturating_add(size_of::<Parameters>()));
        let reason = self.closed.as_ref().map_or(0, |closed| closed.reason.capacity());
        let ids = self.ids.iter().map(|ids| ids.all.first().len().saturating_mul(size_of::<Id>()));
        let ids = ids.fold(0, usize::saturating_add);
        let migrations = self.migrations.first().len().saturating_mul(size_of::<Migration>());
        let versions = self.negotiation.as_ref().map_or(0, |all| all.versions.capacity().saturating_mul(4));
        [size_of::<Self>(), offer, choice, parameters, reason, ids, migrations, versions, self.history.capacity()]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// What a protocol of ALPN is (IANA, registry "TLS Application-Layer Protocol Negotiation Protocol IDs", and drafts).
fn application(name: &str) -> Option<&'static str> {
    let is = |begin: &str| name == begin || name.strip_prefix(begin).is_some_and(|rest| rest.starts_with('-'));
    match () {
        () if is("h3") => Some("http3"),
        () if is("doq") => Some("doq"),
        () if is("hq") => Some("http09"),
        () if is("smb") => Some("smb"),
        () if is("moq") || is("moqt") => Some("moq"),
        () => None,
    }
}
