//! What is known of a connection of TLS, whatever carries it.

use std::rc::Rc;

use mcpcap_analyzer::stats::{Pool, Sequence};
use mcpcap_analyzer::stream::{Endpoint, Side};

use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::registry::is_13;
use mcpcap_tls_hello::{Choice, Offer};
use mcpcap_tls_records::Told;
use mcpcap_tls_records::handshake;

use crate::certificate::Certificate;
use crate::fault::Fault;
use crate::limits;

mod messages;

/// The list of alerts of each connection.
pub const ALERTS: &str = "connections[].alerts";

/// A frame and when it was captured, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    pub frame: u64,
    pub time: Option<u64>,
}

/// Letters of a history.
const LETTERS: usize = 100;

/// An alert that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    pub from: Side,
    pub fatal: bool,
    pub description: u8,
    pub frame: u64,
}

/// What a side did.
#[derive(Debug, Clone, Default)]
pub struct Doings {
    /// Certificates in the order in which they were sent.
    pub certificates: Vec<Rc<Certificate>>,
    /// Certificates that it sent, also those that could not be read.
    pub certificates_total: u64,
    /// Frame of its certificate message.
    pub certificate_frame: Option<u64>,
    /// When that was captured, in nanoseconds since 1970.
    pub certificate_time: Option<u64>,
    /// Whether it said that what follows is encrypted.
    pub changed: bool,
    /// Where its first encrypted record begins.
    pub encrypted_from: Option<u64>,
    /// Whether its part of the handshake is done.
    pub finished: bool,
    /// Bytes of application data, as they were sent.
    pub bytes: u64,
    /// Alerts that are encrypted, so that nobody knows what they say.
    pub encrypted_alerts: u64,
}

/// A connection of TLS. `Side` is the one in TLS here, which need not be that of TCP.
#[derive(Debug, Clone)]
pub struct Facts {
    pub carrier: Carrier,
    /// Number of the TCP connection. Datagrams have none.
    pub connection: Option<u64>,
    /// Outer VLAN of the first datagram, or of the first packet of the TCP connection.
    pub vlan: Option<u16>,
    pub client: Endpoint,
    pub server: Endpoint,
    /// Its first record.
    pub first: Mark,
    /// Its last one.
    pub last: Mark,
    /// Protocol that began it within itself, if one did.
    pub starttls: Option<&'static str>,
    pub offer: Option<Box<Offer>>,
    /// Whether the hello has the form of SSL 2.0.
    pub ssl2_hello: bool,
    /// Where the first ClientHello begins, and where the last one ends.
    pub asked: Option<(Mark, Mark)>,
    /// HelloRetryRequest: its frame and the group that it asks for.
    pub retry: Option<(u64, Option<u16>)>,
    /// HelloVerifyRequest of DTLS.
    pub verified: Option<u64>,
    pub choice: Option<Box<Choice>>,
    pub answered: Option<Mark>,
    pub done: [Doings; 2],
    /// ServerHelloDone was seen: a full handshake up to TLS 1.2.
    pub is_full: bool,
    /// Whether the client sent data before the server answered.
    pub early_data: bool,
    /// Whether the server took it, where its EncryptedExtensions could be read.
    pub early_data_taken: Option<bool>,
    pub established: Option<Mark>,
    pub alerts: Sequence<Alert>,
    /// How often each came, at most 512 kinds.
    pub alert_kinds: Vec<((Side, u8), u64)>,
    /// Description of the last one.
    pub last_alert: Option<u8>,
    /// Messages up to where both sides had finished, in letters, as Zeek's `ssl_history` has them.
    pub history: String,
    /// What is wrong with it, with the frame that shows it first.
    pub faults: Vec<(Fault, u64)>,
    /// Records by content type from 20 on, and of those what is beyond 24.
    pub records: [u64; 6],
    /// Handshake messages that could be read, by kind; the last is of all from there on.
    pub messages: [u32; 32],
    /// Whether the capture misses bytes of it.
    pub gaps: bool,
    /// Why it ended.
    pub end: &'static str,
    /// How far its records were decrypted, where there is a key log.
    pub decryption: Option<Told>,
    /// What it was charged with.
    pub charged: usize,
}

