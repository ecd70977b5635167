//! Connections as the report lists them.

use std::net::IpAddr;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::certificate::Content;
use crate::facts::{ALERTS, Alert, Facts, Mark};
use crate::fault::Fault;
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::registry::{self, Name, is_post_quantum};
use mcpcap_tls_hello::{Choice, EchReport, Offer, OffersReport, names};
use mcpcap_tls_records::Why;

/// A connection. Texts such as names are from the capture.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ConnectionReport {
    /// The frame in which its first record begins.
    pub frame: u64,
    /// The last frame with a record of it.
    pub last_frame: u64,
    /// When it began: UTC, RFC 3339. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// Number of the TCP connection among those with the packets that were read, from 0. Absent for DTLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// What carries it: `tcp` or `udp`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub transport: &'static str,
    /// Address of the client of TLS.
    #[schemars(with = "IpAddr")]
    pub client_ip: Option<IpAddr>,
    /// Its port.
    pub client_port: u16,
    /// Address of the server of TLS.
    #[schemars(with = "IpAddr")]
    pub server_ip: Option<IpAddr>,
    /// Its port.
    pub server_port: u16,
    /// How far it came: `established`, `refused` (by a fatal alert), `no_answer` (to the ClientHello), `unfinished`, `handshake_not_seen`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub outcome: &'static str,
    /// How the capture leaves it: `closed`, `reset`, `open`, `reused` (its ports), `no_room` (no more is told of it).
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub end: &'static str,
    /// What was spoken before: `smtp`, `imap`, `pop3`, `ftp`, `ldap`, `postgresql`, `xmpp`, `starttls` (another with this command), `http_connect`,
    /// `socks4`, `socks5`, `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub starttls: Option<&'static str>,
    /// Server name of the ClientHello (SNI).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Version that the server chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub version: Option<Name>,
    /// Versions that the client offers, without GREASE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub offered_versions: Vec<Name>,
    /// Cipher suite that the server chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub cipher_suite: Option<Name>,
    /// Why it is obsolete: `null`, `anonymous`, `export`, `rc4`, `des`, `triple_des`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub weak_suite: Option<&'static str>,
    /// Group of the key exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub group: Option<Name>,
    /// Whether that group withstands quantum computers.
    #[serde(skip_serializing_if = "is_default")]
    pub post_quantum: bool,
    /// Bits of the prime of a Diffie-Hellman key exchange without a named group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dh_bits: Option<u32>,
    /// Algorithm by which the server signed its key exchange, where that is in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub signature_algorithm: Option<Name>,
    /// Protocols that the client offers (ALPN).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offered_alpn: Vec<String>,
    /// Protocol that the server chose, where that could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// An encrypted ClientHello in it. Clients also send one for the look of it (GREASE), which cannot be told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ech: Option<EchReport>,
    /// Whether it has an encrypted server name, a forerunner of ECH.
    #[serde(skip_serializing_if = "is_default")]
    pub esni: bool,
    /// By which means it goes on with an earlier session: `psk` (TLS 1.3), `ticket`, `session_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub resumed: Option<&'static str>,
    /// Data before the handshake (0-RTT): `offered`, `sent`, or `rejected` by a HelloRetryRequest. Whether the server took it is encrypted; with a key log,
    /// `accepted` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub early_data: Option<&'static str>,
    /// Frame of a HelloRetryRequest, or of a HelloVerifyRequest of DTLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_frame: Option<u64>,
    /// Group for which it asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub retry_group: Option<Name>,
    /// Whether the client tries again with an older version (TLS_FALLBACK_SCSV).
    #[serde(skip_serializing_if = "is_default")]
    pub fallback: bool,
    /// Whether the server says that it could do a newer version than it chose (RFC 8446 §4.1.3).
    #[serde(skip_serializing_if = "is_default")]
    pub downgraded: bool,
    /// Frame that completes the last ClientHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_hello_frame: Option<u64>,
    /// Frame that completes the ServerHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_hello_frame: Option<u64>,
    /// Frame with the first encrypted record of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_encrypted_from: Option<u64>,
    /// Frame with the first encrypted record of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_encrypted_from: Option<u64>,
    /// From the end of the last ClientHello to the ServerHello, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<f64>,
    /// From the beginning of the ClientHello to where both sides had finished, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_ms: Option<f64>,
    /// Bytes of application data of the client, as they were sent.
    pub client_bytes: u64,
    /// Those of the server.
    pub server_bytes: u64,
    /// JA3 of the ClientHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ja3: Option<String>,
    /// JA4 of the ClientHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ja4: Option<String>,
    /// JA3S of the ServerHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ja3s: Option<String>,
    /// Certificates of the server, where they could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ChainReport>,
    /// Those of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ChainReport>,
    /// Alerts that could be read. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertReport>,
    /// How many there are.
    #[serde(skip_serializing_if = "is_default")]
    pub alerts_total: u64,
    /// Alerts of the client that are encrypted, and could not be read.
    #[serde(skip_serializing_if = "is_default")]
    pub encrypted_client_alerts: u64,
    /// Alerts of the server that are encrypted, and could not be read.
    #[serde(skip_serializing_if = "is_default")]
    pub encrypted_server_alerts: u64,
    /// Encrypted records that the key log decrypted.
    #[serde(skip_serializing_if = "is_default")]
    pub decrypted_records: u64,
    /// Encrypted records that it did not.
    #[serde(skip_serializing_if = "is_default")]
    pub not_decrypted_records: u64,
    /// Why not, of the first of these: `no_secret` (in the key log), `handshake_not_seen`, `unsupported_version`, `unsupported_suite`, `missing_bytes`,
    /// `authentication_failed`, `no_room`. Absent without a key log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub not_decrypted: Option<&'static str>,
    /// Whether the capture misses bytes of it.
    #[serde(skip_serializing_if = "is_default")]
    pub has_gaps: bool,
    /// Whether its ClientHello has the form of SSL 2.0.
    #[serde(skip_serializing_if = "is_default")]
    pub ssl2_hello: bool,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<Fault>,
    /// What the client offers besides, in its order. Only with the argument `offers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers: Option<OffersReport>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlertReport {
    /// Its name in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true), with = "String")]
    pub name: Name,
    /// Who sent it: `client` or `server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
    /// Whether it ends the connection.
    pub fatal: bool,
    /// Its frame.
    pub frame: u64,
}

