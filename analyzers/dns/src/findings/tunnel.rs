//! Data carried in names: many different, long, random ones under one registered domain.

use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::text::counted;

use super::thresholds::{TUNNEL_ENTROPY, TUNNEL_NAMES, TUNNEL_OCTETS, TUNNEL_TYPES};
use crate::domains::{Domain, Domains};

const RULE: Rule = Rule {
    name: "dns_tunnel",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "30 or more different names under one registered domain, with 30 or more bytes in front of the domain on average, and \
                either 3.5 or more bits of entropy per byte on average, or half of the queries for TXT, NULL, CNAME, MX, KEY or SRV; \
                confidence is high when it is both",
    false_alarm: "Lookups of file hashes and addresses by antivirus and mail filters, content networks and trackers with generated host \
                  names, and measurements of resolvers look the same. Compare the domain's owner, and who asks.",
};

pub(super) fn findings(domains: &Domains) -> Vec<Finding> {
    // A domain that may have been in the table before is counted anew.
    let found = |(name, domain): (&String, &Domain)| lower_bounds(vec![finding(name, domain)], domain.at_least.into());
    domains.iter().filter(|(name, domain)| matches(name, domain)).flat_map(found).collect()
}

fn matches(name: &str, domain: &Domain) -> bool {
    !name.ends_with(".arpa")
        && domain.distinct >= TUNNEL_NAMES
        && domain.mean_label_octets() >= TUNNEL_OCTETS
        && (is_random(domain) || carries_data(domain))
}

/// Short names between the long ones, with which a tunnel asks whether there is anything to fetch, pull the mean down.
fn is_random(domain: &Domain) -> bool {
    domain.mean_label_entropy() >= TUNNEL_ENTROPY
}

fn carries_data(domain: &Domain) -> bool {
    data_share(domain) >= TUNNEL_TYPES
}

fn data_share(domain: &Domain) -> f64 {
    if domain.queries == 0 { 0.0 } else { domain.data_queries as f64 / domain.queries as f64 }
}

fn finding(name: &str, domain: &Domain) -> Finding {
    let confidence = if is_random(domain) && carries_data(domain) { Confidence::High } else { RULE.confidence };
    let observation = format!(
        "{}{} different names under one registered domain, with {:.0} bytes in front of it on average: {} ({} bytes), {} ({} bytes).",
        if domain.distinct_at_most { "At most " } else { "" },
        domain.distinct,
        domain.mean_label_octets(),
        counted(domain.queries, "query"),
        domain.octets_up,
        counted(domain.responses, "response"),
        domain.octets_down
    );
    let measures = vec![
        match domain.distinct_at_most {
            true => Measure::new("distinct_names", domain.distinct as f64),
            false => Measure::count("distinct_names", domain.distinct),
        },
        Measure::new("mean_label_octets", domain.mean_label_octets()),
        Measure::new("mean_label_entropy_bits_per_octet", domain.mean_label_entropy()),
        Measure::new("data_type_share", data_share(domain)),
        Measure::count("octets_up", domain.octets_up),
        Measure::count("octets_down", domain.octets_down),
    ];
    Finding { confidence, ..RULE.finding(name.to_owned(), observation, measures, &domain.evidence) }
}