impl Facts {
    /// Nothing known but who.
    pub fn new(carrier: Carrier, vlan: Option<u16>, (client, server): (Endpoint, Endpoint), first: Mark) -> Self {
        Self {
            carrier,
            connection: None,
            vlan,
            client,
            server,
            first,
            last: first,
            starttls: None,
            offer: None,
            ssl2_hello: false,
            asked: None,
            retry: None,
            verified: None,
            choice: None,
            answered: None,
            done: Default::default(),
            is_full: false,
            early_data: false,
            early_data_taken: None,
            established: None,
            alerts: Sequence::of(ALERTS, limits::ALERTS),
            alert_kinds: Vec::new(),
            last_alert: None,
            history: String::new(),
            faults: Vec::new(),
            records: [0; 6],
            messages: [0; 32],
            gaps: false,
            end: "",
            decryption: None,
            charged: 0,
        }
    }

    /// What a side did.
    pub fn side(&self, side: Side) -> &Doings {
        let [client, server] = &self.done;
        if side == Side::Client { client } else { server }
    }

    fn side_mut(&mut self, side: Side) -> &mut Doings {
        let [client, server] = &mut self.done;
        if side == Side::Client { client } else { server }
    }

    /// The version that was chosen, or with which a server answered.
    pub fn version(&self) -> Option<u16> {
        self.choice.as_ref().map(|choice| choice.version)
    }

    /// Whether it is TLS 1.3, as far as is known.
    fn is_13(&self) -> bool {
        self.version().map_or(self.retry.is_some(), is_13)
    }

    /// Counts something that is wrong: once for each connection and kind.
    pub fn fault(&mut self, fault: Fault, frame: u64) {
        if !self.faults.iter().any(|(known, _)| *known == fault) {
            self.faults.push((fault, frame));
        }
    }

    /// Counts a record.
    pub fn record(&mut self, kind: u8) {
        let place = usize::from(kind.saturating_sub(20)).min(5);
        if let Some(count) = self.records.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }

    /// Records of application data.
    pub fn data_records(&self) -> u64 {
        let [_, _, _, data, ..] = self.records;
        data
    }

    /// Whether a handshake record of a side is encrypted.
    pub fn is_encrypted(&self, from: Side, bytes: &[u8]) -> bool {
        // A client of TLS 1.3 says ChangeCipherSpec for the sake of old middleboxes, and may have to send another hello.
        let is_hello = matches!(bytes, [handshake::CLIENT_HELLO, 0, _, _, 3, _, ..]) && self.choice.is_none();
        self.side(from).changed && !self.is_13() && !is_hello
    }

    /// Adds a letter of a side to the history.
    pub fn letter(&mut self, from: Side, letter: char) {
        if self.established.is_none() && self.history.len() < LETTERS {
            self.history.push(if from == Side::Client { letter.to_ascii_uppercase() } else { letter });
        }
    }

    /// Whether SSL 2.0 was chosen, whose records are not read.
    pub fn is_ssl2(&self) -> bool {
        self.version() == Some(2)
    }

