//! Errors: who reports that what did not arrive, path MTUs, redirects.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::decode::Quoted;
use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Several};
use serde::Serialize;

use crate::codes;
use crate::limits;
use crate::message::{Message, Version};

const UNREACHABLE: &str = "statistics.unreachable_destinations";
const MTUS: &str = "statistics.path_mtus";
const REDIRECTS: &str = "statistics.redirects";
/// The lists within their entries, by the names under which a page of one can be asked for.
pub const PORTS: &str = "statistics.unreachable_destinations[].ports";
pub const UNREACHABLE_FRAMES: &str = "statistics.unreachable_destinations[].frames";
pub const MTU_FRAMES: &str = "statistics.path_mtus[].frames";
pub const REDIRECT_FRAMES: &str = "statistics.redirects[].frames";

/// What is unreachable, and by whose word.
type Unreachable = (IpAddr, Version, u8, IpAddr);

/// All errors.
pub struct Errors {
    unreachable: BoundedMap<Unreachable, Counted>,
    ports: Pool,
    mtus: BoundedMap<(IpAddr, IpAddr), Mtu>,
    redirects: BoundedMap<(IpAddr, IpAddr, IpAddr), Evidence>,
    other_unreachable: Others<Unreachable, Counted>,
    other_mtus: Others<(IpAddr, IpAddr), Mtu>,
    other_redirects: Others<(IpAddr, IpAddr, IpAddr), Evidence>,
    different: Different,
}

/// How many different ones there were, with those that made room.
#[derive(Default)]
pub struct Different {
    /// Destinations that packets did not reach.
    pub destinations: Distinct,
    /// Destinations, with the code and who says so.
    pub unreachable: Distinct,
    /// Paths with an MTU.
    pub mtus: Distinct,
    /// Redirects.
    pub redirects: Distinct,
}

struct Counted {
    evidence: Evidence,
    ports: Several<u16>,
    protocol: u8,
}

struct Mtu {
    smallest: u32,
    reporter: IpAddr,
    evidence: Evidence,
}

impl Counted {
    fn new() -> Self {
        Self { evidence: Evidence::default(), ports: Several::of(PORTS), protocol: 0 }
    }
}

impl Errors {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            other_unreachable: Others::new(UNREACHABLE, lists),
            other_mtus: Others::new(MTUS, lists),
            other_redirects: Others::new(REDIRECTS, lists),
            unreachable: BoundedMap::new(limits::ENTRIES),
            ports: Pool::new(limits::VALUES),
            mtus: BoundedMap::new(limits::ENTRIES),
            redirects: BoundedMap::new(limits::ENTRIES),
            different: Different::default(),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.unreachable.evicted().saturating_add(self.mtus.evicted()).saturating_add(self.redirects.evicted())
    }

    /// Redirects: who said it, the better first hop, for which destination.
    pub fn redirects(&self) -> impl Iterator<Item = (&(IpAddr, IpAddr, IpAddr), &Evidence)> {
        self.redirects.iter()
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64) {
        if let Some((gateway, destination)) = message.redirect() {
            let key = (message.source, gateway, destination);
            self.different.redirects.add(&key);
            self.redirects.get_or_insert_with(key, Evidence::default).0.add(frame);
            if let Some((_, evidence)) = self.other_redirects.entry(&key, || key, Evidence::default) {
                evidence.add(frame);
            }
        }
        let Some(quoted) = &message.quoted else { return };
        if let Some(mtu) = message.mtu() {
            let entry = || Mtu { smallest: mtu, reporter: message.source, evidence: Evidence::default() };
            let key = (quoted.source, quoted.destination);
            self.different.mtus.add(&key);
            let other = self.other_mtus.entry(&key, || key, entry).map(|(_, known)| known);
            let (known, _) = self.mtus.get_or_insert_with(key, entry);
            for known in [Some(known), other].into_iter().flatten() {
                if mtu < known.smallest {
                    (known.smallest, known.reporter) = (mtu, message.source);
                }
                known.evidence.add(frame);
            }
        } else if message.is_unreachable() {
            let key = (quoted.destination, message.version, message.code, message.source);
            self.different.unreachable.add(&key);
            self.different.destinations.add(&quoted.destination);
            let (counted, gone) = self.unreachable.get_or_insert_with(key, Counted::new);
            if let Some((_, gone)) = gone {
                gone.ports.release(&mut self.ports);
            }
            let other = self.other_unreachable.entry(&key, || key, Counted::new).map(|(_, counted)| counted);
            for counted in [Some(counted), other].into_iter().flatten() {
                counted.evidence.add(frame);
                counted.protocol = quoted.protocol;
                if let Some((_, port)) = quoted.ports {
                    counted.ports.add(&port, &mut self.ports);
                }
            }
        }
    }

    /// How many different ones there were.
    pub fn different(&self) -> &Different {
        &self.different
    }

    /// What is unreachable, the most frequent first.
    pub fn unreachable(&self, lists: &mut Lists) -> Vec<UnreachableReport> {
        let mut all: Vec<_> = self.unreachable.iter().collect();
        all.sort_by_key(|(key, counted)| (Reverse(counted.evidence.total()), **key));
        let (total, has) =
            (self.different.unreachable.count(), |key: &Unreachable| self.unreachable.get(key).is_some());
        let listed = self.other_unreachable.list(all, limits::LIST_ENTRIES, total, has, lists);
        let places = lists.place(UNREACHABLE)..;
        let reports = places.zip(listed).map(|(place, ((destination, version, code, reporter), counted))| {
            let kind = if *version == Version::V4 { codes::kind::UNREACHABLE } else { codes::kind::V6_UNREACHABLE };
            UnreachableReport {
                destination: *destination,
                reported_by: *reporter,
                code: *code,
                code_name: codes::code_name(*version, kind, *code).unwrap_or_default(),
                protocol: codes::protocol_name(counted.protocol),
                ports: lists.several(PORTS, &[place], &counted.ports).into_iter().map(|(port, _)| *port).collect(),
                ports_total: counted.ports.total(),
                ports_total_is_estimate: !counted.ports.is_exact(),
                count: counted.evidence.total(),
                frames: lists.evidence(UNREACHABLE_FRAMES, place, &counted.evidence),
            }
        });
        reports.collect()
    }

    /// Path MTUs.
    pub fn path_mtus(&self, lists: &mut Lists) -> Vec<MtuReport> {
        let mut all: Vec<_> = self.mtus.iter().collect();
        all.sort_by_key(|(key, _)| **key);
        let (total, has) = (self.different.mtus.count(), |key: &(IpAddr, IpAddr)| self.mtus.get(key).is_some());
        let listed = self.other_mtus.list(all, limits::LIST_ENTRIES, total, has, lists);
        let places = lists.place(MTUS)..;
        let reports = places.zip(listed).map(|(place, ((source, destination), mtu))| MtuReport {
            source: *source,
            destination: *destination,
            mtu: mtu.smallest,
            reported_by: mtu.reporter,
            count: mtu.evidence.total(),
            frames: lists.evidence(MTU_FRAMES, place, &mtu.evidence),
        });
        reports.collect()
    }

    /// Redirects, as a list.
    pub fn redirect_reports(&self, lists: &mut Lists) -> Vec<RedirectReport> {
        let mut all: Vec<_> = self.redirects.iter().collect();
        all.sort_by_key(|(key, evidence)| (Reverse(evidence.total()), **key));
        let has = |key: &(IpAddr, IpAddr, IpAddr)| self.redirects.get(key).is_some();
        let total = self.different.redirects.count();
        let listed = self.other_redirects.list(all, limits::LIST_ENTRIES, total, has, lists);
        let places = lists.place(REDIRECTS)..;
        let reports = places.zip(listed).map(|(place, ((router, gateway, destination), evidence))| RedirectReport {
            router: *router,
            gateway: *gateway,
            destination: *destination,
            count: evidence.total(),
            frames: lists.evidence(REDIRECT_FRAMES, place, evidence),
        });
        reports.collect()
    }
}

