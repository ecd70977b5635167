//! What decrypts the records of a connection: which keys are in force in each direction, and the number of the next record.
//!
//! Records are not numbered on the wire. Where some are missing, their number is searched for: the record behind the hole is tried with each that it can
//! have, and only the right one authenticates it.

mod way;

use mcpcap_analyzer::stream::Side;
use mcpcap_tls_hello::registry::is_13;
use mcpcap_tls_hello::{ClientHello, ServerHello, extension};
use schemars::JsonSchema;
use serde::Serialize;

use crate::handshake;
use crate::key_log::{KeyLog, Label, Random};
use crate::keys::Keys;
use crate::records::{self, Head};
use crate::suite::Suite;
use way::{Phase, Way};

/// Tries of numbers in all, of one connection.
const TRIES: u32 = 512;

/// Why a record was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The key log has no secret for the connection, or not the one that is needed.
    NoSecret,
    /// The hellos are not in the capture, by which secrets and keys are known.
    HandshakeNotSeen,
    /// Another version than TLS 1.2 and 1.3.
    UnsupportedVersion,
    /// A cipher suite that is not known here.
    UnsupportedSuite,
    /// The capture misses bytes of it, or of those before it.
    MissingBytes,
    /// Its tag is not that of the keys: the secret is wrong, or the record was changed.
    AuthenticationFailed,
    /// There was no room to wait for its end.
    NoRoom,
}

impl Why {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::NoSecret,
        Self::HandshakeNotSeen,
        Self::UnsupportedVersion,
        Self::UnsupportedSuite,
        Self::MissingBytes,
        Self::AuthenticationFailed,
        Self::NoRoom,
    ];

    /// As it is written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::HandshakeNotSeen => "handshake_not_seen",
            Self::UnsupportedVersion => "unsupported_version",
            Self::UnsupportedSuite => "unsupported_suite",
            Self::MissingBytes => "missing_bytes",
            Self::AuthenticationFailed => "authentication_failed",
            Self::NoRoom => "no_room",
        }
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Not encrypted.
    Clear,
    /// Decrypted, of this content type.
    Plain(u8),
    /// Encrypted, and not readable.
    Closed,
}

/// How far the records of a connection could be decrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Records that were decrypted.
    pub decrypted: u64,
    /// Encrypted ones that were not.
    pub not_decrypted: u64,
    /// Why not, of the first of these.
    pub why: Option<Why>,
}

impl Told {
    /// Of a connection that nothing was tried with: so many records are encrypted.
    pub fn without_secret(records: u64) -> Self {
        Self { decrypted: 0, not_decrypted: records, why: (records > 0).then_some(Why::NoSecret) }
    }
}

/// What both sides agreed on.
#[derive(Clone)]
struct Agreed {
    is_13: bool,
    suite: Result<Suite, Why>,
    server: Random,
    /// Whether HMACs are those of what is encrypted (RFC 7366).
    of_encrypted: bool,
}

