//! The tool `analyze_tls`: its arguments, and the way from streams to connections of TLS.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::{Packet, Transport};
use mcpcap_analyzer::stream::{Connection, Endpoint, Event, States};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
};
use serde::Deserialize;

use crate::analysis::{Analysis, Carried};
use crate::counts;
use crate::dtls::{Datagram, Dtls};
use crate::facts::Mark;
use crate::report::Report;
use crate::rows::{TlsCertificate, TlsConnection};
use crate::stream::State;

/// What may be asked of `analyze_tls`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// List what each client offers: suites, groups, signature algorithms.
    #[serde(default)]
    pub offers: bool,
    /// Stop after so many connections.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// One run of `analyze_tls`.
pub struct Tls {
    streams: States<State>,
    datagrams: Dtls,
    analysis: Analysis,
}

impl Tool for Tls {
    const NAME: &'static str = "analyze_tls";
    const TITLE: &'static str = "TLS analysis";
    const DESCRIPTION: &'static str = "Analyses TLS and DTLS on any port, also after STARTTLS: each connection with \
        version, cipher suite, group, SNI, ALPN, resumption, alerts, handshake time, JA3, JA3S, JA4; certificates with \
        names, validity, keys. Findings: expired, self-signed, mismatched, weak, changing certificates, \
        obsolete versions and suites, domain fronting. A key log decrypts.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["connections"];
    const CUT: &'static [&'static str] = counts::LISTS;
    const TABLES: &'static [&'static Table] = &[TlsConnection::TABLE, TlsCertificate::TABLE];
    const WANTS: Wants = Wants::of(&[TransportKind::Udp]).and_streams().and_key_log();
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        Ok(Self { streams: States::default(), datagrams: Dtls::default(), analysis: Analysis::new(&arguments, window) })
    }

    fn packet(&mut self, _: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_none()
            && matches!(packet.transport, Transport::Udp(_))
            && let (Some(ip), Some((source, destination))) = (packet.ip, packet.ports())
        {
            let datagram = Datagram {
                source: Endpoint { address: ip.source, port: source },
                destination: Endpoint { address: ip.destination, port: destination },
                vlan: packet.vlans().next(),
                payload: packet.payload,
                mark: Mark { frame: packet.frame, time: packet.timestamp },
            };
            self.datagrams.push(&datagram, self.analysis.out());
            self.analysis.take();
        }
        Ok(self.analysis.flow())
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { streams, analysis, .. } = self;
        streams.take(connection, event, |state, event| state.take(connection, event, analysis.out()));
        self.analysis.take();
        Ok(self.analysis.flow())
    }

    fn key_log(&mut self, part: &[u8], ends: bool) {
        self.analysis.out().key_log.add(part, ends);
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.datagrams.finish(self.analysis.out());
        self.analysis.take();
        let lists = self.analysis.lists();
        let carried = Carried {
            copies: capture.decoder.copies(lists),
            decoding: capture.decoder.limits(lists),
            reassembly: capture.streams.told(),
        };
        Ok(self.analysis.report(capture, carried))
    }
}
