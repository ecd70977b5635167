//! Algorithmically generated domain names: a client asks for many registered domains that do not exist and look random.

use std::collections::HashSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::{BoundedMap, FixedHash, entropy};
use mcpcap_analyzer::text::at_least;

use super::thresholds::{GENERATED_DOMAINS, GENERATED_SHARE};
use crate::question::Asked;
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "dns_generated_names",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "10 or more different registered domains answered with NXDOMAIN to one client whose second-level label looks random, and at \
                least 40 % of all that did not exist; random: 7 or more characters and two of: five consonants in a row, less than 20 % \
                vowels, two changes between letters and digits, four such changes, normalised entropy of 0.9 from 12 characters on",
    false_alarm: "Browsers probe for NXDOMAIN rewriting, misconfigured software asks for internal names, and languages with long consonant \
                  clusters look random to this rule. Generators that join dictionary words are not seen by it.",
};

/// Clients that are followed, and domains of each.
const CLIENTS: usize = 512;
const DOMAINS: usize = 256;

pub(super) struct Watch {
    clients: BoundedMap<IpAddr, Client>,
}

#[derive(Default)]
struct Client {
    seen: HashSet<u64, FixedHash>,
    random: u64,
    /// There were others than those that were seen.
    more: bool,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { clients: BoundedMap::new(CLIENTS) }
    }

    /// Takes a registered domain that does not exist, as a client was told.
    pub(super) fn take(&mut self, seen: &Seen, asked: &Asked) {
        let domain = asked.name.domain();
        let Some((label, _)) = domain.split_once('.') else { return };
        if domain.ends_with(".arpa") {
            return;
        }
        let (client, _) = self.clients.get_or_insert_with(seen.destination.address, Client::default);
        let hash = asked.name.domain_hash();
        if client.seen.len() >= DOMAINS {
            client.more |= !client.seen.contains(&hash);
            return;
        }
        if !client.seen.insert(hash) {
            return;
        }
        if looks_random(label) {
            client.random = client.random.saturating_add(1);
            client.evidence.add(seen.frame);
        }
    }

    /// Entries that had to make room.
    pub(super) fn evicted(&self) -> u64 {
        self.clients.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let share = |client: &Client| client.random as f64 / client.seen.len().max(1) as f64;
        let found = self
            .clients
            .iter()
            .filter(|(_, client)| client.random >= GENERATED_DOMAINS && share(client) >= GENERATED_SHARE);
        let finding = |(address, client): (&IpAddr, &Client)| {
            let all = client.seen.len() as u64;
            let is_least = client.more || self.evicted() > 0;
            let least = at_least(is_least);
            let observation = format!(
                "{address} asked for {least}{all} registered domains that do not exist; {least}{} of them have a label that looks random.",
                client.random
            );
            let measures = vec![
                Measure::count("random_domains", client.random).or_more(is_least),
                Measure::count("nonexistent_domains", all).or_more(is_least),
                Measure::new("share", share(client)),
            ];
            RULE.finding(address.to_string(), observation, measures, &client.evidence)
        };
        found.map(finding).collect()
    }
}

/// Whether a label looks random: see the rule's threshold. Encoded international labels are not judged.
fn looks_random(label: &str) -> bool {
    let text = label.as_bytes();
    if text.len() < 7 || label.starts_with("xn--") {
        return false;
    }
    let is_vowel = |octet: &u8| b"aeiouy".contains(octet);
    let letters = text.iter().filter(|octet| octet.is_ascii_lowercase()).count();
    let vowels = text.iter().filter(|octet| is_vowel(octet)).count();
    let mut run = 0_usize;
    let mut longest_run = 0;
    let mut changes = 0_usize;
    let mut previous: Option<u8> = None;
    for octet in text {
        run = if octet.is_ascii_lowercase() && !is_vowel(octet) { run.saturating_add(1) } else { 0 };
        longest_run = longest_run.max(run);
        let changed = previous.is_some_and(|previous| {
            previous.is_ascii_digit() && octet.is_ascii_lowercase()
                || previous.is_ascii_lowercase() && octet.is_ascii_digit()
        });
        changes = changes.saturating_add(usize::from(changed));
        previous = Some(*octet);
    }
    let normalised = entropy(text) / (text.len() as f64).log2();
    let signs = [
        longest_run >= 5,
        letters > 0 && (vowels as f64) < letters as f64 * 0.2,
        changes >= 2,
        changes >= 4,
        text.len() >= 12 && normalised >= 0.9,
    ];
    signs.into_iter().filter(|sign| *sign).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_look_random() {
        for label in [
            "example",
            "facebook",
            "googleusercontent",
            "stackexchange",
            "nashaucheba",
            "samsungdm",
            "wikipedia",
            "youtube",
            "cloudfront",
            "doubleclick",
            "microsoftonline",
            "windowsupdate",
            "akamaiedge",
            "bbc",
            "3dprinting",
            "office365",
        ] {
            assert!(!looks_random(label), "{label}");
        }
    }

    #[test]
    fn generated_labels_do() {
        // Conficker, Necurs, Kraken and Ramnit style.
        for label in ["qjxvkzwbt", "kjhgtrvbnmxz", "xkqzvbnrtw", "a8f3k2m9q1", "vhtpgmkvbwrd", "pqzrlwtxkcjd"] {
            assert!(looks_random(label), "{label}");
        }
    }
}
