//! Connections as the report lists them.

use std::net::IpAddr;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use mcpcap_tls_hello::registry::{self, Name, is_post_quantum};
use mcpcap_tls_hello::{Choice, EchReport, Offer, OffersReport};
use serde::Serialize;

use crate::counts::digits;
use crate::errors;
use crate::facts::{Closed, Facts, Migration, Retry};
use crate::fault::Fault;
use crate::limits::{CLIENT_IDS, MIGRATIONS, SERVER_IDS};
use crate::packet::{Id, version};
use crate::parameters::ParameterReport;
use crate::report::Packets;

/// A connection. Texts such as names are from the capture.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ConnectionReport {
    /// Its first frame.
    pub frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// When it began: UTC, RFC 3339. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// Address of the client.
    #[schemars(with = "IpAddr")]
    pub client_ip: Option<IpAddr>,
    /// Its port.
    pub client_port: u16,
    /// Address of the server.
    #[schemars(with = "IpAddr")]
    pub server_ip: Option<IpAddr>,
    /// Its port.
    pub server_port: u16,
    /// Whether only ports told who is the client, since the beginning is not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub client_guessed: bool,
    /// How far it came: `established`, `closed` (by one side in the handshake), `no_answer`, `version_negotiation` (and nothing behind it),
    /// `unfinished`, `one_sided` (the client went on, and no packet of the server is here), `handshake_not_seen`, `not_read` (the server answered, in a
    /// version that is not read).
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub outcome: &'static str,
    /// Version that is used: the server's, or else the client's.
    #[schemars(extend("x-mcpcap-fixed" = true), with = "String")]
    pub version: Name,
    /// Version with which the client began, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub first_version: Option<Name>,
    /// Versions that the client says it could use (RFC 9368).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub offered_versions: Vec<Name>,
    /// Frame in which the server asked for another version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negotiation_frame: Option<u64>,
    /// Versions that it has, up to 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Vec<String>")]
    pub negotiated_versions: Vec<Name>,
    /// How many it has, where that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negotiated_versions_total: Option<u64>,
    /// Server name of the ClientHello (SNI).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// What the offered protocols are for: `http3`, `doq` (DNS), `http09` (of tests), `smb`, `moq` (media).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub application: Option<&'static str>,
    /// Protocols that the client offers (ALPN). The server's choice is encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offered_alpn: Vec<String>,
    /// Cipher suite that the server chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub cipher_suite: Option<Name>,
    /// Group of the key exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub group: Option<Name>,
    /// Whether that group withstands quantum computers.
    #[serde(skip_serializing_if = "is_default")]
    pub post_quantum: bool,
    /// An encrypted ClientHello in it. Clients also send one for the look of it (GREASE), which cannot be told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ech: Option<EchReport>,
    /// By which means it goes on with an earlier session: `psk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub resumed: Option<&'static str>,
    /// Data before the handshake (0-RTT): `offered`, `sent`, or `rejected` by a HelloRetryRequest. Whether the server took it is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub early_data: Option<&'static str>,
    /// With what the server asked the client to prove its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryReport>,
    /// Frame of a HelloRetryRequest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello_retry_frame: Option<u64>,
    /// Group for which it asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub hello_retry_group: Option<Name>,
    /// Frame that completes the last ClientHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_hello_frame: Option<u64>,
    /// Frame that completes the ServerHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_hello_frame: Option<u64>,
    /// Frame from which on both sides had finished the handshake, as their packets show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub established_frame: Option<u64>,
    /// From the client's first packet to the server's first one, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<f64>,
    /// From the client's first packet to where both sides had finished, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_ms: Option<f64>,
    /// From the first packet to the last one, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// With what it was closed in the handshake. Later errors are encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<CloseReport>,
    /// What the first ICMP error about it said: `port_unreachable`, `host_unreachable`, `prohibited`, `fragmentation_needed`, `unreachable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub icmp_error: Option<&'static str>,
    /// Its frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_frame: Option<u64>,
    /// Datagrams of the client.
    pub client_datagrams: u64,
    /// Those of the server.
    pub server_datagrams: u64,
    /// Bytes in them, without the headers of UDP and IP.
    pub client_bytes: u64,
    /// Those of the server.
    pub server_bytes: u64,
    /// The largest datagram of the client.
    pub client_largest_bytes: u64,
    /// That of the server.
    #[serde(skip_serializing_if = "is_default")]
    pub server_largest_bytes: u64,
    /// From the client's first packet to its last one, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ms: Option<f64>,
    /// From the server's first packet to its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ms: Option<f64>,
    /// Packets of the client.
    #[serde(skip_serializing_if = "is_default")]
    pub client_packets: Packets,
    /// Those of the server.
    #[serde(skip_serializing_if = "is_default")]
    pub server_packets: Packets,
    /// Id to which the client sent its first packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub original_id: Option<String>,
    /// Ids by which the client is addressed, in the order in which packets took them up. Behind the handshake those of another length are not seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client_ids: Vec<String>,
    /// How many times one was taken up.
    #[serde(skip_serializing_if = "is_default")]
    pub client_ids_total: u64,
    /// Those by which the server is addressed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server_ids: Vec<String>,
    /// How many times one was taken up.
    #[serde(skip_serializing_if = "is_default")]
    pub server_ids_total: u64,
    /// Where the client went on from another address or port. One that also takes another id cannot be told from a new client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<MigrationReport>,
    /// How many there were.
    #[serde(skip_serializing_if = "is_default")]
    pub migrations_total: u64,
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
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<Fault>,
    /// What the client offers besides, in its order. Only with the argument `offers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers: Option<OffersReport>,
    /// Its transport parameters, up to 64. Only with the argument `offers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_parameters: Option<Vec<ParameterReport>>,
    /// How many there are, where that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_parameters_total: Option<u64>,
}

