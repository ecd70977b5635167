//! The tool `analyze_quic`: its arguments, and the way from packets to connections.

use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::{Packet, Transport, quoted};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
};
use serde::Deserialize;

use crate::analysis::{Analysis, Carried};
use crate::connection::Datagram;
use crate::counts;
use crate::facts::Mark;
use crate::report::Report;
use crate::rows::QuicConnection;

/// What may be asked of `analyze_quic`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// List what each client offers: suites, groups, transport parameters.
    #[serde(default)]
    pub offers: bool,
    /// Stop after so many QUIC datagrams.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// One run of `analyze_quic`.
pub struct Quic {
    analysis: Analysis,
}

/// UDP in an IP header.
const UDP: u8 = 17;

impl Tool for Quic {
    const NAME: &'static str = "analyze_quic";
    const TITLE: &'static str = "QUIC analysis";
    const DESCRIPTION: &'static str = "Analyses QUIC (HTTP/3, DNS over QUIC) on any port, with Initial packets decrypted: \
        each connection with version, negotiation, Retry, server name (SNI), ALPN, JA4, connection ids, migration, 0-RTT, \
        errors, times. Findings: blocked QUIC, floods, scans, obsolete versions, failing handshakes.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["connections"];
    const CUT: &'static [&'static str] = counts::LISTS;
    const TABLES: &'static [&'static Table] = &[QuicConnection::TABLE];
    const WANTS: Wants =
        Wants::of(&[TransportKind::Udp, TransportKind::Tcp, TransportKind::Icmp, TransportKind::Icmpv6]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        Ok(Self { analysis: Analysis::new(&arguments, window) })
    }

    fn packet(&mut self, _: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        let Some(ip) = packet.ip.filter(|_| packet.copy_of.is_none()) else { return Ok(self.analysis.flow()) };
        let mark = Mark { frame: packet.frame, time: packet.timestamp };
        let end = |address: IpAddr, port: u16| Endpoint { address, port };
        match &packet.transport {
            Transport::Udp(udp) => self.analysis.datagram(&Datagram {
                source: end(ip.source, udp.source),
                destination: end(ip.destination, udp.destination),
                vlan: packet.vlans().next(),
                payload: packet.payload,
                length: packet.payload_length,
                mark,
            }),
            // Whether a client goes on with TCP.
            Transport::Tcp(tcp) if tcp.flags.syn() => {
                let (source, destination) = (end(ip.source, tcp.source), end(ip.destination, tcp.destination));
                self.analysis.syn(source, destination, tcp.flags.ack(), mark);
            }
            Transport::Icmp(icmp) if icmp.kind == 3 => self.error(packet, says(icmp.code, false)),
            Transport::Icmpv6(icmp) if icmp.kind == 1 => self.error(packet, says(icmp.code, true)),
            _ => {}
        }
        Ok(self.analysis.flow())
    }

    fn finish(self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        let mut analysis = self.analysis;
        let lists = analysis.lists();
        let carried = Carried { copies: capture.decoder.copies(lists), decoding: capture.decoder.limits(lists) };
        Ok(analysis.report(capture, carried))
    }
}

impl Quic {
    /// Takes an ICMP error about a datagram.
    fn error(&mut self, packet: &Packet<'_>, says: &'static str) {
        if let Some(quoted) = quoted(packet).filter(|quoted| quoted.protocol == UDP)
            && let Some((source, destination)) = quoted.ports
        {
            let from = Endpoint { address: quoted.source, port: source };
            let to = Endpoint { address: quoted.destination, port: destination };
            self.analysis.told(from, to, says, packet.frame);
        }
    }
}

/// What a code of "destination unreachable" says (RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.1).
fn says(code: u8, is_v6: bool) -> &'static str {
    match (is_v6, code) {
        (false, 3) | (true, 4) => "port_unreachable",
        (false, 9 | 10 | 13) | (true, 1 | 5 | 6) => "prohibited",
        (false, 4) => "fragmentation_needed",
        (false, 1 | 7) | (true, 3) => "host_unreachable",
        _ => "unreachable",
    }
}