/// Decrypts the records of a connection. `Side` is the one in TLS, which need not be that of TCP.
pub struct Session {
    client: Option<Random>,
    agreed: Option<Agreed>,
    ways: [Way; 2],
    tries: u32,
    /// The key log in which secrets were looked for without finding them.
    searched: u32,
    told: Told,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self {
            client: None,
            agreed: None,
            ways: [Way::default(), Way::default()],
            tries: TRIES,
            searched: 0,
            told: Told::default(),
        }
    }

    /// How far records were decrypted.
    pub fn told(&self) -> Told {
        self.told
    }

    fn way(&mut self, side: Side) -> &mut Way {
        let [client, server] = &mut self.ways;
        if side == Side::Client { client } else { server }
    }

    /// Why no record of the connection can be decrypted, where that is known before it is here.
    pub fn needless(&self, log: &KeyLog) -> Option<Why> {
        let agreed = self.agreed.as_ref()?;
        let has_none = || self.client.as_ref().is_none_or(|client| !log.has(client));
        agreed.suite.err().or_else(|| (self.told.decrypted == 0 && has_none()).then_some(Why::NoSecret))
    }

    /// Bytes that are encrypted in a record of application data, where its length alone tells them: up to TLS 1.2 with what encrypts and authenticates at
    /// once.
    pub fn plain_length(&self, head: Head) -> Option<u64> {
        let agreed = self.agreed.as_ref().filter(|agreed| !agreed.is_13 && head.kind == records::APPLICATION_DATA)?;
        let cipher = agreed.suite.ok()?.cipher;
        let explicit = if cipher.fixed_nonce_length() == 4 { 8 } else { 0 };
        let length = usize::from(head.length).checked_sub(cipher.tag_length())?.checked_sub(explicit)?;
        cipher.mac().is_none().then_some(length as u64)
    }

    /// Takes a record. `plain` is what is encrypted in it, where that could be decrypted.
    pub fn open(&mut self, from: Side, head: Head, record: &[u8], log: &KeyLog, plain: &mut Vec<u8>) -> Opened {
        self.look_again(log);
        let is_data = head.kind == records::APPLICATION_DATA;
        let is_change = head.kind == records::CHANGE_CIPHER_SPEC;
        let Some(agreed) = &self.agreed else {
            if is_data && from == Side::Client && self.early(head, record, log, plain) {
                return self.opened(from, head.kind, plain);
            }
            let way = self.way(from);
            // Behind a HelloRetryRequest, both ends say ChangeCipherSpec before their hellos.
            if !is_data && (!way.has_changed || is_hello(head, record)) {
                way.has_changed = is_change;
                return Opened::Clear;
            }
            way.pass();
            let is_early = from == Side::Client && way.phase == Phase::Early;
            return self.closed(if is_early { Why::NoSecret } else { Why::HandshakeNotSeen });
        };
        let (is_13, suite) = (agreed.is_13, agreed.suite);
        let way = self.way(from);
        let is_clear = if is_13 { !is_data } else { !way.has_changed };
        if is_clear && is_change {
            if !is_13 {
                way.change();
            }
            return Opened::Clear;
        }
        // Where ChangeCipherSpec may be missing, a record may be encrypted though nothing said so.
        if is_clear && !way.may_have_changed() {
            if !is_data {
                return Opened::Clear;
            }
            way.pass();
            return self.closed(suite.err().unwrap_or(Why::NoSecret));
        }
        if let Err(why) = suite {
            way.pass();
            return self.closed(why);
        }
        if let Some(kind) = way.open(head, record, plain) {
            return self.opened(from, kind, plain);
        }
        // What is next, where the end of this phase was not seen.
        let next = match way.next_phase() {
            Some(Phase::Handshake) => self.keys(Label::handshake(from), log).map(|keys| (keys, Phase::Handshake)),
            Some(Phase::Traffic) if way.phase == Phase::Traffic => way.updated().map(|keys| (keys, Phase::Traffic)),
            Some(Phase::Traffic) => self.keys(Label::traffic(from), log).map(|keys| (keys, Phase::Traffic)),
            _ => None,
        };
        let Self { ways: [client, server], tries, .. } = self;
        let way = if from == Side::Client { client } else { server };
        match way.search(head, record, next, tries, plain) {
            Ok(kind) => self.opened(from, kind, plain),
            Err(_) if is_clear && !is_data => Opened::Clear,
            Err(why) => self.closed(why),
        }
    }

    fn opened(&mut self, from: Side, kind: u8, plain: &[u8]) -> Opened {
        self.told.decrypted = self.told.decrypted.saturating_add(1);
        let is_13 = self.agreed.as_ref().is_none_or(|agreed| agreed.is_13);
        // Keys that were agreed on anew (RFC 5246 §7.1).
        if !is_13 && kind == records::CHANGE_CIPHER_SPEC && plain == [1] {
            self.way(from).change();
        }
        Opened::Plain(kind)
    }

    fn closed(&mut self, why: Why) -> Opened {
        self.told.not_decrypted = self.told.not_decrypted.saturating_add(1);
        self.told.why = self.told.why.or(Some(why));
        Opened::Closed
    }

    /// A record is not here whole, or was not waited for; where it ends is known.
    pub fn pass(&mut self, from: Side, head: Head, why: Why) {
        let is_13 = self.agreed.as_ref().is_some_and(|agreed| agreed.is_13);
        let way = self.way(from);
        if head.kind == records::APPLICATION_DATA || (!is_13 && way.has_changed) {
            way.pass_unread();
            self.closed(why);
        } else if head.kind == records::CHANGE_CIPHER_SPEC && !is_13 {
            way.change();
        }
    }

    /// So many bytes are not here, with records of which nobody knows how many there are.
    pub fn gap(&mut self, from: Side, missing: u64) {
        // The shortest record has a header, a tag and a byte.
        let most = (missing / 22).saturating_add(1);
        self.way(from).gap(most);
    }

    /// Takes a handshake message, of those that say which keys come next: hellos, EndOfEarlyData, Finished, KeyUpdate.
    pub fn message(&mut self, from: Side, kind: u8, body: &[u8], log: &KeyLog) {
        match kind {
            handshake::CLIENT_HELLO => self.client_hello(body),
            handshake::SERVER_HELLO => self.server_hello(body, log),
            _ if !self.agreed.as_ref().is_some_and(|agreed| agreed.is_13) => {}
            handshake::END_OF_EARLY_DATA if self.way(from).phase == Phase::Early => {
                let keys = self.keys(Label::handshake(from), log);
                self.way(from).set(Phase::Handshake, keys);
            }
            handshake::FINISHED if self.way(from).phase == Phase::Handshake => {
                let keys = self.keys(Label::traffic(from), log);
                self.way(from).set(Phase::Traffic, keys);
            }
            handshake::KEY_UPDATE => self.way(from).update(),
            _ => {}
        }
    }

    fn client_hello(&mut self, body: &[u8]) {
        let Some(random) = random(body) else { return };
        self.client = Some(random);
        let is_first = self.agreed.is_none() && self.way(Side::Client).phase == Phase::Clear;
        if is_first && ClientHello::parse(body, false).is_some_and(|hello| hello.early_data) {
            self.way(Side::Client).set(Phase::Early, None);
        }
    }

    fn server_hello(&mut self, body: &[u8], log: &KeyLog) {
        let (Some(server), Some(hello)) = (random(body), ServerHello::parse(body)) else { return };
        if hello.retry {
            // Data before the handshake is refused with it (RFC 8446 §4.1.2).
            return self.way(Side::Client).set(Phase::Clear, None);
        }
        let is_13 = is_13(hello.version);
        let suite = match hello.version {
            0x0303 | 0x0304 => Suite::of(hello.suite, is_13).ok_or(Why::UnsupportedSuite),
            _ => Err(Why::UnsupportedVersion),
        };
        let of_encrypted = hello.extensions.iter().any(|(code, _)| *code == extension::ENCRYPT_THEN_MAC);
        self.agreed = Some(Agreed { is_13, suite, server, of_encrypted });
        if is_13 {
            for side in [Side::Client, Side::Server] {
                if self.way(side).phase != Phase::Early {
                    self.way(side).set(Phase::Handshake, None);
                }
            }
        }
        self.install(log, true);
    }

    /// Takes the keys that the key log has for what was agreed on; where they were looked for before, those that are not there yet.
    fn install(&mut self, log: &KeyLog, is_new: bool) {
        let Some(agreed) = self.agreed.clone() else { return };
        let Ok(suite) = agreed.suite else { return };
        self.searched = log.edition();
        let Some(client) = self.client else {
            self.agreed = Some(Agreed { suite: Err(Why::HandshakeNotSeen), ..agreed });
            return;
        };
        if !agreed.is_13 {
            let keys = log
                .find(&client, Label::Master)
                .and_then(|master| Keys::of_master(suite, master, &client, &agreed.server, agreed.of_encrypted));
            for (way, keys) in self.ways.iter_mut().zip(keys.into_iter().flatten()) {
                if is_new || way.has_none() {
                    way.prepare(keys);
                }
            }
            return;
        }
        for side in [Side::Client, Side::Server] {
            let keys = |label| log.find(&client, label).and_then(|secret| Keys::of_secret(suite, secret));
            let way = self.way(side);
            match way.phase {
                Phase::Early if !way.has_keys() => way.give(keys(Label::Early)),
                Phase::Handshake if !way.has_keys() => way.give(keys(Label::handshake(side))),
                Phase::Traffic if !way.has_keys() => way.give(keys(Label::traffic(side))),
                _ => {}
            }
        }
    }

    /// Looks for secrets again that were not there, once more of them came.
    fn look_again(&mut self, log: &KeyLog) {
        if self.agreed.is_some() && self.searched != log.edition() {
            self.install(log, false);
        }
    }

    /// The keys of a secret of TLS 1.3.
    fn keys(&self, label: Label, log: &KeyLog) -> Option<Keys> {
        let suite = self.agreed.as_ref()?.suite.ok()?;
        Keys::of_secret(suite, log.find(self.client.as_ref()?, label)?)
    }

    /// Whether a record opens as data before the handshake, of which the server has not said yet how it is protected.
    fn early(&mut self, head: Head, record: &[u8], log: &KeyLog, plain: &mut Vec<u8>) -> bool {
        let way = self.way(Side::Client);
        if way.phase != Phase::Early {
            return false;
        }
        if !way.has_keys() {
            let client = self.client.as_ref();
            let Some(secret) = client.and_then(|client| log.find(client, Label::Early)) else { return false };
            let suites = Suite::of_early_data(secret.bytes().len()).iter();
            let keys = suites
                .filter_map(|suite| Keys::of_secret(*suite, secret))
                .find(|keys| keys.open(0, head, record, plain).is_some());
            let Some(keys) = keys else { return false };
            self.way(Side::Client).give(Some(keys));
        }
        self.way(Side::Client).open(head, record, plain).is_some()
    }
}

/// Whether a record begins with a hello.
fn is_hello(head: Head, record: &[u8]) -> bool {
    head.kind == records::HANDSHAKE
        && matches!(record, [handshake::CLIENT_HELLO | handshake::SERVER_HELLO, 0, _, _, 3, 0..=4, ..])
}

/// The random number of a hello.
fn random(body: &[u8]) -> Option<Random> {
    body.get(2..)?.first_chunk().copied()
}
