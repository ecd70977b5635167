//! What is kept of hellos.

use mcpcap_analyzer::text;

use crate::fingerprint::{Carrier, ja3, ja3s, ja4};
use crate::registry::{Weakness, is_13, is_grease, is_post_quantum, weakness};
use crate::wire::codes;
use crate::{ClientHello, Ech, ServerHello, Ssl2Client};

/// Suites, extensions, groups and signature algorithms of a hello that are kept; how many there were is told.
const CODES: usize = 128;
/// Protocols of ALPN that are kept.
const PROTOCOLS: usize = 16;
/// Characters of a text.
const TEXT: usize = 256;

/// Numbers of a list, of which the first are kept.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    /// The first 128.
    pub first: Box<[u16]>,
    /// How many there were.
    pub total: u64,
}

impl Codes {
    fn new(all: impl Iterator<Item = u16> + Clone) -> Self {
        Self { first: all.clone().take(CODES).collect(), total: all.count() as u64 }
    }

    /// Bytes on the heap.
    fn memory(&self) -> usize {
        self.first.len().saturating_mul(2)
    }
}

/// What a client offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// `legacy_version`.
    pub version: u16,
    /// Versions without GREASE.
    pub versions: Codes,
    /// Cipher suites.
    pub suites: Codes,
    /// Groups of key exchange.
    pub groups: Codes,
    /// Groups for which keys are sent.
    pub key_shares: Codes,
    /// Signature algorithms.
    pub schemes: Codes,
    /// Extensions in their order.
    pub extensions: Codes,
    /// Server name (SNI), made fit for a report.
    pub server_name: Option<String>,
    /// The first 16 protocols of the application (ALPN), likewise.
    pub alpn: Vec<String>,
    /// An encrypted ClientHello in it.
    pub ech: Option<Ech>,
    /// Whether there is an encrypted server name, the forerunner of that.
    pub esni: bool,
    /// Whether there is a ticket with which a session may go on.
    pub ticket: bool,
    /// Whether there is a key with which a session may go on (TLS 1.3).
    pub pre_shared_key: bool,
    /// Whether data comes before the handshake (0-RTT).
    pub early_data: bool,
    /// Bytes of the connection id that records to the client have (DTLS, RFC 9146).
    pub connection_id: Option<u8>,
    /// `legacy_session_id`.
    pub session_id: Box<[u8]>,
    /// Whether it tries again with an older version (RFC 7507).
    pub fallback: bool,
    /// Whether all of the hello is here.
    pub complete: bool,
    /// JA3 and JA4, of a hello that is all here, and whose lengths fit.
    pub fingerprints: Option<([u8; 16], String)>,
    /// Why the gravest obsolete suite of those kept is so.
    pub weakness: Option<Weakness>,
}

/// `TLS_FALLBACK_SCSV`.
const FALLBACK: u16 = 0x5600;

impl Offer {
    /// Keeps what a report tells. `complete`: nothing of the hello is missing.
    pub fn new(hello: &ClientHello<'_>, carrier: Carrier, complete: bool) -> Self {
        let versions: Vec<u16> = hello.offered_versions().filter(|version| !is_grease(*version)).collect();
        Self {
            version: hello.version,
            versions: Codes::new(versions.iter().copied()),
            suites: Codes::new(codes(hello.suites)),
            groups: Codes::new(codes(hello.groups)),
            key_shares: Codes::new(hello.key_shares.iter().copied()),
            schemes: Codes::new(codes(hello.schemes)),
            extensions: Codes::new(hello.extensions.iter().map(|(code, _)| *code)),
            server_name: hello.server_name.map(|name| text::printable(name, TEXT)),
            alpn: hello.alpn().take(PROTOCOLS).map(|name| text::printable(name, TEXT)).collect(),
            ech: hello.ech,
            esni: hello.esni,
            ticket: hello.ticket,
            pre_shared_key: hello.pre_shared_key,
            early_data: hello.early_data,
            connection_id: hello.connection_id.and_then(|id| u8::try_from(id.len()).ok()),
            session_id: hello.session_id.iter().copied().take(32).collect(),
            fallback: codes(hello.suites).any(|suite| suite == FALLBACK),
            complete,
            fingerprints: (complete && !hello.wrong.length).then(|| (ja3(hello), ja4(hello, carrier))),
            weakness: codes(hello.suites).take(CODES).filter_map(weakness).min(),
        }
    }

