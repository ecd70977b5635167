//! The tables `tls` and `tls_certificates`.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::{community, text, time};

use crate::certificate::Entry;
use crate::details::{self, ChainReport};
use crate::facts::Facts;
use mcpcap_tls_hello::registry;

mcpcap_analyzer::table! {
    /// A connection of TLS or DTLS.
    pub struct TlsConnection in "tls" {
        /// The frame in which its first record begins.
        frame: u64,
        /// When it began.
        time: Option<Time>,
        /// Number of the TCP connection, from 0.
        connection: Option<u64>,
        /// tcp or udp.
        transport: &'static str,
        /// Address of the client.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Address of the server.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// VLAN of its first datagram, and of TCP of the connection's first packet: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Cow<'static, str>,
        /// established, refused, no_answer, unfinished or handshake_not_seen.
        outcome: &'static str,
        /// Protocol that began TLS within itself.
        starttls: Option<&'static str>,
        /// Server name (SNI).
        server_name: Option<Captured<String>>,
        /// Version that was chosen.
        version: Option<Cow<'static, str>>,
        /// Highest version that was offered.
        offered_version: Option<Cow<'static, str>>,
        /// Cipher suite that was chosen.
        cipher_suite: Option<Cow<'static, str>>,
        /// Why it is obsolete.
        weak_suite: Option<&'static str>,
        /// Group of the key exchange.
        key_group: Option<Cow<'static, str>>,
        /// Whether that group withstands quantum computers.
        post_quantum: bool,
        /// First protocol that the client offers (ALPN).
        offered_alpn: Option<Captured<String>>,
        /// Protocol that was chosen, where that could be read.
        alpn: Option<Captured<String>>,
        /// Whether there is an encrypted ClientHello, or one for the look of it.
        ech: bool,
        /// psk, ticket or session_id.
        resumed: Option<&'static str>,
        /// offered, sent, accepted or rejected.
        early_data: Option<&'static str>,
        /// First alert that could be read and is fatal, else the first one.
        alert: Option<Cow<'static, str>>,
        /// Who sent it: client or server.
        alert_from: Option<&'static str>,
        /// Last alert in the clear.
        last_alert: Option<Cow<'static, str>>,
        /// Zeek's ssl_history: messages in letters up to where both sides had finished; capitals are the client's.
        history: Cow<'static, str>,
        /// From the ClientHello to where both sides had finished.
        #[unit = "ms"]
        handshake_ms: Option<f64>,
        /// Application data of the client.
        #[unit = "bytes"]
        client_bytes: u64,
        /// Application data of the server.
        #[unit = "bytes"]
        server_bytes: u64,
        /// JA3 of the client.
        ja3: Option<Cow<'static, str>>,
        /// JA3S of the server.
        ja3s: Option<Cow<'static, str>>,
        /// JA4 of the client.
        ja4: Option<Cow<'static, str>>,
        /// SHA-256 of the server's certificate.
        certificate_sha256: Option<Cow<'static, str>>,
        /// Its subject.
        certificate_subject: Option<Captured<String>>,
        /// Its issuer.
        certificate_issuer: Option<Captured<String>>,
        /// SHA-256 of each certificate that the server sent, up to 16.
        server_chain: Vec<Cow<'static, str>>,
        /// SHA-256 of each certificate that the client sent, up to 16.
        client_chain: Vec<Cow<'static, str>>,
        /// valid, expired or not_yet_valid.
        certificate_validity: Option<&'static str>,
        /// Whether it is for the server name.
        name_matches: Option<bool>,
        /// Encrypted records that a key log decrypted.
        decrypted_records: Option<u64>,
        /// Whether something is wrong with it.
        is_malformed: bool,
    }
}

