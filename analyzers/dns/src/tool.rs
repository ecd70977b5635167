//! The tool: its arguments, and the way from frames to messages.

use std::net::SocketAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::{self, Decoder, Packet};
use mcpcap_analyzer::stream::{self, Streams};
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window};
use serde::Deserialize;

use crate::analysis::Analysis;
use crate::candidates::{Candidates, Verdict};
use crate::limits;
use crate::message::fault::Malformed;
use crate::report::{Evicted, Limits, Report};
use crate::seen::{Seen, Service, Transport};
use crate::tcp::{Framing, Totals, Yield};

/// The NetBIOS name service: another protocol, whose messages look much the same (RFC 1002 §4.2).
const NETBIOS_NAMES: u16 = 137;

/// What may be asked of `analyze_dns_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Analyse only the first so many DNS messages, and read no further. Totals and findings then cover only these.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages with a question or record whose name fits, for example `*.example.com`. `*` stands for any characters,
    /// case does not matter. Statistics and findings cover all messages in any case.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    pub name: Option<String>,
    /// Count packets that were captured more than once each time. Default: once.
    #[serde(default)]
    pub count_copies: bool,
}

/// One run of `analyze_dns_packets`.
pub struct DnsPackets {
    decoder: Decoder,
    streams: Streams<Framing>,
    framing: Totals,
    candidates: Candidates,
    analysis: Analysis,
    last: Option<u64>,
}

impl Tool for DnsPackets {
    const NAME: &'static str = "analyze_dns_packets";
    const TITLE: &'static str = "DNS analysis";
    const DESCRIPTION: &'static str = "Analyses the DNS, mDNS and LLMNR messages of a packet capture, over UDP and TCP, on any port. \
        Pairs queries with responses (latency, retries, timeouts), counts types, response codes, EDNS and DNSSEC use, sums up servers, \
        clients and registered domains, and reports findings: tunnels, generated names, NXDOMAIN bursts, zone transfers, conflicting \
        and unasked answers, each with frame numbers. Lists messages with all sections, page by page. Use it for name resolution that \
        fails or is slow, for suspicious names, and to see what hosts looked up.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["packets"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        if arguments.name.as_ref().is_some_and(|name| name.is_empty() || name.len() > 1024) {
            return Err(Problem::argument("name", "must have 1 to 1024 characters"));
        }
        let (held_total, held) = limits::TCP_HELD;
        let limits = stream::Limits { connections: limits::CONNECTIONS, held, held_total };
        Ok(Self {
            decoder: Decoder::new().counting_copies(arguments.count_copies),
            streams: Streams::with_limits(limits),
            framing: Totals::default(),
            candidates: Candidates::new(),
            analysis: Analysis::new(&arguments, window),
            last: None,
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        self.last = self.last.max(frame.timestamp);
        let packet = self.decoder.decode(frame);
        if packet.copy_of.is_some() {
            return Ok(self.analysis.flow());
        }
        match &packet.transport {
            decode::Transport::Udp(_) => self.datagram(&packet),
            decode::Transport::Tcp(_) => {
                let Self { streams, framing, analysis, .. } = self;
                streams.push(&packet, &mut |connection, state: &mut Framing, event| {
                    state.take(connection, event, framing, &mut |found| take(analysis, found));
                });
            }
            _ => {}
        }
        Ok(self.analysis.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        let Self { streams, framing, analysis, .. } = &mut self;
        streams.finish(&mut |connection, state: &mut Framing, event| {
            state.take(connection, event, framing, &mut |found| take(analysis, found));
        });
        let candidates = self.candidates.evicted();
        let (unconfirmed_candidates, unconfirmed_frames) = self.candidates.unconfirmed();
        let limits = Limits {
            evicted: Evicted { candidates, transactions: 0, servers: 0, clients: 0, domains: 0, names: 0 },
            unconfirmed_candidates,
            unconfirmed_frames,
            incomplete_over_tcp: self.framing.incomplete,
            skipped_tcp_octets: self.framing.skipped,
            codes_left_out: 0,
            decoding: self.decoder.statistics(),
            reassembly: self.streams.statistics(),
        };
        let copies = self.decoder.copies();
        Ok(self.analysis.report(capture, self.last, copies, limits))
    }
}

fn take(analysis: &mut Analysis, found: Yield<'_>) {
    match found {
        Yield::Message(seen, octets) => analysis.message(&seen, octets),
        Yield::Malformed(seen, reason) => analysis.malformed(&seen, reason),
    }
}

impl DnsPackets {
    fn datagram(&mut self, packet: &Packet<'_>) {
        let (Some(ip), Some((source, destination))) = (packet.ip, packet.ports()) else { return };
        let service = Service::of_ports(source, destination, Transport::Udp);
        let seen = Seen {
            service: service.unwrap_or(Service::Dns),
            transport: Transport::Udp,
            source: SocketAddr::new(ip.source, source),
            destination: SocketAddr::new(ip.destination, destination),
            frame: packet.frame,
            timestamp: packet.timestamp,
            cut: packet.is_cut(),
        };
        if service.is_some() {
            // By its header's word an empty datagram carries nothing, not even a broken message.
            match packet.payload.is_empty() {
                true if packet.payload_length > 0 => self.analysis.malformed(&seen, Malformed::CutBySnapLength),
                true => {}
                false => self.analysis.message(&seen, &packet.payload),
            }
            return;
        }
        if source == NETBIOS_NAMES || destination == NETBIOS_NAMES {
            return;
        }
        if let Verdict::Dns(query) = self.candidates.datagram(&seen, &packet.payload) {
            if let Some(query) = query {
                self.analysis.message(&query.seen, &query.octets);
            }
            self.analysis.message(&seen, &packet.payload);
        }
    }
}
