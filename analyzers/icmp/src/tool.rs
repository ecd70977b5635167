//! The tool: its arguments, and the way from frames to messages.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stats::{Lists, Page, Unique};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::vlans::Vlans;
use mcpcap_analyzer::{
    Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Maximum, Problem, Tool, TransportKind, Wants, Window,
    time,
};
use serde::Deserialize;

use crate::advertisement;
use crate::codes;
use crate::details::{self, PacketDetails};
use crate::echo::{Answer, Echoes};
use crate::errors::{self, Errors};
use crate::findings::Watch;
use crate::inner;
use crate::limits;
use crate::message::{Message, Version};
use crate::neighbours::{self, Neighbours, Place};
use crate::paths::{self, Paths};
use crate::report::{Evicted, Limits, Report, Statistics, TypeCount};
use crate::rows::{self, IcmpMessage};
use crate::session;

/// What may be asked of `analyze_icmp_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many messages.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages of this type, such as 3; see also `ip_version`.
    #[serde(default)]
    pub icmp_type: Option<u8>,
    /// List only ICMP (4) or ICMPv6 (6).
    #[serde(default)]
    #[schemars(range(min = 4, max = 6))]
    pub ip_version: Option<u8>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// Which messages are listed.
#[derive(Default)]
struct Filter {
    kind: Option<u8>,
    version: Option<Version>,
}

impl Filter {
    fn new(arguments: &Arguments) -> Result<Self, Problem> {
        let version = match arguments.ip_version {
            None => None,
            Some(4) => Some(Version::V4),
            Some(6) => Some(Version::V6),
            Some(_) => return Err(Problem::argument("ip_version", "must be 4 or 6")),
        };
        Ok(Self { kind: arguments.icmp_type, version })
    }

    fn fits(&self, message: &Message<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == message.kind)
            && self.version.is_none_or(|version| version == message.version)
    }
}

const SOURCES: &str = "statistics.unique_sources";
const DESTINATIONS: &str = "statistics.unique_destinations";

/// Different addresses.
fn addresses(list: &'static str, lists: &Lists) -> Unique<IpAddr> {
    Unique::new(list, limits::ADDRESSES_LISTED, limits::ADDRESSES, lists)
}

/// One run of `analyze_icmp_packets`.
pub struct IcmpPackets {
    maximum: Maximum,
    lists: Lists,
    short: u64,
    latest: u64,
    out_of_order: u64,
    filter: Filter,
    /// At most 256 types of 256 codes of two protocols.
    counts: BTreeMap<(Version, u8, u8), u64>,
    sources: Unique<IpAddr>,
    destinations: Unique<IpAddr>,
    echoes: Echoes,
    errors: Errors,
    paths: Paths,
    neighbours: Neighbours,
    watch: Watch,
    packets: Page<PacketDetails>,
}