/// The certificates of one side. `certificates` tells more of each.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChainReport {
    /// Frame that completes the message with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// Subject of the first one, which is that of the side itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Whether it was `valid`, `expired` or `not_yet_valid` when it was sent. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub validity: Option<&'static str>,
    /// Whether issuer and subject of it are the same. The signature is not checked.
    #[serde(skip_serializing_if = "is_default")]
    pub self_signed: bool,
    /// Whether it is for the server name of the ClientHello. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_matches: Option<bool>,
    /// Whether each certificate is issued by the next one, by their names. Absent with a single one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_order: Option<bool>,
    /// SHA-256 of each certificate that was read, up to 16.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha256: Vec<String>,
    /// Certificates that were sent.
    pub total: u64,
}

/// A side as it is written.
pub fn side(side: Side) -> &'static str {
    if side == Side::Client { "client" } else { "server" }
}

/// What carries a connection, likewise.
pub fn transport(facts: &Facts) -> &'static str {
    if facts.carrier == Carrier::Tcp { "tcp" } else { "udp" }
}

/// How 0-RTT went.
pub fn early_data(facts: &Facts) -> Option<&'static str> {
    let offers = facts.offer.as_ref().is_some_and(|offer| offer.early_data);
    match () {
        () if (offers || facts.early_data) && facts.retry.is_some() => Some("rejected"),
        () if offers && facts.early_data_taken.is_some() => {
            facts.early_data_taken.map(|taken| if taken { "accepted" } else { "rejected" })
        }
        () if facts.early_data => Some("sent"),
        () => offers.then_some("offered"),
    }
}

impl AlertReport {
    fn new(alert: &Alert) -> Self {
        let Alert { from, fatal, description, frame } = *alert;
        Self { name: registry::alert(description), from: side(from), fatal, frame }
    }
}

impl ChainReport {
    /// Of one side of a connection, when it sent certificates that could be read.
    pub fn new(facts: &Facts, of: Side) -> Option<Self> {
        let side = facts.side(of);
        if side.certificates_total == 0 {
            return None;
        }
        let contents: Vec<Option<&Content>> = side.certificates.iter().map(|one| one.content.as_ref()).collect();
        let own = contents.first().copied().flatten();
        let host = facts.offer.as_ref().and_then(|offer| offer.server_name.as_deref()).filter(|_| of == Side::Server);
        let mut pairs = contents.windows(2).map(|pair| match pair {
            [Some(one), Some(issuer)] => one.is_issued_by(issuer),
            _ => false,
        });
        let in_order = (contents.len() > 1).then(|| pairs.all(|is_so| is_so));
        Some(Self {
            frame: side.certificate_frame,
            subject: own.map(|own| own.subject.clone()),
            issuer: own.map(|own| own.issuer.clone()),
            validity: own.and_then(|own| Some(own.validity(side.certificate_time?).name())),
            self_signed: own.is_some_and(|own| own.self_signed),
            name_matches: own.and_then(|own| own.is_for(host?)),
            in_order,
            sha256: side.certificates.iter().map(|one| hexadecimal(&one.sha256, "", 32)).collect(),
            total: side.certificates_total,
        })
    }
}