/// A Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RetryReport {
    /// Its frame.
    pub frame: u64,
    /// Bytes of its token.
    pub token_bytes: u64,
    /// Whether its tag fits, so that somebody made it who had seen the client's first packet. Absent when that packet is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
}

/// CONNECTION_CLOSE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CloseReport {
    /// Its name in IANA's registry, with that of the alert where TLS is the reason.
    #[schemars(extend("x-mcpcap-fixed" = true), with = "String")]
    pub error: Name,
    /// Its number.
    pub code: u64,
    /// Who sent it: `client` or `server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
    /// Kind of the frame that was the reason. Absent when that is not told.
    #[serde(skip_serializing_if = "is_default")]
    pub frame_type: u64,
    /// The sender's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Its frame.
    pub frame: u64,
}

/// A client that goes on from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MigrationReport {
    /// Its first frame from there.
    pub frame: u64,
    /// Address before.
    pub from_ip: IpAddr,
    /// Port before.
    pub from_port: u16,
    /// Address behind.
    pub to_ip: IpAddr,
    /// Port behind.
    pub to_port: u16,
}

/// How many there are, where that is more than are listed.
fn more(total: u64, listed: usize) -> Option<u64> {
    Some(total).filter(|total| *total > listed as u64)
}

/// A side as it is written.
pub fn side(side: Side) -> &'static str {
    if side == Side::Client { "client" } else { "server" }
}

impl From<&Retry> for RetryReport {
    fn from(retry: &Retry) -> Self {
        Self { frame: retry.frame, token_bytes: retry.token_bytes, valid: retry.verified }
    }
}

impl From<&Closed> for CloseReport {
    fn from(closed: &Closed) -> Self {
        Self {
            error: errors::name(closed.code),
            code: closed.code,
            from: side(closed.from),
            frame_type: closed.frame_kind,
            reason: closed.reason.clone(),
            frame: closed.frame,
        }
    }
}

impl From<Migration> for MigrationReport {
    fn from(migration: Migration) -> Self {
        let Migration { frame, from, to } = migration;
        Self { frame, from_ip: from.address, from_port: from.port, to_ip: to.address, to_port: to.port }
    }
}

