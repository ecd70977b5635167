//! The tool: its arguments, and the way from frames to messages.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::{Decoder, Packet};
use mcpcap_analyzer::stats::{Distinct, Page};
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Maximum, Problem, Tool, Window, time};
use serde::Deserialize;

use crate::codes;
use crate::details::PacketDetails;
use crate::echo::{Echoes, Outcome};
use crate::errors::Errors;
use crate::findings::Watch;
use crate::limits;
use crate::message::{Message, Version};
use crate::neighbours::Neighbours;
use crate::paths::Paths;
use crate::report::{Evicted, Limits, Report, Statistics, TypeCount};

/// What may be asked of `analyze_icmp_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Analyse only the first so many messages, and read no further.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages of this type, for example 3; with `ip_version` to tell ICMP from ICMPv6.
    #[serde(default)]
    pub icmp_type: Option<u8>,
    /// List only ICMP (4) or ICMPv6 (6).
    #[serde(default)]
    #[schemars(range(min = 4, max = 6))]
    pub ip_version: Option<u8>,
    /// Count packets that were captured more than once each time. Default: once.
    #[serde(default)]
    pub count_copies: bool,
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

/// Addresses: how many different ones, and the first of them.
#[derive(Default)]
struct Addresses {
    distinct: Distinct,
    first: Vec<IpAddr>,
}

impl Addresses {
    fn add(&mut self, address: IpAddr) {
        if self.distinct.add(&address) && self.first.len() < limits::ADDRESSES_LISTED {
            self.first.push(address);
        }
    }
}

/// One run of `analyze_icmp_packets`.
pub struct IcmpPackets {
    decoder: Decoder,
    maximum: Maximum,
    short: u64,
    filter: Filter,
    /// At most 256 types of 256 codes of two protocols.
    counts: BTreeMap<(Version, u8, u8), u64>,
    sources: Addresses,
    destinations: Addresses,
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
    const DESCRIPTION: &'static str = "Analyses the ICMP and ICMPv6 messages of a packet capture. Pairs echo requests with replies (loss, \
        round-trip times, duplicates, late replies), names what is unreachable and by whose word with the packet it is about, rebuilds the paths \
        of traceroutes, path MTUs and redirects, neighbour discovery and router advertisements. Reports findings with frame numbers: sweeps, \
        floods, smurf attacks, tunnels, UDP scans, rogue routers, spoofed neighbours. Lists messages page by page. Use it for hosts that do not \
        answer, for slow or changing paths, and for reconnaissance and covert channels.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["packets"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        Ok(Self {
            decoder: Decoder::new().counting_copies(arguments.count_copies),
            maximum: Maximum::new(arguments.max_packets),
            short: 0,
            filter: Filter::new(&arguments)?,
            counts: BTreeMap::new(),
            sources: Addresses::default(),
            destinations: Addresses::default(),
            echoes: Echoes::new(),
            errors: Errors::new(),
            paths: Paths::new(),
            neighbours: Neighbours::new(),
            watch: Watch::new(),
            packets: Page::new(window),
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        let packet = self.decoder.decode(frame);
        if packet.copy_of.is_some() {
            return Ok(Flow::More);
        }
        let message = Message::of(&packet);
        self.paths.packet(&packet, message.as_ref());
        if let Some(message) = message {
            self.message(frame, &packet, &message);
        }
        Ok(self.maximum.flow())
    }

    fn finish(self, capture: &Capture) -> Result<Report, Problem> {
        let digits = capture.time_digits();
        let pages = vec![self.packets.info("packets")];
        let (probes, paths_evicted) = self.paths.evicted();
        let (echo_requests, echo_pairs) = self.echoes.evicted();
        let evicted = Evicted {
            echo_requests,
            echo_pairs,
            probes,
            paths: paths_evicted,
            errors: self.errors.evicted(),
            neighbours: self.neighbours.evicted(),
            sources: self.watch.evicted(),
        };
        let (paths, paths_total) = self.paths.report();
        let findings = self.watch.finish(&self.echoes, &self.errors, &self.neighbours, &paths);
        let (echo, pairs) = self.echoes.report();
        let (unreachable, unreachable_total) = self.errors.unreachable();
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
            unique_sources_count: self.sources.distinct.count(),
            unique_destinations_count: self.destinations.distinct.count(),
            unique_sources: self.sources.first,
            unique_destinations: self.destinations.first,
            echo_sessions: self.echoes.pairs(),
            echo,
            echo_pairs: pairs,
            unreachable_destinations_count: self.errors.unreachable_destinations(),
            unreachable_destinations: unreachable,
            unreachable_destinations_total: unreachable_total,
            paths,
            paths_total,
            path_mtus: self.errors.path_mtus(),
            redirects: self.errors.redirect_reports(),
            neighbour_discovery: self.neighbours.report(),
        };
        let mut packets = self.packets.into_items();
        for text in packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()) {
            time::shorten(text, digits);
        }
        Ok(Report {
            icmp_packets_found: self.maximum.taken(),
            icmp_packets_analyzed: self.maximum.taken(),
            message: (self.maximum.taken() == 0)
                .then(|| capture.nothing_found("ICMP or ICMPv6 messages", &self.decoder.statistics())),
            copies: self.decoder.copies(),
            statistics,
            findings,
            packets,
            pages,
            limits: Limits { evicted, short_messages: self.short, decoding: self.decoder.statistics() },
            note: self.maximum.note("ICMP messages"),
        })
    }
}

impl IcmpPackets {
    fn message(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, message: &Message<'_>) {
        self.maximum.take();
        self.short = self.short.saturating_add((packet.payload_length < 4).into());
        let count = self.counts.entry((message.version, message.kind, message.code)).or_default();
        *count = count.saturating_add(1);
        self.sources.add(message.source);
        self.destinations.add(message.destination);
        let vlan = packet.vlans().last();
        let outcome = self.echoes.take(message, packet.frame, packet.timestamp, vlan);
        self.errors.take(message, packet.frame);
        self.paths.message(message, packet);
        self.neighbours.take(message, packet.frame, vlan);
        self.watch.take(message, packet.frame, outcome);
        if self.filter.fits(message) {
            self.packets.push(|| PacketDetails::new(frame, packet, message, outcome));
        }
        if let Some(Outcome::Answered { request, .. }) = outcome {
            // The page is in the order of frames.
            let listed = self.packets.items_mut();
            if let Ok(place) = listed.binary_search_by_key(&request, |listed| listed.frame)
                && let Some(asked) = listed.get_mut(place)
            {
                asked.reply_frame.get_or_insert(packet.frame);
            }
        }
    }
}
