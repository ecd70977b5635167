//! The table `quic`.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::{community, time};
use mcpcap_tls_hello::registry::{self, is_post_quantum};

use crate::counts::digits;
use crate::details;
use crate::errors;
use crate::facts::Facts;
use crate::packet::{Kind, version};

mcpcap_analyzer::table! {
    /// A connection of QUIC.
    pub struct QuicConnection in "quic" {
        /// Its first frame.
        frame: u64,
        /// When it began.
        time: Option<Time>,
        /// Address of the client.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Address of the server.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// VLAN of its first packet: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Cow<'static, str>,
        /// established, closed, no_answer, version_negotiation, unfinished, one_sided, handshake_not_seen or not_read.
        outcome: &'static str,
        /// Version that is used.
        version: Cow<'static, str>,
        /// Server name (SNI).
        server_name: Option<Captured<String>>,
        /// http3, doq, http09, smb or moq.
        application: Option<&'static str>,
        /// First protocol that the client offers (ALPN).
        offered_alpn: Option<Captured<String>>,
        /// Cipher suite that was chosen.
        cipher_suite: Option<Cow<'static, str>>,
        /// Group of the key exchange.
        key_group: Option<Cow<'static, str>>,
        /// Whether that group withstands quantum computers.
        post_quantum: bool,
        /// Whether there is an encrypted ClientHello, or one for the look of it.
        ech: bool,
        /// psk.
        resumed: Option<&'static str>,
        /// offered, sent or rejected.
        early_data: Option<&'static str>,
        /// The id to which the client sent its first packet, hexadecimal.
        client_initial_dcid: Option<Cow<'static, str>>,
        /// The id that the client gave itself at first.
        client_scid: Option<Cow<'static, str>>,
        /// The id that the server gave itself at first.
        server_scid: Option<Cow<'static, str>>,
        /// Zeek's history of QUIC: packets in letters; capitals are the client's.
        history: Cow<'static, str>,
        /// Whether the server asked for another version.
        is_negotiated: bool,
        /// Whether the server asked the client to prove its address.
        is_retried: bool,
        /// Error with which it was closed in the handshake.
        error: Option<Cow<'static, str>>,
        /// Who closed it: client or server.
        error_from: Option<&'static str>,
        /// What an ICMP error said.
        icmp_error: Option<&'static str>,
        /// Addresses from which the client went on.
        migrations: u64,
        /// From the client's first packet to the server's.
        #[unit = "ms"]
        answer_ms: Option<f64>,
        /// From the client's first packet to where both sides had finished.
        #[unit = "ms"]
        handshake_ms: Option<f64>,
        /// From the first packet to the last.
        #[unit = "ms"]
        duration_ms: Option<f64>,
        /// Datagrams of the client.
        client_datagrams: u64,
        /// Datagrams of the server.
        server_datagrams: u64,
        /// Datagrams of the client.
        #[unit = "bytes"]
        client_bytes: u64,
        /// Datagrams of the server.
        #[unit = "bytes"]
        server_bytes: u64,
        /// Packets of the client with data before the handshake.
        zero_rtt_packets: u64,
        /// JA3 of the client.
        ja3: Option<Cow<'static, str>>,
        /// JA3S of the server.
        ja3s: Option<Cow<'static, str>>,
        /// JA4 of the client.
        ja4: Option<Cow<'static, str>>,
        /// Whether something is wrong with it.
        is_malformed: bool,
    }
}

/// Whether rows are asked for in place of a report.
pub fn are_wanted() -> bool {
    table::is_wanted::<QuicConnection>()
}

/// Gives the row of a connection.
pub fn add(facts: &Facts) {
    table::add(|| {
        let (offer, choice) = (facts.offer.as_deref(), facts.choice.as_deref());
        let end = |end: Endpoint| SocketAddr::new(end.address, end.port);
        let (client, server) = (facts.sent(Side::Client), facts.sent(Side::Server));
        let fingerprints = offer.and_then(|offer| offer.fingerprints.as_ref());
        let group = choice.and_then(|choice| choice.group);
        QuicConnection {
            frame: facts.first.frame,
            time: facts.first.time.map(Time),
            client: facts.client.address,
            client_port: facts.client.port,
            server: facts.server.address,
            server_port: facts.server.port,
            vlan: facts.vlan,
            community_id: community::of_ends(community::UDP, end(facts.client), end(facts.server)).into(),
            outcome: facts.outcome(),
            version: version::name(facts.version()),
            server_name: offer.and_then(|offer| offer.server_name.clone()).map(Captured),
            application: facts.application(),
            offered_alpn: offer.and_then(|offer| offer.alpn.first().cloned()).map(Captured),
            cipher_suite: choice.and_then(|choice| choice.suite).map(registry::suite),
            key_group: group.map(registry::group),
            post_quantum: group.is_some_and(is_post_quantum),
            ech: offer.is_some_and(|offer| offer.ech.is_some()),
            resumed: facts.resumed(),
            early_data: facts.early_data(),
            client_initial_dcid: facts.original.map(|id| id.to_string().into()),
            client_scid: facts.ids(Side::Client).own.map(|id| id.to_string().into()),
            server_scid: facts.ids(Side::Server).own.map(|id| id.to_string().into()),
            history: facts.history.clone().into(),
            is_negotiated: facts.negotiation.is_some(),
            is_retried: facts.retry.is_some(),
            error: facts.closed.as_ref().map(|closed| errors::name(closed.code)),
            error_from: facts.closed.as_ref().map(|closed| details::side(closed.from)),
            icmp_error: facts.icmp.map(|(says, _)| says),
            migrations: facts.migrations.total(),
            answer_ms: facts.answer_time().map(time::milliseconds),
            handshake_ms: facts.handshake_time().map(time::milliseconds),
            duration_ms: facts.duration().map(time::milliseconds),
            client_datagrams: client.datagrams,
            server_datagrams: server.datagrams,
            client_bytes: client.bytes,
            server_bytes: server.bytes,
            zero_rtt_packets: facts.packets(Side::Client, Kind::ZeroRtt),
            ja3: fingerprints.map(|(ja3, _)| digits(ja3).into()),
            ja3s: choice.and_then(|choice| choice.ja3s).map(|ja3s| digits(&ja3s).into()),
            ja4: fingerprints.map(|(_, ja4)| ja4.clone().into()),
            is_malformed: !facts.faults.is_empty(),
        }
    });
}
