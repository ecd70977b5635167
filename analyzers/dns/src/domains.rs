//! Names by the domain that somebody registered.

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, TopK, Unique, entropy};
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::code_counts::{CodeCount, CodeCounts};
use crate::message::Message;
use crate::message::codes::{self, response};
use crate::names::Known;
use crate::question::Asked;
use crate::seen::{Seen, Service};
use crate::{limits, lists};

/// Types that carry data back; iodine asks for a private one (65399) too.
pub const DATA_TYPES: [u16; 7] = [
    codes::kind::CNAME,
    codes::kind::NULL,
    codes::kind::MX,
    codes::kind::TXT,
    codes::kind::KEY,
    codes::kind::SRV,
    65_399,
];

/// What is kept of a registered domain.
#[derive(Debug)]
pub struct Domain {
    /// Queries for names under it.
    pub queries: u64,
    /// Responses about names under it.
    pub responses: u64,
    /// Responses with NXDOMAIN.
    pub nxdomain: u64,
    /// Bytes of queries.
    pub octets_up: u64,
    /// Bytes of responses.
    pub octets_down: u64,
    /// Different names asked for.
    pub distinct: u64,
    /// Types asked for.
    pub types: CodeCounts,
    /// Queries for types that carry data back.
    pub data_queries: u64,
    /// Bytes of labels left of the domain, over all different names.
    pub label_octets: u64,
    /// Sum of their entropies, in bits per byte.
    pub label_entropy: f64,
    /// Frames that asked for a name that was new.
    pub evidence: Evidence,
    /// It may have been here before and made room.
    pub at_least: bool,
    /// A name may have been counted twice.
    pub distinct_at_most: bool,
}

/// A registered domain in the report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DomainReport {
    /// The domain. Text from the capture.
    pub domain: String,
    /// Queries for names under it.
    pub queries: u64,
    /// Responses about names under it.
    pub responses: u64,
    /// Responses with NXDOMAIN.
    pub nxdomain: u64,
    /// Share of NXDOMAIN among the responses, 0 to 1. Absent without responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nxdomain_share: Option<f64>,
    /// Different names asked for.
    pub distinct_names: u64,
    /// There were so many names that some may have been counted twice: `distinct_names` is at most what it says.
    #[serde(skip_serializing_if = "is_default")]
    pub distinct_names_at_most: bool,
    /// Bytes of queries.
    pub octets_up: u64,
    /// Bytes of responses.
    pub octets_down: u64,
    /// Types asked for: the first 8 different ones, and pages of all by their numbers.
    pub types: Vec<CodeCount>,
    /// Queries for other types than those.
    #[serde(skip_serializing_if = "is_default")]
    pub queries_of_other_types: u64,
    /// There were so many domains that this one may have made room for others before: its numbers are at least these.
    #[serde(skip_serializing_if = "is_default")]
    pub at_least: bool,
    /// Mean number of bytes in front of the domain, over the different names.
    pub mean_label_octets: f64,
    /// Mean entropy of what stands in front of the domain, in bits per byte.
    pub mean_label_entropy: f64,
}

/// How often a name was asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NameCount {
    /// The name, in lower case. Text from the capture.
    pub name: String,
    /// Queries for it.
    pub queries: u64,
    /// By how much that may be too high; absent when it is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<u64>,
}

/// Names and domains of plain DNS.
pub struct Domains {
    table: BoundedMap<String, Domain>,
    others: Others<String, Domain>,
    different: Distinct,
    names: BoundedMap<u64, ()>,
    top: TopK<Known>,
    /// Those of questions of all services.
    unique: Unique<String>,
}

impl Domains {
    /// No names yet; `lists` tells which of the different ones will be listed.
    pub fn new(lists: &Lists) -> Self {
        Self {
            table: BoundedMap::new(limits::DOMAINS),
            others: Others::new(lists::DOMAINS, lists),
            different: Distinct::new(),
            names: BoundedMap::new(limits::NAMES),
            top: TopK::of(lists::TOP_NAMES, limits::TOP_NAMES, lists),
            unique: Unique::new(lists::UNIQUE_DOMAINS, limits::DISTINCT_NAMES_LISTED, limits::DISTINCT_NAMES, lists),
        }
    }

    /// Takes a question name of any protocol, asked or answered.
    pub fn name(&mut self, name: &Known) {
        let mut places = name.places.get();
        if places.is_counted {
            return;
        }
        places.is_counted = true;
        name.places.set(places);
        self.unique.add(&name.wire()[..], || name.text().to_owned());
    }

    /// Takes a message of plain DNS.
    pub fn add(&mut self, seen: &Seen, message: &Message<'_>, asked: &Asked) {
        if seen.service != Service::Dns {
            return;
        }
        let (name, domain) = (&asked.name, asked.name.domain());
        let mut places = name.places.get();
        let at_least = self.table.evicted() > 0;
        let make = || (domain.to_owned(), Domain::new(at_least));
        let (entry, is_new) = self.table.entry_near(&mut places.domain, domain, make, |_, _| ());
        // What is in the table was counted before.
        if is_new {
            self.different.add(domain);
        } else {
            self.different.again();
        }
        let other = self.others.entry(domain, || domain.to_owned(), || Domain::new(false)).map(|(_, entry)| entry);
        let both = [Some(entry), other].into_iter().flatten();
        if message.header.is_response() {
            both.for_each(|entry| entry.answered(message));
            name.places.set(places);
            return;
        }
        let mut new = None;
        let (at_most, hash) = (self.names.evicted() > 0, name.hash());
        if self.names.entry_near(&mut places.name, &hash, || (hash, ()), |_, ()| ()).1 {
            let labels: Vec<u8> = name.below_domain().bytes().filter(|octet| *octet != b'.').collect();
            new = Some(New { octets: labels.len() as u64, entropy: entropy(&labels), at_most });
        }
        both.for_each(|entry| entry.asked(seen.frame, message, asked.kind, new.as_ref()));
        self.top.add_near(&mut places.top, name, 1);
        name.places.set(places);
    }

