//! The tool, and the way from frames to messages.

use mcpcap_analyzer::arguments::check_length;
use mcpcap_analyzer::decode::{self, Packet};
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::stream::{Connection, Endpoint, Event, States};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::vlans::Vlans;
use mcpcap_analyzer::{Answer, Capture, Ends, Flow, Frame, Problem, Tool, TransportKind, Wants, Window};

use crate::analysis::{Analysis, Ended};
use crate::arguments::Arguments;
use crate::candidates::{Candidates, Unconfirmed, Verdict};
use crate::limits;
use crate::lists;
use crate::mdns::Mdns;
use crate::message::Short;
use crate::message::fault::Malformed;
use crate::order::OrderReport;
use crate::report::{Evicted, Limits, Report};
use crate::rows::Transaction;
use crate::seen::{Seen, Service, Transport};
use crate::tcp::{Framing, Totals, Yield};

/// The NetBIOS name service: another protocol, whose messages look much the same (RFC 1002 §4.2).
const NETBIOS_NAMES: u16 = 137;
/// Bytes of a UDP header (RFC 768).
const UDP_HEADER: usize = 8;

/// One run of `analyze_dns_packets`.
pub struct DnsPackets {
    streams: States<Framing>,
    framing: Totals,
    candidates: Candidates,
    mdns: Mdns,
    analysis: Analysis,
}

impl Tool for DnsPackets {
    const NAME: &'static str = "analyze_dns_packets";
    const TITLE: &'static str = "DNS analysis";
    const DESCRIPTION: &'static str = "Analyses DNS, mDNS and LLMNR over UDP and TCP, on any port: which names were \
        looked up, and which lookups failed or were slow. Pairs queries with responses (latency, retries, timeouts); \
        sums up servers, clients, domains, record types and response codes. Findings: DNS tunnels, generated domain \
        names, NXDOMAIN bursts, zone transfers, conflicting and unsolicited responses, servers that do not answer.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["packets"];
    const CUT: &'static [&'static str] = lists::ALL;

    const TABLES: &'static [&'static Table] = &[Transaction::TABLE];

    const WANTS: Wants = Wants::of(&[TransportKind::Udp]).and_streams();
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        check_length("name", arguments.name.as_deref(), 1024)?;
        let part = Lists::new(window.clone()).part(lists::UNCONFIRMED, limits::LISTED);
        Ok(Self {
            streams: States::default(),
            framing: Totals { unconfirmed: Unconfirmed::new(part), ..Totals::default() },
            candidates: Candidates::new(),
            mdns: Mdns::new(),
            analysis: Analysis::new(&arguments, window),
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_some() {
            return Ok(self.analysis.flow());
        }
        if let decode::Transport::Udp(udp) = &packet.transport {
            self.datagram(frame, packet, udp.length);
        }
        Ok(self.analysis.flow())
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { streams, framing, analysis, .. } = self;
        streams.take(connection, event, |state, event| {
            state.take(connection, event, framing, &mut |found| take(analysis, found));
        });
        Ok(self.analysis.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        for held in self.candidates.confirmed() {
            self.analysis.message(&held.seen, &held.octets);
        }
        let (candidates, confirmed_servers) = self.candidates.evicted();
        let mut unconfirmed = self.framing.unconfirmed;
        self.candidates.finish(&mut unconfirmed);
        let total = unconfirmed.total();
        let lists = self.analysis.lists();
        let part = lists.part(lists::UNCONFIRMED, limits::LISTED);
        lists.told(lists::UNCONFIRMED, usize::try_from(total).unwrap_or(usize::MAX), part);
        let limits = Limits {
            order: OrderReport::of(&capture.decoder.order),
            evicted: Evicted {
                candidates,
                confirmed_servers,
                one_shot_queriers: self.mdns.evicted(),
                ..Evicted::default()
            },
            unconfirmed_candidates: total,
            unconfirmed_frames: unconfirmed.into_frames(),
            incomplete_over_tcp: self.framing.incomplete,
            skipped_tcp_octets: self.framing.skipped,
            codes_not_kept: 0,
            decoding: capture.decoder.limits(self.analysis.lists()),
            reassembly: capture.streams.told(),
        };
        let ended = Ended {
            time: capture.decoder.order.latest,
            copies: capture.decoder.copies(self.analysis.lists()),
            decoding: capture.decoder.decoding.clone(),
        };
        Ok(self.analysis.report(capture, ended, limits))
    }
}

fn take(analysis: &mut Analysis, found: Yield<'_>) {
    match found {
        Yield::Message(seen, octets) => analysis.message(&seen, octets),
        Yield::Malformed(seen, reason) => analysis.malformed(&seen, reason),
    }
}

/// Why the end of a datagram's payload is not there, when it is not.
fn shortage(frame: &Frame<'_>, packet: &Packet<'_>, udp_length: u16) -> Option<Short> {
    let is_fragment = packet.ip.is_some_and(|ip| ip.fragment) && packet.fragments.is_empty();
    let whole = packet.payload_length.max(usize::from(udp_length).saturating_sub(UDP_HEADER));
    let missing = whole.checked_sub(packet.payload.len()).filter(|missing| *missing > 0)?;
    let cut = (frame.original as usize).saturating_sub(frame.data.len());
    let reason = match () {
        // The first fragment alone.
        () if is_fragment && whole > packet.payload_length => Malformed::FragmentMissing,
        () if cut >= missing && packet.fragments.is_empty() => Malformed::CutBySnapLength,
        () => Malformed::EnclosingLength,
    };
    Some(Short { whole, reason })
}

impl DnsPackets {
    fn datagram(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, udp_length: u16) {
        let (Some(ip), Some((source, destination))) = (packet.ip, packet.ports()) else { return };
        let service = Service::of_ports(source, destination, Transport::Udp);
        let mut seen = Seen {
            service: service.unwrap_or(Service::Dns),
            transport: Transport::Udp,
            source: Endpoint { address: ip.source, port: source },
            destination: Endpoint { address: ip.destination, port: destination },
            frame: packet.frame,
            timestamp: packet.timestamp,
            short: shortage(frame, packet, udp_length),
            vlan: packet.vlans().next(),
            connection: None,
            vlans: Vlans::of(packet),
        };
        if service.is_some() {
            if service == Some(Service::Mdns) {
                seen.service = self.mdns.service(seen.source, seen.destination, packet.payload);
            }
            // By its header's word an empty datagram carries nothing, not even a broken message.
            match (packet.payload.is_empty(), seen.short) {
                (true, Some(short)) => self.analysis.malformed(&seen, short.reason),
                (true, None) => {}
                (false, _) => self.analysis.message(&seen, packet.payload),
            }
            return;
        }
        if source == NETBIOS_NAMES || destination == NETBIOS_NAMES {
            return;
        }
        if let Verdict::Dns(query) = self.candidates.datagram(&seen, packet.payload, &mut self.framing.unconfirmed) {
            if let Some(query) = query {
                self.analysis.message(&query.seen, &query.octets);
            }
            self.analysis.message(&seen, packet.payload);
        }
    }
}
