//! What is kept of hellos.

use mcpcap_analyzer::text;

use crate::hello::fingerprint::{Carrier, ja3, ja3s, ja4};
use crate::hello::{ClientHello, Ech, ServerHello, Ssl2Client};
use crate::limits;
use crate::registry::{Weakness, is_13, is_grease, is_post_quantum, weakness};
use crate::wire::codes;

/// Numbers of a list, of which the first are kept.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    pub first: Box<[u16]>,
    pub total: u64,
}

impl Codes {
    fn new(all: impl Iterator<Item = u16> + Clone) -> Self {
        Self { first: all.clone().take(limits::CODES).collect(), total: all.count() as u64 }
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
    pub suites: Codes,
    pub groups: Codes,
    pub key_shares: Codes,
    pub schemes: Codes,
    pub extensions: Codes,
    pub server_name: Option<String>,
    pub alpn: Vec<String>,
    pub ech: Option<Ech>,
    pub esni: bool,
    pub ticket: bool,
    pub pre_shared_key: bool,
    pub early_data: bool,
    pub session_id: Box<[u8]>,
    /// Whether it tries again with an older version (RFC 7507).
    pub fallback: bool,
    /// Whether all of the hello is here.
    pub complete: bool,
    /// Of a hello that is all here, and whose lengths fit.
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
            server_name: hello.server_name.map(|name| text::printable(name, limits::TEXT)),
            alpn: hello.alpn().take(limits::PROTOCOLS).map(|name| text::printable(name, limits::TEXT)).collect(),
            ech: hello.ech,
            esni: hello.esni,
            ticket: hello.ticket,
            pre_shared_key: hello.pre_shared_key,
            early_data: hello.early_data,
            session_id: hello.session_id.iter().copied().take(32).collect(),
            fallback: codes(hello.suites).any(|suite| suite == FALLBACK),
            complete,
            fingerprints: (complete && !hello.wrong.length).then(|| (ja3(hello), ja4(hello, carrier))),
            weakness: codes(hello.suites).take(limits::CODES).filter_map(weakness).min(),
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
        let has_list = self.extensions.first.contains(&crate::hello::extension::SUPPORTED_VERSIONS);
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
    pub version: u16,
    /// Not of SSL 2.0, where the client chooses.
    pub suite: Option<u16>,
    /// Group of the key exchange.
    pub group: Option<u16>,
    /// Bits of the prime of a Diffie-Hellman key exchange without a named group.
    pub dh_bits: Option<u32>,
    /// Signature algorithm of the key exchange.
    pub scheme: Option<u16>,
    pub alpn: Option<String>,
    pub pre_shared_key: bool,
    pub session_id: Box<[u8]>,
    pub compression: u8,
    /// The server could do a newer version, and says so.
    pub downgraded: bool,
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
            alpn: hello.alpn.map(|name| text::printable(name, limits::TEXT)),
            pre_shared_key: hello.pre_shared_key,
            session_id: hello.session_id.iter().copied().take(32).collect(),
            compression: hello.compression,
            downgraded: hello.downgraded,
            ja3s: complete.then(|| ja3s(hello)),
        }
    }
}