/// A destination that packets did not reach.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnreachableReport {
    /// Where the quoted packets were to go.
    pub destination: IpAddr,
    /// Who sent the error: the destination itself, or a router before it.
    pub reported_by: IpAddr,
    /// Number of the code.
    pub code: u8,
    /// Why it is unreachable: the name of the code.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub code_name: Cow<'static, str>,
    /// Protocol of the quoted packets.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: Cow<'static, str>,
    /// Their destination ports. Of many this is a page.
    pub ports: Vec<u16>,
    /// Different ones; the messages in `packets` (`icmp_type` chooses) have them all.
    pub ports_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ports_total_is_estimate: bool,
    /// Messages that say so.
    pub count: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// The MTU of a path, as routers report it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MtuReport {
    /// Sender of the packet that was too big.
    pub source: IpAddr,
    /// Where the packet was going.
    pub destination: IpAddr,
    /// The smallest one in bytes.
    pub mtu: u32,
    /// Router that says so.
    pub reported_by: IpAddr,
    /// Messages that say so.
    pub count: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// A redirect.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RedirectReport {
    /// Router that sent it.
    pub router: IpAddr,
    /// The better first hop that it names.
    pub gateway: IpAddr,
    /// For which destination.
    pub destination: IpAddr,
    /// Messages that say so.
    pub count: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// The packet that an error is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuotedReport {
    /// Sender of the quoted packet.
    pub source: IpAddr,
    /// Where the quoted packet was going.
    pub destination: IpAddr,
    /// Its transport: `UDP`, `TCP`, `ICMP`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: Cow<'static, str>,
    /// Its source port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_port: Option<u16>,
    /// Its destination port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_port: Option<u16>,
    /// Identifier and sequence number of a quoted echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_id: Option<u16>,
    /// Its sequence number, where it is an echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_seq: Option<u16>,
}

impl QuotedReport {
    /// The report on a quoted packet.
    pub fn new(quoted: &Quoted) -> Self {
        Self {
            source: quoted.source,
            destination: quoted.destination,
            protocol: codes::protocol_name(quoted.protocol),
            source_port: quoted.ports.map(|(source, _)| source),
            destination_port: quoted.ports.map(|(_, destination)| destination),
            icmp_id: quoted.icmp.map(|(_, identifier, _)| identifier),
            icmp_seq: quoted.icmp.map(|(_, _, sequence)| sequence),
        }
    }
}