    /// An alert that could be read.
    pub fn alert(&mut self, from: Side, bytes: &[u8], frame: u64) {
        let [level @ (1 | 2), description] = bytes else { return self.fault(Fault::BadAlert, frame) };
        let alert = Alert { from, fatal: *level == 2, description: *description, frame };
        let kind = (from, *description);
        match self.alert_kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.alert_kinds.push((kind, 1)),
        }
        self.last_alert = Some(*description);
        self.letter(from, 'l');
        self.alerts.push(|| alert, &mut Pool::new(0));
    }

    /// ChangeCipherSpec.
    pub fn change_cipher_spec(&mut self, from: Side) {
        self.side_mut(from).changed = true;
        self.letter(from, 'i');
    }

    /// A record that is encrypted, of a content type that it still shows.
    pub fn encrypted(&mut self, from: Side, kind: Encrypted, mark: Mark) {
        let is_13 = self.is_13();
        // Who does not say so in the hello sends none (RFC 8446 §4.2.10): then the answer is not in the capture.
        let may_be_early = self.offer.as_ref().is_some_and(|offer| offer.early_data);
        let answered = self.answered.is_some();
        let side = self.side_mut(from);
        side.encrypted_from = side.encrypted_from.or(Some(mark.frame));
        let finishes = match kind {
            Encrypted::Handshake => side.changed,
            Encrypted::Data(bytes) => {
                side.bytes = side.bytes.saturating_add(bytes);
                // TLS 1.3 sends its handshake as application data.
                answered && is_13
            }
            Encrypted::Alert => {
                side.encrypted_alerts = side.encrypted_alerts.saturating_add(1);
                false
            }
            Encrypted::Read => false,
        };
        side.finished |= finishes;
        if from == Side::Client && may_be_early && !answered && matches!(kind, Encrypted::Data(_)) {
            self.early_data = true;
        }
        let [client, server] = &self.done;
        if self.established.is_none() && client.finished && server.finished {
            self.established = Some(mark);
        }
    }

    /// Bytes of the connection id that records of a side have, where both said one (RFC 9146 §3).
    pub fn connection_id(&self, from: Side) -> Option<u8> {
        let (to_client, to_server) = (self.offer.as_ref()?.connection_id?, self.choice.as_ref()?.connection_id?);
        Some(if from == Side::Client { to_server } else { to_client })
    }

    /// By which means an earlier session goes on, if it does.
    pub fn resumed(&self) -> Option<&'static str> {
        let choice = self.choice.as_ref()?;
        if is_13(choice.version) {
            return choice.pre_shared_key.then_some("psk");
        }
        // An abbreviated handshake (RFC 5246 §7.3): the server changes ciphers without proving again who it is.
        let server = self.side(Side::Server);
        let is_short = server.changed && !self.is_full && server.certificates_total == 0 && !self.gaps;
        let offer = self.offer.as_ref();
        let by_ticket = offer.is_some_and(|offer| offer.ticket);
        is_short.then_some(if by_ticket { "ticket" } else { "session_id" })
    }

    /// How far it came.
    pub fn outcome(&self) -> &'static str {
        let refused = self.alerts.first().iter().any(|alert| alert.fatal);
        match () {
            () if self.established.is_some() => "established",
            () if self.offer.is_none() && self.choice.is_none() => "handshake_not_seen",
            () if refused => "refused",
            () if self.choice.is_none() && self.retry.is_none() => "no_answer",
            () => "unfinished",
        }
    }

    /// From where the ClientHello begins to where both sides had finished, in nanoseconds.
    pub fn handshake_time(&self) -> Option<u64> {
        self.established?.time?.checked_sub(self.asked?.0.time?)
    }

    /// From the end of the last ClientHello to the ServerHello, in nanoseconds.
    pub fn answer_time(&self) -> Option<u64> {
        self.answered?.time?.checked_sub(self.asked?.1.time?)
    }

    /// Memory that it takes, in bytes.
    pub fn memory(&self) -> usize {
        let offer = self.offer.as_ref().map_or(0, |offer| offer.memory().saturating_add(size_of::<Offer>()));
        let choice = self.choice.as_ref().map_or(0, |_| size_of::<Choice>().saturating_add(64));
        // Others may have the same certificates. One of those that hold it is where all are known.
        let share = |one: &Rc<Certificate>| {
            let holders = Rc::strong_count(one).saturating_sub(1).max(1);
            one.memory().checked_div(holders).unwrap_or_default()
        };
        let chains = self.done.iter().flat_map(|side| &side.certificates).map(share);
        let kinds = size_of_val(self.alert_kinds.as_slice());
        [offer, choice, kinds].into_iter().chain(chains).fold(size_of::<Self>(), usize::saturating_add)
    }
}

/// What an encrypted record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encrypted {
    Handshake,
    Alert,
    /// Application data of so many bytes.
    Data(u64),
    /// Something else, which could be decrypted.
    Read,
}
