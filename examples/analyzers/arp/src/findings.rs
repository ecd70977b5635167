//! What an analyst would want to be told.

use std::collections::BTreeMap;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};

use crate::message::Mac;
use crate::table::{Bindings, Claim};

const MOST: usize = 100;
const GRATUITOUS_MANY: u64 = 20;

const DUPLICATE: Rule = Rule {
    name: "arp_duplicate_binding",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "2 hardware addresses for one IPv4 address",
    false_alarm: "addresses that move between machines: failover pairs, VRRP without virtual hardware addresses, a replaced network card, \
                  DHCP leases given out again",
};

const FLOOD: Rule = Rule {
    name: "arp_gratuitous_flood",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "20 announcements or gratuitous replies of one sender hardware address",
    false_alarm: "failover clusters and virtual machine migrations announce all their addresses at once",
};

/// Addresses that several hardware addresses claim.
pub fn duplicates(bindings: &Bindings) -> Vec<Finding> {
    let mut claims: BTreeMap<_, Vec<&Claim>> = BTreeMap::new();
    for ((ip, _), claim) in bindings {
        claims.entry(*ip).or_default().push(claim);
    }
    let several = claims.into_iter().filter(|(_, claims)| claims.len() > 1);
    let found = several.map(|(ip, mut claims)| {
        let packets = claims.iter().map(|claim| claim.packets).sum();
        claims.sort_by_key(|claim| claim.first);
        let mut evidence = Evidence::default();
        claims.iter().for_each(|claim| evidence.add(claim.first));
        let measures =
            vec![Measure::count("hardware_addresses", claims.len() as u64), Measure::count("packets", packets)];
        let observation = "one IPv4 address was claimed by several hardware addresses".to_owned();
        DUPLICATE.finding(ip.to_string(), observation, measures, &evidence)
    });
    found.take(MOST).collect()
}

/// Senders of many messages that nobody asked for.
pub fn floods(gratuitous: &BTreeMap<Mac, Evidence>) -> Vec<Finding> {
    let many = gratuitous.iter().filter(|(_, evidence)| evidence.total() >= GRATUITOUS_MANY);
    let found = many.map(|(mac, evidence)| {
        let measures = vec![Measure::count("gratuitous_messages", evidence.total())];
        let observation = "one hardware address sent many gratuitous ARP messages".to_owned();
        FLOOD.finding(mac.to_string(), observation, measures, evidence)
    });
    found.take(MOST).collect()
}
