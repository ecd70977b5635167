//! Data carried in names that have no domain in common: a client sends them to one server, which need not own any domain.

use std::collections::HashSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::{BoundedMap, FixedHash, entropy};
use mcpcap_analyzer::text::{at_least, counted};
use smallvec::SmallVec;

use super::thresholds::{DIRECT_SHARE, TUNNEL_ENTROPY, TUNNEL_NAMES, TUNNEL_OCTETS};
use crate::domains::DATA_TYPES;
use crate::hashes;
use crate::message::Message;
use crate::question::Asked;
use crate::recent::Recent;
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "dns_tunnel_without_domain",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "one client asks one server for 30 or more registered domains whose first name is long (30 or more bytes in its labels) and \
                looks random (3.5 or more bits of entropy per byte) or is asked for as TXT, NULL, CNAME, MX, KEY or SRV, and these are 20 % or \
                more of all domains that it asks that server for; or for names of two or more labels with 30 or more different last labels \
                that are no top-level domains, whatever else it asks for; confidence is high when either is half of all domains",
    false_alarm: "Measurements of resolvers, and scans that ask for random names. Ordinary long names share a few domains, for each of which only \
                  the first name counts here.",
};

/// Clients and servers that are followed, and domains of each.
const PAIRS: usize = 128;
const DOMAINS: usize = 1024;

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
    recent: Recent,
}

#[derive(Default)]
struct Pair {
    domains: Digests,
    more: bool,
    long: u64,
    octets: u64,
    /// Last labels that are no top-level domains.
    last_labels: Digests,
    more_labels: bool,
    evidence: Evidence,
}

/// Different digests. Most pairs have so few that it is quicker to look at one after the other, and to allocate nothing.
#[derive(Default)]
struct Digests {
    few: SmallVec<[u64; 4]>,
    many: HashSet<u64, FixedHash>,
}

impl Digests {
    fn len(&self) -> usize {
        self.few.len().saturating_add(self.many.len())
    }

    fn contains(&self, digest: &u64) -> bool {
        self.few.contains(digest) || (!self.many.is_empty() && self.many.contains(digest))
    }

    /// Adds one. Whether it was new.
    fn insert(&mut self, digest: u64) -> bool {
        if self.few.contains(&digest) {
            return false;
        }
        if self.few.len() < self.few.inline_size() {
            self.few.push(digest);
            return true;
        }
        self.many.insert(digest)
    }
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { pairs: BoundedMap::new(PAIRS), recent: Recent::new() }
    }

    /// Takes a message with its question.
    pub(super) fn take(&mut self, seen: &Seen, message: &Message<'_>, asked: &Asked) {
        let domain = asked.name.domain();
        if message.header.is_response() || domain.ends_with(".arpa") {
            return;
        }
        let (client, server) = seen.parties(false);
        let place = self.recent.of_both(server, client);
        let pair = self.pairs.get_or_insert_near(place, (server, client), Pair::default, |_, _| ());
        let hash = asked.name.domain_hash();
        let has_room = pair.domains.len() < DOMAINS;
        if pair.domains.contains(&hash) {
            return;
        }
        if !asked.name.ends_in_known()
            && let Some(last) = asked.name.labels().skip(1).last()
        {
            let last = hashes::of(last);
            if pair.last_labels.len() >= DOMAINS {
                pair.more_labels |= !pair.last_labels.contains(&last);
            } else if pair.last_labels.insert(last) {
                pair.evidence.add(seen.frame);
            }
        }
        if !has_room {
            pair.more = true;
            return;
        }
        pair.domains.insert(hash);
        let octets = asked.name.labels().fold(0_usize, |sum, label| sum.saturating_add(label.len()));
        if (octets as f64) < TUNNEL_OCTETS {
            return;
        }
        let labels: Vec<u8> = asked.name.labels().flatten().copied().collect();
        if entropy(&labels) >= TUNNEL_ENTROPY || DATA_TYPES.contains(&asked.kind) {
            pair.long = pair.long.saturating_add(1);
            pair.octets = pair.octets.saturating_add(labels.len() as u64);
            pair.evidence.add(seen.frame);
        }
    }

    /// Entries that had to make room.
    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let last_labels = |pair: &Pair| pair.last_labels.len() as u64;
        let share_of = |part: u64, pair: &Pair| part as f64 / pair.domains.len().max(1) as f64;
        let share = |pair: &Pair| share_of(pair.long.max(last_labels(pair)), pair).min(1.0);
        let is_found = |pair: &Pair| {
            let long = pair.long >= TUNNEL_NAMES && share_of(pair.long, pair) >= DIRECT_SHARE;
            long || last_labels(pair) >= TUNNEL_NAMES
        };
        let found = self.pairs.iter().filter(|(_, pair)| is_found(pair));
        let finding = |((server, client), found): (&(IpAddr, IpAddr), &Pair)| {
            let all = found.domains.len() as u64;
            let last_labels = last_labels(found);
            let gone = self.evicted() > 0;
            let more_labels = found.more_labels || gone;
            let observation = format!(
                "{client} asked {server} for long names of {}{} of {}{} ({} bytes); {}{} no TLD.",
                at_least(gone),
                found.long,
                if found.more { "the first " } else { "" },
                counted(all, "domain"),
                found.octets,
                at_least(more_labels),
                counted(last_labels, "last label") + if last_labels == 1 { " is" } else { " are" },
            );
            let measures = vec![
                Measure::count("long_names", found.long).or_more(gone),
                Measure::count("last_labels", last_labels).or_more(more_labels),
                Measure::count("domains", all).or_more(gone || found.more),
                Measure::new("share", share(found)),
                Measure::count("label_bytes", found.octets).or_more(gone),
            ];
            let confidence = if share(found) >= 0.5 { Confidence::High } else { RULE.confidence };
            Finding {
                confidence,
                ..RULE.finding(format!("{client} to {server}"), observation, measures, &found.evidence)
            }
        };
        found.map(finding).collect()
    }
}
