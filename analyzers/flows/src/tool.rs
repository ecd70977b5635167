//! The tool `analyze_conversations`: its arguments, and the way from packets to flows.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use mcpcap_analyzer::application::Protocol;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::hierarchy::{self, Hierarchy, names};
use mcpcap_analyzer::stats::{Lists, PageInfo, Ranked};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow as More, Frame, JsonSchema, Maximum, Problem, Tool, Wants, Window,
    time,
};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::details::FlowReport;
use crate::findings::{Watch, beacons, scans};
use crate::flow::{Contact, Flow};
use crate::key::{Address, Carrier, Key};
use crate::report::{Evicted, Limits, Report};
use crate::rows::{self, Conversation};
use crate::table::{Ended, Flows, Sink};
use crate::timeline::{self, Timeline};
use crate::top::{self, NO_VLAN, Talkers};
use crate::totals::Totals;

/// The list of flows.
const FLOWS: &str = "flows";

/// What may be asked of `analyze_conversations`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Seconds of each span of `over_time`.
    #[serde(default)]
    pub interval: Option<f64>,
    /// What `over_time` tells apart.
    #[serde(default)]
    #[schemars(schema_with = "bys")]
    pub by: Option<By>,
    /// Which `flows` come first.
    #[serde(default)]
    #[schemars(schema_with = "orders")]
    pub order: Option<Order>,
    /// Stop after so many packets.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count copies of packets too.
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// What is told apart over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Protocols.
    #[default]
    Protocol,
    /// Hosts.
    Host,
}

/// The order of flows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Those with most bytes first.
    #[default]
    Bytes,
    /// The earliest first.
    Time,
}

/// Short schemas: a client pays for them before any question.
fn bys(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["protocol", "host"] })
}

/// See [`bys`].
fn orders(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["bytes", "time"] })
}

/// Over time, by what was asked for.
enum OverTime {
    Protocol(Timeline<Kind>),
    Host(Timeline<Address>),
}

/// What a packet counts as over time.
type Kind = Result<Protocol, Carrier>;

/// What is done with flows that end.
struct Kept {
    hierarchy: Hierarchy,
    totals: Totals,
    talkers: Talkers,
    order: Order,
    largest: Ranked<(Key, Flow)>,
    watch: Watch,
    /// With the earliest first: those of the page, by their place.
    page: BTreeMap<u64, FlowReport>,
    window: Window,
}

/// One run of `analyze_conversations`.
pub struct Conversations {
    maximum: Maximum,
    lists: Lists,
    flows: Flows,
    over_time: OverTime,
    kept: Kept,
}

impl Sink for Kept {
    fn ended(&mut self, key: Key, flow: Flow) {
        let ended = Ended { key: &key, flow: &flow };
        if rows::are_wanted() {
            return rows::add(&ended);
        }
        if matches!(key.carrier, Carrier::TCP | Carrier::UDP) {
            let hierarchy = &mut self.hierarchy;
            flow.conversation
                .settle(key.carrier == Carrier::TCP, key.ports(), &mut |settled| hierarchy.settled(settled));
        }
        self.totals.ended(&ended);
        self.talkers.ended(&ended);
        self.watch.ended(&ended);
        match self.order {
            Order::Bytes => self.largest.add(flow.bytes(), flow.id, move || (key, flow)),
            Order::Time => {
                let place = flow.id.checked_sub(self.window.offset).and_then(|place| usize::try_from(place).ok());
                if place.is_some_and(|place| place < self.window.limit.min(Window::MOST)) {
                    self.page.insert(flow.id, FlowReport::new(&ended));
                }
            }
        }
    }

    fn contact(&mut self, key: &Key, flow: &Flow, contact: Contact) {
        if rows::are_wanted() {
            return;
        }
        self.watch.contact(key, flow, contact);
    }
}