impl ConnectionReport {
    /// Describes a connection; `offers`: with all that the client offers.
    pub fn new(facts: &Facts, offers: bool) -> Self {
        let (client, server) = (facts.sent(Side::Client), facts.sent(Side::Server));
        let versions = |all: &[u32]| all.iter().map(|code| version::name(*code)).collect();
        let mut report = Self {
            frame: facts.first.frame,
            last_frame: facts.last.frame,
            // Shortened to the capture's precision once the reader's summary tells it.
            time: facts.first.time.map(|time| time::rfc3339(time, 9)),
            client_ip: Some(facts.client.address),
            client_port: facts.client.port,
            server_ip: Some(facts.server.address),
            server_port: facts.server.port,
            client_guessed: facts.client_guessed,
            outcome: facts.outcome(),
            version: version::name(facts.version()),
            first_version: facts.chosen.filter(|chosen| *chosen != facts.version).map(|_| version::name(facts.version)),
            negotiation_frame: facts.negotiation.as_ref().map(|negotiation| negotiation.frame),
            negotiated_versions: facts.negotiation.as_ref().map(|all| versions(&all.versions)).unwrap_or_default(),
            negotiated_versions_total: facts.negotiation.as_ref().and_then(|all| more(all.total, all.versions.len())),
            application: facts.application(),
            resumed: facts.resumed(),
            early_data: facts.early_data(),
            retry: facts.retry.as_ref().map(RetryReport::from),
            hello_retry_frame: facts.hello_retry.map(|(frame, _)| frame),
            hello_retry_group: facts.hello_retry.and_then(|(_, group)| group).map(registry::group),
            client_hello_frame: facts.asked.map(|mark| mark.frame),
            server_hello_frame: facts.answered.map(|mark| mark.frame),
            established_frame: facts.established.map(|mark| mark.frame),
            answer_ms: facts.answer_time().map(time::milliseconds),
            handshake_ms: facts.handshake_time().map(time::milliseconds),
            duration_ms: facts.duration().map(time::milliseconds),
            closed: facts.closed.as_ref().map(CloseReport::from),
            icmp_error: facts.icmp.map(|(says, _)| says),
            icmp_frame: facts.icmp.map(|(_, frame)| frame),
            client_datagrams: client.datagrams,
            server_datagrams: server.datagrams,
            client_bytes: client.bytes,
            server_bytes: server.bytes,
            client_largest_bytes: client.largest,
            server_largest_bytes: server.largest,
            client_ms: client.duration().map(time::milliseconds),
            server_ms: server.duration().map(time::milliseconds),
            client_packets: Packets::new(client),
            server_packets: Packets::new(server),
            original_id: facts.original.map(|id| id.to_string()),
            client_ids_total: facts.ids(Side::Client).all.total(),
            server_ids_total: facts.ids(Side::Server).all.total(),
            migrations_total: facts.migrations.total(),
            malformed: facts.faults.iter().map(|(fault, _)| *fault).collect(),
            ..Self::default()
        };
        if let Some(parameters) = &facts.parameters {
            // The first one is that of the packet itself.
            report.offered_versions = versions(parameters.versions.get(1..).unwrap_or_default());
            report.transport_parameters = offers.then(|| parameters.report());
            report.transport_parameters_total = more(parameters.total, parameters.first.len()).filter(|_| offers);
        }
        if let Some(offer) = &facts.offer {
            report.offered(offer);
            report.offers = offers.then(|| OffersReport::new(offer));
        }
        if let Some(choice) = &facts.choice {
            report.chosen(choice);
        }
        report
    }

    /// The lists of a connection at a place of `connections`.
    pub fn lists(&mut self, facts: Facts, place: usize, lists: &mut Lists) {
        let [of_client, of_server] = facts.ids;
        let mut ids = |list, all| lists.sequence(list, &[place], all).iter().map(Id::to_string).collect();
        (self.client_ids, self.server_ids) = (ids(CLIENT_IDS, of_client.all), ids(SERVER_IDS, of_server.all));
        let migrations = lists.sequence(MIGRATIONS, &[place], facts.migrations);
        self.migrations = migrations.into_iter().map(MigrationReport::from).collect();
    }

    fn offered(&mut self, offer: &Offer) {
        self.server_name = offer.server_name.clone();
        self.offered_alpn = offer.alpn.clone();
        self.ech = offer.ech.map(EchReport::from);
        let fingerprints = offer.fingerprints.as_ref();
        self.ja3 = fingerprints.map(|(ja3, _)| digits(ja3));
        self.ja4 = fingerprints.map(|(_, ja4)| ja4.clone());
    }

    fn chosen(&mut self, choice: &Choice) {
        self.cipher_suite = choice.suite.map(registry::suite);
        self.group = choice.group.map(registry::group);
        self.post_quantum = choice.group.is_some_and(is_post_quantum);
        self.ja3s = choice.ja3s.map(|ja3s| digits(&ja3s));
    }
}