    /// Of a hello of SSL 2.0: cipher suites of TLS in it are those that begin with 0.
    pub fn ssl2(hello: &Ssl2Client<'_>) -> Self {
        let suites: Vec<u8> =
            hello.ciphers.chunks_exact(3).filter_map(|cipher| cipher.strip_prefix(&[0])).flatten().copied().collect();
        let read = ClientHello { version: hello.version, suites: &suites, ..ClientHello::default() };
        Self { fingerprints: None, ..Self::new(&read, Carrier::Tcp, true) }
    }

    /// The highest version that is offered.
    pub fn highest(&self) -> Option<u16> {
        // Versions of DTLS count down.
        let rank = |version: &u16| if version >> 8 == 0xfe { u16::MAX.wrapping_sub(*version) } else { *version };
        self.versions.first.iter().copied().max_by_key(rank)
    }

    /// Whether TLS 1.3 is among the versions.
    pub fn offers_13(&self) -> bool {
        self.versions.first.iter().any(|version| is_13(*version))
    }

    /// Whether a group that withstands quantum computers is offered.
    pub fn is_post_quantum(&self) -> bool {
        self.groups.first.iter().any(|group| is_post_quantum(*group))
    }

    /// Whether a version may be chosen: one of those that are listed, or any up to the hello's own.
    pub fn allows(&self, version: u16) -> bool {
        let is_listed =
            self.versions.first.contains(&version) || self.versions.total > self.versions.first.len() as u64;
        let has_list = self.extensions.first.contains(&crate::extension::SUPPORTED_VERSIONS);
        let is_older = if version >> 8 == 0xfe { version >= self.version } else { version <= self.version };
        is_listed || (!has_list && is_older)
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let lists = [&self.versions, &self.suites, &self.groups, &self.key_shares, &self.schemes, &self.extensions];
        let texts = self.alpn.iter().chain(&self.server_name).map(|text| text.capacity().saturating_add(24));
        let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.fold(100_usize, usize::saturating_add);
        sum(&mut lists.into_iter().map(Codes::memory).chain(texts))
    }
}

/// What a server chose.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The version.
    pub version: u16,
    /// Not of SSL 2.0, where the client chooses.
    pub suite: Option<u16>,
    /// Group of the key exchange.
    pub group: Option<u16>,
    /// Bits of the prime of a Diffie-Hellman key exchange without a named group.
    pub dh_bits: Option<u32>,
    /// Signature algorithm of the key exchange.
    pub scheme: Option<u16>,
    /// The protocol of the application (ALPN), made fit for a report.
    pub alpn: Option<String>,
    /// Whether an earlier session goes on (TLS 1.3).
    pub pre_shared_key: bool,
    /// Bytes of the connection id that records to the server have (DTLS, RFC 9146).
    pub connection_id: Option<u8>,
    /// `legacy_session_id_echo`.
    pub session_id: Box<[u8]>,
    /// Compression method.
    pub compression: u8,
    /// The server could do a newer version, and says so.
    pub downgraded: bool,
    /// JA3S, of a hello that is all here.
    pub ja3s: Option<[u8; 16]>,
}

impl Choice {
    /// Keeps what a report tells.
    pub fn new(hello: &ServerHello<'_>, complete: bool) -> Self {
        Self {
            version: hello.version,
            suite: Some(hello.suite),
            group: hello.group,
            dh_bits: None,
            scheme: None,
            alpn: hello.alpn.map(|name| text::printable(name, TEXT)),
            pre_shared_key: hello.pre_shared_key,
            connection_id: hello.connection_id.and_then(|id| u8::try_from(id.len()).ok()),
            session_id: hello.session_id.iter().copied().take(32).collect(),
            compression: hello.compression,
            downgraded: hello.downgraded,
            ja3s: complete.then(|| ja3s(hello)),
        }
    }
}