impl Tool for Conversations {
    const NAME: &'static str = "analyze_conversations";
    const TITLE: &'static str = "Conversations and endpoints";
    const DESCRIPTION: &'static str = "Who talks to whom, how much, when and about what: flows of every protocol, \
        hosts, pairs, ports, networks, traffic over time. Findings: port scans with open ports, sweeps, floods, \
        amplification, beacons, uploads, long connections, protocols on odd ports, clear text.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &[FLOWS];
    const CUT: &'static [&'static str] = &[
        "findings",
        scans::SCANS,
        beacons::BEACONS,
        hierarchy::ROWS,
        timeline::BUCKETS,
        timeline::GAPS,
        top::APPLICATIONS,
        top::ENDPOINTS,
        top::PAIRS,
        top::PORTS,
        top::NETWORKS,
        top::VLANS,
        scans::ANSWERED,
        top::APPLICATION_PORTS,
    ];
    const TABLES: &'static [&'static Table] = &[Conversation::TABLE];

    const WANTS: Wants = Wants::ALL;
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let interval = match arguments.interval {
            None => None,
            Some(seconds) if (0.001..=1e9).contains(&seconds) => Some((seconds * 1e9).round() as u64),
            Some(_) => return Err(Problem::argument("interval", "must be 0.001 to 1000000000 seconds")),
        };
        let lists = Lists::new(window.clone());
        let of_flows = if window.list.is_some() { Window::default() } else { window };
        Ok(Self {
            maximum: Maximum::new(arguments.max_packets),
            flows: Flows::new(),
            over_time: match arguments.by.unwrap_or_default() {
                By::Protocol => OverTime::Protocol(Timeline::new(interval)),
                By::Host => OverTime::Host(Timeline::new(interval)),
            },
            kept: Kept {
                hierarchy: Hierarchy::new(&lists),
                totals: Totals::default(),
                talkers: Talkers::new(&lists),
                order: arguments.order.unwrap_or_default(),
                largest: Ranked::of_page(&of_flows),
                watch: Watch::new(&lists),
                page: BTreeMap::new(),
                window: of_flows,
            },
            lists,
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<More, Problem> {
        if packet.copy_of.is_some() {
            return Ok(More::More);
        }
        self.maximum.take();
        if rows::are_wanted() {
            self.flows.push(frame, packet, None, &mut self.kept);
            return Ok(self.maximum.flow());
        }
        let bytes = u64::from(frame.original);
        let mut vlans = packet.vlans();
        if let Some(outer) = vlans.next() {
            self.kept.talkers.tagged([outer, vlans.next().unwrap_or(NO_VLAN)], bytes);
        }
        let inner = names::inner(frame, packet);
        let (place, whole) = self.kept.hierarchy.add(packet.layers, inner, frame.original);
        let place = u32::try_from(place).ok().filter(|_| whole);
        let counted = self.flows.push(frame, packet, place, &mut self.kept);
        if let Some(alone) = counted.alone {
            self.kept.hierarchy.settled(alone);
        }
        match &mut self.over_time {
            OverTime::Protocol(timeline) => {
                timeline.add(packet.timestamp, bytes, [counted.application.ok_or(counted.key.carrier)]);
            }
            OverTime::Host(timeline) => {
                let (one, other) = counted.key.ends;
                timeline.add(packet.timestamp, bytes, [one.address, other.address]);
            }
        }
        Ok(self.maximum.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        if self.maximum.taken() == 0 {
            let found = || capture.nothing_found("packets", &capture.decoder.decoding);
            return Ok(Answer::nothing(capture.nothing_chosen().unwrap_or_else(found)));
        }
        let digits = capture.time_digits();
        self.flows.finish(&mut self.kept);
        let Self { maximum, mut lists, flows, over_time, kept } = self;
        let Kept { hierarchy, totals, talkers, order, largest, watch, page, window } = kept;
        let (mut listed, paged) = match order {
            Order::Bytes => {
                let (shown, paged) = largest.finish(FLOWS);
                (shown.iter().map(|(key, flow)| FlowReport::new(&Ended { key, flow })).collect(), paged)
            }
            Order::Time => {
                let listed: Vec<FlowReport> = page.into_values().collect();
                let paged = PageInfo::new(FLOWS, flows.seen(), window.offset, listed.len());
                (listed, paged)
            }
        };
        let times = listed.iter_mut().flat_map(|flow| [&mut flow.start_time, &mut flow.end_time]);
        for text in times.flatten() {
            time::shorten(text, digits);
        }
        let mut over_time = match &over_time {
            OverTime::Protocol(timeline) => timeline.report(name, "protocol", &mut lists),
            OverTime::Host(timeline) => timeline.report(Address::to_string, "host", &mut lists),
        };
        if let Some(report) = &mut over_time {
            report.shorten(digits);
        }
        let parties = watch.evicted();
        let found = watch.finish(&talkers, digits, &mut lists);
        let (endpoints, top, applications) = talkers.report(digits, &mut lists);
        let (rankings, bytes_missing_at_most) = talkers.dropped();
        let protocol_hierarchy = hierarchy.report(maximum.taken(), &mut lists);
        Ok(Answer::from(Report {
            totals: totals.report(talkers.hosts_total()),
            copies: capture.decoder.copies(&mut lists),
            findings: found.findings,
            scans: found.scans,
            beacons: found.beacons,
            applications,
            endpoints,
            top,
            protocol_hierarchy,
            over_time,
            flows: listed,
            pages: [paged].into_iter().chain(lists.into_pages()).collect(),
            ending: Ending {
                limits: Limits {
                    evicted: Evicted {
                        flows: flows.evicted(),
                        rankings,
                        announcements: flows.announcements_evicted(),
                        parties,
                    },
                    bytes_missing_at_most,
                    decoding: capture.decoder.decoding.clone().told(),
                },
                note: maximum.note("packets"),
            },
        }))
    }
}

fn name(kind: &Kind) -> String {
    match kind {
        Ok(protocol) => protocol.name().to_owned(),
        Err(carrier) => carrier.name(),
    }
}