impl ConnectionReport {
    /// Describes a connection at a place of the list; `offers`: with all that the client offers.
    pub fn new(facts: &Facts, offers: bool, place: usize, lists: &mut Lists) -> Self {
        let mut report = Self {
            frame: facts.first.frame,
            last_frame: facts.last.frame,
            // Shortened to the capture's precision once the reader's summary tells it.
            time: written(facts.first),
            connection: facts.connection,
            transport: transport(facts),
            client_ip: Some(facts.client.address),
            client_port: facts.client.port,
            server_ip: Some(facts.server.address),
            server_port: facts.server.port,
            outcome: facts.outcome(),
            end: facts.end,
            starttls: facts.starttls,
            resumed: facts.resumed(),
            early_data: early_data(facts),
            retry_frame: facts.retry.map(|(frame, _)| frame).or(facts.verified),
            retry_group: facts.retry.and_then(|(_, group)| group).map(registry::group),
            client_hello_frame: facts.asked.map(|(_, last)| last.frame),
            server_hello_frame: facts.answered.map(|mark| mark.frame),
            client_encrypted_from: facts.side(Side::Client).encrypted_from,
            server_encrypted_from: facts.side(Side::Server).encrypted_from,
            answer_ms: facts.answer_time().map(time::milliseconds),
            handshake_ms: facts.handshake_time().map(time::milliseconds),
            client_bytes: facts.side(Side::Client).bytes,
            server_bytes: facts.side(Side::Server).bytes,
            certificate: ChainReport::new(facts, Side::Server),
            client_certificate: ChainReport::new(facts, Side::Client),
            alerts: lists.sequence(ALERTS, &[place], facts.alerts.clone()).iter().map(AlertReport::new).collect(),
            alerts_total: facts.alerts.total(),
            encrypted_client_alerts: facts.side(Side::Client).encrypted_alerts,
            encrypted_server_alerts: facts.side(Side::Server).encrypted_alerts,
            decrypted_records: facts.decryption.map_or(0, |told| told.decrypted),
            not_decrypted_records: facts.decryption.map_or(0, |told| told.not_decrypted),
            not_decrypted: facts.decryption.and_then(|told| told.why).map(Why::name),
            has_gaps: facts.gaps,
            ssl2_hello: facts.ssl2_hello,
            malformed: facts.faults.iter().map(|(fault, _)| *fault).collect(),
            ..Self::default()
        };
        if let Some(offer) = &facts.offer {
            report.offered(offer);
            report.offers = offers.then(|| OffersReport::new(offer));
        }
        if let Some(choice) = &facts.choice {
            report.chosen(choice);
        }
        report
    }

    fn offered(&mut self, offer: &Offer) {
        self.server_name = offer.server_name.clone();
        self.offered_versions = names(&offer.versions, registry::version);
        self.offered_alpn = offer.alpn.clone();
        self.ech = offer.ech.map(EchReport::from);
        (self.esni, self.fallback) = (offer.esni, offer.fallback);
        let fingerprints = offer.fingerprints.as_ref();
        self.ja3 = fingerprints.map(|(ja3, _)| hexadecimal(ja3, "", 16));
        self.ja4 = fingerprints.map(|(_, ja4)| ja4.clone());
    }

    fn chosen(&mut self, choice: &Choice) {
        self.version = Some(registry::version(choice.version));
        self.cipher_suite = choice.suite.map(registry::suite);
        self.weak_suite = choice.suite.and_then(registry::weakness).map(|weakness| weakness.name());
        self.group = choice.group.map(registry::group);
        self.post_quantum = choice.group.is_some_and(is_post_quantum);
        self.dh_bits = choice.dh_bits;
        self.signature_algorithm = choice.scheme.map(registry::scheme);
        self.alpn = choice.alpn.clone();
        self.downgraded = choice.downgraded;
        self.ja3s = choice.ja3s.map(|ja3s| hexadecimal(&ja3s, "", 16));
    }
}

/// When something was, as RFC 3339 has it.
pub fn written(mark: Mark) -> Option<String> {
    mark.time.map(|time| time::rfc3339(time, 9))
}
