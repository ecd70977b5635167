//! The tool: its arguments, and the way from frames to messages.

use std::num::NonZeroU64;

use mcpcap_analyzer::arguments::check_length;
use mcpcap_analyzer::decode::{Packet, Transport};
use mcpcap_analyzer::stats::{Lists, Page, Pool};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Maximum, Problem, Tool, TransportKind, Wants,
    Window, time,
};
use serde::Deserialize;

use crate::counts::{self, Counts};
use crate::details::{self, PacketDetails};
use crate::exchange;
use crate::exchanges::Exchanges;
use crate::findings::Watch;
use crate::leases::Leases;
use crate::limits;
use crate::parties::{Parties, list};
use crate::reorder::Reorder;
use crate::report::{Limits, Report, Statistics};
use crate::rows::{self, DhcpMessage};
use crate::seen::{Family, Seen};
use crate::{v4, v6};

/// What may be asked of `analyze_dhcp_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many messages.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages of this client: (part of) its MAC, DUID, name or address.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub client: Option<String>,
    /// List only messages of this type, for example NAK or RENEW.
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    pub message_type: Option<String>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// One run of `analyze_dhcp_packets`.
pub struct DhcpPackets {
    maximum: Maximum,
    lists: Lists,
    filter: Filter,
    reorder: Reorder,
    counts: Counts,
    exchanges: Exchanges,
    parties: Parties,
    leases: Leases,
    watch: Watch,
    packets: Page<PacketDetails>,
    characters: usize,
    values: Pool,
}

/// Which messages are listed.
struct Filter {
    client: Option<String>,
    kind: Option<String>,
}

impl Filter {
    fn fits(&self, seen: &Seen) -> bool {
        let is_client = |wanted: &str| {
            let has = |text: &str| text.to_lowercase().contains(wanted);
            let texts = [&seen.mac, &seen.client_id, &seen.hostname, &seen.requested];
            let leased = seen.leases.iter().map(|lease| &lease.address);
            has(&seen.client) || texts.into_iter().flatten().chain(leased).any(|text| has(text))
        };
        self.client.as_deref().is_none_or(is_client)
            && self.kind.as_deref().is_none_or(|kind| seen.name.eq_ignore_ascii_case(kind))
    }
}

impl Tool for DhcpPackets {
    const NAME: &'static str = "analyze_dhcp_packets";
    const TITLE: &'static str = "DHCP analysis";
    const DESCRIPTION: &'static str = "Analyses DHCPv4, BOOTP and DHCPv6: who had which address when, and why a host \
        got none or a wrong one. Puts exchanges together (DISCOVER to ACK, SOLICIT to REPLY, through relays) with \
        times and outcomes; sums up clients, servers, relays and leases; names all options. Findings: several \
        servers on one segment (rogue servers), starvation, refusals, address conflicts, clients without an answer.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["packets", "transactions"];
    const CUT: &'static [&'static str] = &[
        "findings",
        "statistics.clients",
        "statistics.servers",
        "statistics.relays",
        "statistics.leases",
        "statistics.hostnames",
        "statistics.vendor_classes",
        counts::OPTION_COUNTS,
        list::client::MACS,
        list::client::CLIENT_IDS,
        list::client::HOSTNAMES,
        list::client::VENDOR_CLASSES,
        list::client::FINGERPRINTS,
        list::client::REQUESTED,
        list::client::ADDRESSES,
        list::server::SOURCE_ADDRESSES,
        list::server::ROUTERS,
        list::server::DNS_SERVERS,
        list::server::FRAMES,
        list::IDENTIFIERS,
        exchange::FURTHER_IDS,
        exchange::SERVERS,
        exchange::MESSAGES,
        counts::MALFORMED_FRAMES,
        details::OPTIONS,
        details::RELAY_OPTIONS,
        details::VALUES,
        details::RELAY_VALUES,
    ];

    const TABLES: &'static [&'static Table] = &[DhcpMessage::TABLE];

    const WANTS: Wants = Wants { ports: PORTS, ..Wants::of(&[TransportKind::Udp]) };
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        for (name, text) in [("client", &arguments.client), ("message_type", &arguments.message_type)] {
            check_length(name, text.as_deref(), 255)?;
        }
        let lists = Lists::new(window.clone());
        Ok(Self {
            maximum: Maximum::new(arguments.max_packets),
            filter: Filter {
                client: arguments.client.map(|client| client.to_lowercase()),
                kind: arguments.message_type,
            },
            reorder: Reorder::default(),
            counts: Counts::new(&lists),
            exchanges: Exchanges::new(&window),
            parties: Parties::new(&lists),
            leases: Leases::new(&lists),
            lists,
            watch: Watch::new(),
            packets: Page::new(window),
            characters: limits::DETAIL_CHARACTERS,
            values: Pool::new(limits::DETAIL_VALUES),
        })
    }

    fn packet(&mut self, _: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_some() {
            return Ok(Flow::More);
        }
        if let Some(family) = family(packet) {
            self.maximum.take();
            match family {
                Family::V4 => self.v4(packet),
                Family::V6 => self.v6(packet),
            }
        }
        Ok(self.maximum.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        while let Some(seen) = self.reorder.pop() {
            self.analyse(&seen);
        }
        if self.maximum.taken() == 0 {
            return Ok(Answer::nothing(capture.nothing_found("DHCP or BOOTP messages", &capture.decoder.decoding)));
        }
        let digits = capture.time_digits();
        let mut lists = self.lists;
        let limits = Limits {
            exchanges_evicted: self.exchanges.evicted(),
            parties_evicted: self.parties.evicted(),
            leases_evicted: self.leases.evicted(),
            findings_evicted: self.watch.evicted(),
            out_of_order_messages: self.reorder.out_of_order,
            too_late_messages: self.reorder.too_late,
            decoding: capture.decoder.limits(&mut lists),
        };
        let (exchanges, transactions, of_transactions) = self.exchanges.finish();
        let paged = [self.packets.info("packets"), transactions.info("transactions")];
        let (mut transactions, mut packets) = (transactions.into_items(), self.packets.into_items());
        let mut leases = self.leases.report(&mut lists);
        let (findings, findings_total) = self.watch.finish(&mut lists);
        let started = transactions.iter_mut().filter_map(|transaction| transaction.start_time.as_mut());
        let listed = packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut());
        let leased = leases.iter_mut().flat_map(|lease| [lease.granted.as_mut(), lease.expires.as_mut()]).flatten();
        started.chain(listed).chain(leased).for_each(|text| time::shorten(text, digits));
        let different = self.parties.different();
        let statistics = Statistics {
            unique_clients_count: different.clients.count(),
            unique_servers_count: different.servers.count(),
            counts: self.counts.report(&mut lists),
            exchanges,
            clients: self.parties.clients(&mut lists),
            servers: self.parties.servers(&mut lists),
            relays: self.parties.relays(&mut lists),
            relays_total: different.relays.count(),
            leases,
            leases_total: self.leases.total(),
        };
        Ok(Answer::from(Report {
            dhcp_packets_found: self.maximum.taken(),
            dhcp_packets_analyzed: self.maximum.taken(),
            copies: capture.decoder.copies(&mut lists),
            statistics,
            findings,
            findings_total,
            transactions,
            packets,
            pages: paged.into_iter().chain(of_transactions).chain(lists.into_pages()).collect(),
            ending: Ending { limits, note: self.maximum.note("DHCP messages") },
        }))
    }
}