mcpcap_analyzer::table! {
    /// A certificate that could be read; one that came again when 2,048 others had come has another row.
    pub struct TlsCertificate in "tls_certificates" {
        /// Frame that completes the first message with it.
        frame: u64,
        /// When it was sent first.
        time: Option<Time>,
        /// SHA-256 of it.
        sha256: Cow<'static, str>,
        /// SHA-1 of it.
        sha1: Cow<'static, str>,
        /// Its subject.
        subject: Option<Captured<String>>,
        /// Its issuer.
        issuer: Option<Captured<String>>,
        /// Serial number, hexadecimal.
        serial: Option<Cow<'static, str>>,
        /// Version of X.509.
        version: Option<u32>,
        /// Its subject as RFC 4514 writes it.
        subject_rfc4514: Option<Captured<String>>,
        /// Its issuer as RFC 4514 writes it.
        issuer_rfc4514: Option<Captured<String>>,
        /// Hosts and addresses that it is for.
        names: Option<Captured<Vec<String>>>,
        /// URIs that it is for.
        uris: Option<Captured<Vec<String>>>,
        /// Mail addresses that it is for.
        emails: Option<Captured<Vec<String>>>,
        /// From when it is valid.
        not_before: Option<Cow<'static, str>>,
        /// Until when.
        not_after: Option<Cow<'static, str>>,
        /// valid, expired or not_yet_valid.
        validity: Option<&'static str>,
        /// Algorithm of its key.
        key_algorithm: Option<Cow<'static, str>>,
        /// Size of its key.
        #[unit = "bits"]
        key_bits: Option<u32>,
        /// Curve of its key.
        key_curve: Option<Cow<'static, str>>,
        /// Public exponent of its key.
        key_exponent: Option<u64>,
        /// Algorithm of its signature.
        signature_algorithm: Option<Cow<'static, str>>,
        /// Whether issuer and subject are the same.
        self_signed: bool,
        /// Whether it may issue others.
        is_ca: bool,
        /// Whether it has constraints, which say whether it may issue others.
        has_constraints: bool,
        /// How many others may stand between it and the last one of a chain.
        path_length: Option<u32>,
        /// Connections in which a server sent it as its own.
        server_connections: u64,
        /// Connections in which a client sent it as its own.
        client_connections: u64,
    }
}

/// Whether rows are asked for in place of a report.
pub fn are_wanted() -> bool {
    table::is_wanted::<TlsConnection>() || table::is_wanted::<TlsCertificate>()
}

fn digits(bytes: &[u8]) -> Cow<'static, str> {
    text::hexadecimal(bytes, "", bytes.len()).into()
}

fn community_id(facts: &Facts) -> Cow<'static, str> {
    let protocol = if facts.connection.is_some() { community::TCP } else { community::UDP };
    let end = |end: Endpoint| SocketAddr::new(end.address, end.port);
    community::of_ends(protocol, end(facts.client), end(facts.server)).into()
}

