//! Certificates that change for one name.

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text::at_least;

use super::rules::CHANGED;
use crate::facts::Facts;
use crate::limits;

/// Different certificates of one name that are kept.
const DIFFERENT: usize = 8;

/// The certificates of a name.
#[derive(Default)]
struct Known {
    /// Fingerprint and issuer of each.
    certificates: Vec<([u8; 32], String)>,
    /// Whether there were more.
    more: bool,
    connections: u64,
    evidence: Evidence,
}

/// Names with their certificates.
pub struct Names {
    names: BoundedMap<String, Known>,
}

impl Names {
    pub fn new() -> Self {
        Self { names: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, facts: &Facts) {
        let server = facts.side(Side::Server);
        let Some(name) = facts.offer.as_ref().and_then(|offer| offer.server_name.as_ref()) else { return };
        let (Some(first), Some(frame)) = (server.certificates.first(), server.certificate_frame) else { return };
        let Some(content) = &first.content else { return };
        let (known, _) = self.names.get_or_insert_with(name.to_ascii_lowercase(), Known::default);
        known.connections = known.connections.saturating_add(1);
        if known.certificates.iter().any(|(fingerprint, _)| *fingerprint == first.sha256) {
            return;
        }
        known.evidence.add(frame);
        if known.certificates.len() < DIFFERENT {
            known.certificates.push((first.sha256, content.issuer.clone()));
        } else {
            known.more = true;
        }
    }

    pub fn evicted(&self) -> u64 {
        self.names.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let found = |(name, known): (&String, &Known)| {
            let mut issuers: Vec<&String> = known.certificates.iter().map(|(_, issuer)| issuer).collect();
            issuers.sort_unstable();
            issuers.dedup();
            let different = known.certificates.len();
            let least = at_least(known.more);
            let measures = vec![
                Measure::count("certificates", different as u64).or_more(known.more),
                Measure::count("issuers", issuers.len() as u64),
                Measure::count("connections", known.connections),
            ];
            let observation =
                format!("One name had {least}{different} different certificates by {} issuers.", issuers.len());
            (issuers.len() > 1).then(|| CHANGED.finding(name.clone(), observation, measures, &known.evidence))
        };
        lower_bounds(self.names.iter().filter_map(found).collect(), self.evicted())
    }
}