    /// All domains, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Domain)> {
        self.table.iter()
    }

    /// How many different question names there were, and whether that is exact.
    pub fn distinct(&self) -> (u64, bool) {
        (self.unique.count(), self.unique.is_exact())
    }

    /// Different question names.
    pub fn listed(&self, lists: &mut Lists) -> Vec<String> {
        self.unique.list(lists)
    }

    /// How many domains there were, and whether that is exact.
    pub fn total(&self) -> (u64, bool) {
        (self.different.count(), self.different.is_exact())
    }

    /// Domains and names that had to make room.
    pub fn evicted(&self) -> (u64, u64) {
        (self.table.evicted(), self.names.evicted())
    }

    /// The domains most asked for.
    pub fn top(&self, lists: &mut Lists) -> Vec<DomainReport> {
        let mut all: Vec<(&String, &Domain)> = self.table.iter().collect();
        all.sort_by_key(|(name, domain)| {
            (std::cmp::Reverse(domain.queries), std::cmp::Reverse(domain.responses), *name)
        });
        let places = lists.place(lists::DOMAINS)..;
        let has = |domain: &String| self.table.get(domain).is_some();
        let listed = self.others.list(all, limits::LISTED, self.different.count(), has, lists);
        places.zip(listed).map(|(place, (name, domain))| domain.report(name, place, lists)).collect()
    }

    /// The names most asked for, and whether their counts are exact.
    pub fn top_names(&self, lists: &mut Lists) -> (Vec<NameCount>, bool) {
        let names = self.top.list(limits::LISTED, lists).into_iter().map(|top| NameCount {
            name: top.key.text().to_owned(),
            queries: top.count,
            error: (top.error > 0).then_some(top.error),
        });
        (names.collect(), self.top.is_exact())
    }
}

/// A name under a domain that was not asked for before.
struct New {
    /// Bytes of its labels left of the domain, and their entropy.
    octets: u64,
    entropy: f64,
    /// Whether it may have been here before.
    at_most: bool,
}

impl Domain {
    /// Takes a response about a name under it.
    fn answered(&mut self, message: &Message<'_>) {
        self.responses = self.responses.saturating_add(1);
        self.nxdomain = self.nxdomain.saturating_add(u64::from(message.rcode() == response::NXDOMAIN));
        self.octets_down = self.octets_down.saturating_add(message.octets().len() as u64);
    }

    /// Takes a query for a name under it.
    fn asked(&mut self, frame: u64, message: &Message<'_>, kind: u16, new: Option<&New>) {
        self.queries = self.queries.saturating_add(1);
        self.octets_up = self.octets_up.saturating_add(message.octets().len() as u64);
        self.types.add(kind);
        self.data_queries = self.data_queries.saturating_add(DATA_TYPES.contains(&kind).into());
        if let Some(new) = new {
            self.distinct_at_most |= new.at_most;
            self.distinct = self.distinct.saturating_add(1);
            self.label_octets = self.label_octets.saturating_add(new.octets);
            self.label_entropy += new.entropy;
            self.evidence.add(frame);
        }
    }

    fn new(at_least: bool) -> Self {
        Self {
            queries: 0,
            responses: 0,
            nxdomain: 0,
            octets_up: 0,
            octets_down: 0,
            distinct: 0,
            types: CodeCounts::keeping(lists::DOMAIN_TYPES, limits::DOMAIN_TYPES),
            label_octets: 0,
            label_entropy: 0.0,
            evidence: Evidence::default(),
            data_queries: 0,
            at_least,
            distinct_at_most: false,
        }
    }

    /// Mea bytes in front of the domain, over the different names.
    pub fn mean_label_octets(&self) -> f64 {
        ratio(self.label_octets as f64, self.distinct)
    }

    /// Mean entropy of what stands in front of the domain.
    pub fn mean_label_entropy(&self) -> f64 {
        ratio(self.label_entropy, self.distinct)
    }

    fn report(&self, name: &str, place: usize, lists: &mut Lists) -> DomainReport {
        let two_digits = |value: f64| (value * 100.0).round() / 100.0;
        DomainReport {
            domain: name.to_owned(),
            queries: self.queries,
            responses: self.responses,
            nxdomain: self.nxdomain,
            nxdomain_share: (self.responses > 0).then(|| two_digits(ratio(self.nxdomain as f64, self.responses))),
            distinct_names: self.distinct,
            distinct_names_at_most: self.distinct_at_most,
            octets_up: self.octets_up,
            octets_down: self.octets_down,
            types: self.types.list(codes::record_type, &[place], lists),
            queries_of_other_types: self.types.others(),
            at_least: self.at_least,
            mean_label_octets: two_digits(self.mean_label_octets()),
            mean_label_entropy: two_digits(self.mean_label_entropy()),
        }
    }
}

fn ratio(value: f64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { value / of as f64 }
}