/// Gives the row of a connection.
pub fn add(facts: &Facts) {
    table::add(|| {
        let (offer, choice) = (facts.offer.as_deref(), facts.choice.as_deref());
        let chain = ChainReport::new(facts, Side::Server);
        let alert = facts.alerts.first().iter().find(|alert| alert.fatal).or(facts.alerts.first().first());
        let digests = |side: Side| facts.side(side).certificates.iter().map(|one| digits(&one.sha256)).collect();
        let fingerprints = offer.and_then(|offer| offer.fingerprints.as_ref());
        TlsConnection {
            frame: facts.first.frame,
            time: facts.first.time.map(Time),
            connection: facts.connection,
            transport: details::transport(facts),
            client: facts.client.address,
            client_port: facts.client.port,
            server: facts.server.address,
            server_port: facts.server.port,
            vlan: facts.vlan,
            community_id: community_id(facts),
            outcome: facts.outcome(),
            starttls: facts.starttls,
            server_name: offer.and_then(|offer| offer.server_name.clone()).map(Captured),
            version: choice.map(|choice| registry::version(choice.version)),
            offered_version: offer.and_then(|offer| offer.highest()).map(registry::version),
            cipher_suite: choice.and_then(|choice| choice.suite).map(registry::suite),
            weak_suite: choice.and_then(|choice| registry::weakness(choice.suite?)).map(|weakness| weakness.name()),
            key_group: choice.and_then(|choice| choice.group).map(registry::group),
            post_quantum: choice.and_then(|choice| choice.group).is_some_and(registry::is_post_quantum),
            offered_alpn: offer.and_then(|offer| offer.alpn.first().cloned()).map(Captured),
            alpn: choice.and_then(|choice| choice.alpn.clone()).map(Captured),
            ech: offer.is_some_and(|offer| offer.ech.is_some()),
            resumed: facts.resumed(),
            early_data: details::early_data(facts),
            alert: alert.map(|alert| registry::alert(alert.description)),
            alert_from: alert.map(|alert| details::side(alert.from)),
            last_alert: facts.last_alert.map(registry::alert),
            history: facts.history.clone().into(),
            handshake_ms: facts.handshake_time().map(time::milliseconds),
            client_bytes: facts.side(Side::Client).bytes,
            server_bytes: facts.side(Side::Server).bytes,
            ja3: fingerprints.map(|(ja3, _)| digits(ja3)),
            ja3s: choice.and_then(|choice| choice.ja3s).map(|ja3s| digits(&ja3s)),
            ja4: fingerprints.map(|(_, ja4)| ja4.clone().into()),
            certificate_sha256: chain.as_ref().and_then(|chain| chain.sha256.first().cloned()).map(Cow::Owned),
            certificate_subject: chain.as_ref().and_then(|chain| chain.subject.clone()).map(Captured),
            certificate_issuer: chain.as_ref().and_then(|chain| chain.issuer.clone()).map(Captured),
            server_chain: digests(Side::Server),
            client_chain: digests(Side::Client),
            certificate_validity: chain.as_ref().and_then(|chain| chain.validity),
            name_matches: chain.as_ref().and_then(|chain| chain.name_matches),
            decrypted_records: facts.decryption.map(|told| told.decrypted),
            is_malformed: !facts.faults.is_empty(),
        }
    });
}

/// Gives the rows of certificates.
pub fn add_certificates(entries: &[&Entry]) {
    for entry in entries {
        table::add(|| {
            let (certificate, content) = (&entry.certificate, entry.certificate.content.as_ref());
            TlsCertificate {
                frame: entry.first.frame,
                time: entry.first.time.map(Time),
                sha256: digits(&certificate.sha256),
                sha1: digits(&certificate.sha1),
                subject: content.map(|content| Captured(content.subject.clone())),
                issuer: content.map(|content| Captured(content.issuer.clone())),
                serial: content.map(|content| content.serial.clone().into()),
                version: content.map(|content| content.version),
                subject_rfc4514: content.map(|content| Captured(content.subject_rfc4514.to_string())),
                issuer_rfc4514: content.map(|content| Captured(content.issuer_rfc4514.to_string())),
                uris: content.map(|content| Captured(content.uris().map(str::to_owned).collect())),
                emails: content.map(|content| Captured(content.emails().map(str::to_owned).collect())),
                names: content.map(|content| Captured(content.names().map(str::to_owned).collect())),
                not_before: content.map(|content| content.not_before.1.clone().into()),
                not_after: content.map(|content| content.not_after.1.clone().into()),
                validity: content.and_then(|content| Some(content.validity(entry.first.time?).name())),
                key_algorithm: content.map(|content| content.key.algorithm.clone()),
                key_bits: content.and_then(|content| content.key.bits),
                key_curve: content.and_then(|content| content.key.curve.clone()),
                key_exponent: content.and_then(|content| content.key.exponent),
                signature_algorithm: content.map(|content| content.signature.algorithm.clone()),
                self_signed: content.is_some_and(|content| content.self_signed),
                is_ca: content.is_some_and(|content| content.is_ca),
                has_constraints: content.is_some_and(|content| content.has_constraints),
                path_length: content.and_then(|content| content.path_length),
                server_connections: entry.as_server,
                client_connections: entry.as_client,
            }
        });
    }
}