/// The ports of all messages.
const PORTS: &[u16] = &[67, 68, 4011, 546, 547];

/// Whether a packet is DHCP, by its ports: 67 and 68, also 4011 of PXE (RFC 4578); 546 and 547.
fn family(packet: &Packet<'_>) -> Option<Family> {
    let Transport::Udp(udp) = &packet.transport else { return None };
    let ports = [udp.source, udp.destination];
    let has = |known: &[u16]| ports.iter().any(|port| known.contains(port));
    if packet.payload_length == 0 || packet.ip.is_none() {
        None
    } else if has(&[67, 68]) || udp.destination == 4011 {
        Some(Family::V4)
    } else if has(&[546, 547]) {
        Some(Family::V6)
    } else {
        None
    }
}

impl DhcpPackets {
    fn v4(&mut self, packet: &Packet<'_>) {
        let Some(ip) = packet.ip else { return };
        match v4::Message::read(packet.payload, packet.is_cut()) {
            Ok(message) => {
                let seen = Seen::v4(packet, ip.source, &message);
                self.counts.v4(&message);
                self.take(packet, seen, message.malformed, |seen| {
                    PacketDetails::v4(packet, ip.destination, seen, &message)
                });
            }
            Err(reason) => self.unread(Family::V4, reason, packet.frame),
        }
    }

    fn v6(&mut self, packet: &Packet<'_>) {
        let Some(ip) = packet.ip else { return };
        match v6::Message::read(packet.payload, packet.is_cut()) {
            Ok(message) => {
                let seen = Seen::v6(packet, ip.source, &message);
                self.counts.v6(&message);
                self.take(packet, seen, message.malformed, |seen| {
                    PacketDetails::v6(packet, ip.destination, seen, &message)
                });
            }
            Err(reason) => self.unread(Family::V6, reason, packet.frame),
        }
    }

    fn unread(&mut self, family: Family, reason: &'static str, frame: u64) {
        self.counts.unread(family);
        self.counts.malformed(reason, frame);
    }

    fn take(
        &mut self,
        packet: &Packet<'_>,
        seen: Seen,
        malformed: Option<&'static str>,
        details: impl FnOnce(&Seen) -> PacketDetails,
    ) {
        if rows::are_wanted() {
            return rows::add(packet, &seen, malformed);
        }
        self.counts.take(&seen);
        let more = seen.more_leases.then_some("more than 64 addresses and prefixes; the first 64 are analysed");
        for reason in malformed.into_iter().chain(more) {
            self.counts.malformed(reason, seen.frame);
        }
        if self.filter.fits(&seen) {
            let (characters, values, lists) = (&mut self.characters, &mut self.values, &mut self.lists);
            let place = usize::try_from(self.packets.total()).unwrap_or(usize::MAX);
            self.packets.push(|| details(&seen).fit(characters, values, place, lists));
        }
        if let Some(earliest) = self.reorder.push(seen) {
            self.analyse(&earliest);
        }
    }

    fn analyse(&mut self, seen: &Seen) {
        self.exchanges.take(seen);
        self.parties.take(seen);
        self.leases.take(seen);
        self.watch.take(seen);
    }
}