impl Tool for IcmpPackets {
    const NAME: &'static str = "analyze_icmp_packets";
    const TITLE: &'static str = "ICMP analysis";
    const DESCRIPTION: &'static str = "Analyses ICMP and ICMPv6: hosts that do not answer, slow or changing paths, \
        scans, covert channels. Pairs pings with replies (loss, round-trip times); shows what is unreachable and who \
        reported it, traceroute paths, path MTUs, redirects, IPv6 neighbours and routers. Findings: ping sweeps, \
        floods, smurf attacks, UDP scans, ICMP tunnels and who talks in them, rogue routers, spoofed neighbours.";
    type Arguments = Arguments;
    type Report = mcpcap_analyzer::Answer<Report>;
    const PAGED: &'static [&'static str] = &["packets"];
    const CUT: &'static [&'static str] = &[
        "findings",
        SOURCES,
        DESTINATIONS,
        "statistics.echo_pairs",
        inner::TUNNELS,
        "statistics.unreachable_destinations",
        paths::PATHS,
        "statistics.path_mtus",
        "statistics.redirects",
        "statistics.neighbour_discovery.neighbours",
        "statistics.neighbour_discovery.routers",
        "statistics.neighbour_discovery.multicast_groups",
        session::IDENTIFIERS,
        errors::PORTS,
        neighbours::MACS,
        neighbours::NEIGHBOUR_FRAMES,
        neighbours::ROUTER_FRAMES,
        advertisement::PREFIXES,
        advertisement::ROUTES,
        advertisement::DNS_SERVERS,
        advertisement::DNS_SEARCH,
        advertisement::GATEWAYS,
        inner::FLOWS,
        inner::FLOW_FRAMES,
        errors::UNREACHABLE_FRAMES,
        errors::MTU_FRAMES,
        errors::REDIRECT_FRAMES,
        paths::ADDRESSES,
        paths::FRAMES,
        paths::MPLS_LABELS,
        details::MPLS_LABELS,
    ];

    const TABLES: &'static [&'static Table] = &[IcmpMessage::TABLE];

    const WANTS: Wants =
        Wants::of(&[TransportKind::Udp, TransportKind::Tcp, TransportKind::Icmp, TransportKind::Icmpv6]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let lists = Lists::new(window.clone());
        Ok(Self {
            maximum: Maximum::new(arguments.max_packets),
            short: 0,
            latest: 0,
            out_of_order: 0,
            filter: Filter::new(&arguments)?,
            counts: BTreeMap::new(),
            sources: addresses(SOURCES, &lists),
            destinations: addresses(DESTINATIONS, &lists),
            echoes: Echoes::new(&lists),
            errors: Errors::new(&lists),
            paths: Paths::new(&lists),
            neighbours: Neighbours::new(&lists),
            lists,
            watch: Watch::new(),
            packets: Page::new(window),
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_some() {
            return Ok(Flow::More);
        }
        let message = Message::of(packet);
        self.paths.packet(packet, message.as_ref());
        if let Some(message) = message {
            self.message(frame, packet, &message);
        }
        Ok(self.maximum.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<mcpcap_analyzer::Answer<Report>, Problem> {
        if self.maximum.taken() == 0 {
            let nothing = capture.nothing_found("ICMP or ICMPv6 messages", &capture.decoder.decoding);
            return Ok(mcpcap_analyzer::Answer::nothing(nothing));
        }
        let (digits, mut lists) = (capture.time_digits(), std::mem::take(&mut self.lists));
        self.echoes.finish();
        self.paths.finish();
        self.settle();
        let paged = self.packets.info("packets");
        let (probes, paths_evicted) = self.paths.evicted();
        let echoes = self.echoes.evicted();
        let evicted = Evicted {
            echo_requests: echoes.requests,
            echo_replies: echoes.replies,
            echo_answered: echoes.answered,
            echo_to_many: echoes.to_many,
            echo_pairs: echoes.pairs,
            probes,
            paths: paths_evicted,
            errors: self.errors.evicted(),
            neighbours: self.neighbours.evicted(),
            sources: self.watch.evicted().saturating_add(echoes.victims),
        };
        let (paths, paths_total) = self.paths.report();
        let (findings, findings_total) =
            self.watch.finish(&self.echoes, &self.errors, &self.neighbours, (&paths, paths_evicted), &mut lists);
        let (echo, pairs) = self.echoes.report(&mut lists);
        let (echo_sessions, _) = self.echoes.pairs();
        let (tunnels, tunnels_total) = self.echoes.tunnels(&mut lists);
        let different = self.errors.different();
        let counts = self.counts.iter().map(|((version, kind, code), count)| TypeCount {
            ip_version: version.number(),
            kind: *kind,
            code: *code,
            type_name: codes::type_name(*version, *kind),
            code_name: codes::code_name(*version, *kind, *code),
            count: *count,
        });
        let statistics = Statistics {
            icmp_type_counts: counts.collect(),
            unique_sources_count: self.sources.count(),
            unique_destinations_count: self.destinations.count(),
            unique_counts_exact: self.sources.is_exact() && self.destinations.is_exact(),
            unique_sources: self.sources.list(&mut lists),
            unique_destinations: self.destinations.list(&mut lists),
            echo_sessions,
            echo,
            echo_pairs: pairs,
            echo_pairs_total: echo_sessions,
            tunnels,
            tunnels_total,
            unreachable_destinations_count: different.destinations.count(),
            unreachable_destinations: self.errors.unreachable(&mut lists),
            unreachable_destinations_total: different.unreachable.count(),
            paths: self.paths.listed(paths, paths_total, &mut lists),
            paths_total,
            path_mtus: self.errors.path_mtus(&mut lists),
            path_mtus_total: different.mtus.count(),
            redirects: self.errors.redirect_reports(&mut lists),
            redirects_total: different.redirects.count(),
            neighbour_discovery: self.neighbours.report(&mut lists),
        };
        let mut packets = self.packets.into_items();
        for text in packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()) {
            time::shorten(text, digits);
        }
        let (copies, decoding) = (capture.decoder.copies(&mut lists), capture.decoder.limits(&mut lists));
        Ok(mcpcap_analyzer::Answer::from(Report {
            icmp_packets_found: self.maximum.taken(),
            icmp_packets_analyzed: self.maximum.taken(),
            copies,
            statistics,
            findings,
            findings_total,
            packets,
            pages: [paged].into_iter().chain(lists.into_pages()).collect(),
            ending: Ending {
                limits: Limits {
                    evicted,
                    short_messages: self.short,
                    out_of_order_messages: self.out_of_order,
                    decoding,
                },
                note: self.maximum.note("ICMP messages"),
            },
        }))
    }
}

impl IcmpPackets {
    fn message(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, message: &Message<'_>) {
        self.maximum.take();
        if rows::are_wanted() {
            return rows::add(packet, message);
        }
        self.short = self.short.saturating_add((packet.payload_length < 4).into());
        let count = self.counts.entry((message.version, message.kind, message.code)).or_default();
        *count = count.saturating_add(1);
        self.sources.add(&message.source, || message.source);
        self.destinations.add(&message.destination, || message.destination);
        let time = packet.timestamp.unwrap_or(self.latest);
        self.out_of_order = self.out_of_order.saturating_add((time < self.latest).into());
        self.latest = self.latest.max(time);
        let vlans = Vlans::of(packet);
        let outcome = self.echoes.take(message, packet.frame, packet.timestamp, vlans);
        self.errors.take(message, packet.frame);
        self.paths.message(message, packet);
        let vlan = packet.vlans().last();
        let time = packet.timestamp.unwrap_or_default();
        self.neighbours.take(message, &Place { frame: packet.frame, time, vlan, vlans });
        self.watch.take(message, packet.frame, packet.timestamp, outcome);
        if self.filter.fits(message) {
            let place = usize::try_from(self.packets.total()).unwrap_or(usize::MAX);
            let at = (place, &mut self.lists);
            self.packets.push(|| PacketDetails::new(frame, packet, message, outcome, at));
        }
        self.settle();
    }

    /// Completes what is listed of replies, and of their requests.
    fn settle(&mut self) {
        // The page is in the order of frames.
        let listed = self.packets.items_mut();
        for settled in self.echoes.settled() {
            let place =
                |frame: u64, listed: &[PacketDetails]| listed.binary_search_by_key(&frame, |one| one.frame).ok();
            if let Some(reply) = place(settled.reply, listed).and_then(|place| listed.get_mut(place)) {
                reply.settle(&settled.answer);
            }
            if let Answer::First { request, .. } = settled.answer
                && let Some(asked) = place(request, listed).and_then(|place| listed.get_mut(place))
            {
                asked.reply_frame.get_or_insert(settled.reply);
            }
        }
    }
}
