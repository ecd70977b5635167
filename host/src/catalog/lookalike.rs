//! What looks like something of this program's own: a tool that a model or a person would take for a built-in one.
//!
//! Texts are compared as they are seen: by their skeletons (UTS 39, "confusable detection"), without case and what stands between words. Words that
//! have six letters or more may differ by a letter and still look alike; of shorter ones, such as `icmp` and `igmp`, each letter tells.

use crate::catalog::Catalog;

/// Names of this program's tools, and titles of its tools and prompts, whichever modules are offered.
const TOOLS: [&str; 10] = [
    "analyze_capinfos",
    "analyze_dhcp_packets",
    "analyze_dns_packets",
    "analyze_icmp_packets",
    "analyze_sip_packets",
    "analyze_tcp_anomalies",
    "analyze_tcp_connections",
    "analyze_tcp_retransmissions",
    "analyze_traffic_flow",
    "get_frames",
];
const PROMPTS: [&str; 17] = [
    "capture_overview",
    "dhcp_forensic_investigation",
    "dhcp_network_analysis",
    "dhcp_security_analysis",
    "forensic_investigation",
    "icmp_forensic_investigation",
    "icmp_network_diagnostics",
    "icmp_security_analysis",
    "network_troubleshooting",
    "security_analysis",
    "sip_forensic_investigation",
    "sip_security_analysis",
    "sip_troubleshooting_analysis",
    "tcp_connection_troubleshooting",
    "tcp_forensic_investigation",
    "tcp_security_analysis",
    "triage",
];
const TITLES: [&str; 27] = [
    "Capture file overview",
    "DHCP analysis",
    "DHCP forensics",
    "DHCP operations",
    "DHCP security analysis",
    "DNS analysis",
    "DNS forensics",
    "DNS security analysis",
    "DNS troubleshooting",
    "ICMP analysis",
    "ICMP diagnostics",
    "ICMP forensics",
    "ICMP security analysis",
    "Overview of an unknown capture",
    "SIP analysis",
    "SIP forensics",
    "SIP security analysis",
    "SIP troubleshooting",
    "Single frames",
    "TCP anomalies",
    "TCP connections",
    "TCP forensics",
    "TCP retransmissions",
    "TCP security analysis",
    "TCP traffic to and from a server",
    "TCP troubleshooting",
    "Triage of an unknown capture",
];
/// The program's name.
const PROGRAM: &str = "mcpcap";
/// Words that names of this program's tools begin with.
const VERBS: [&str; 4] = ["analyze", "get", "list", PROGRAM];
/// Letters of a word for each that may be another.
const LETTERS: usize = 6;

/// What of this program's own a component's name looks like.
pub(super) fn of_component(name: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let first = name.split('-').next().unwrap_or_default();
    let verb = VERBS.into_iter().find(|verb| is_like(first, verb));
    let whole = || Catalog::modules().chain(words.iter().copied()).find(|own| is_like(name, own));
    verb.or_else(whole).or_else(|| names_program(name))
}

/// What of this program's own the name of a tool or prompt looks like, `full` with its prefix and `own` without.
pub(super) fn of_name(full: &str, own: &str) -> Option<&'static str> {
    let whole = TOOLS.into_iter().chain(PROMPTS).find(|name| is_like(full, name));
    // Many clients put a prefix in front; behind one it would look the same.
    let behind = || TOOLS.into_iter().find(|name| is_like(own, name));
    whole.or_else(behind).or_else(|| names_program(full))
}

/// What of this program's own a title looks like.
pub(super) fn of_title(title: &str) -> Option<&'static str> {
    let seen = seen(title);
    TITLES.into_iter().chain(TOOLS).find(|own| seen == self::seen(own)).or_else(|| names_program(title))
}

/// Whether one of the words, or some of them together, are the program's name.
fn names_program(text: &str) -> Option<&'static str> {
    let is_program = words(text).iter().any(|word| is_near(word, &seen(PROGRAM)));
    (is_program || seen(text).contains(&seen(PROGRAM))).then_some(PROGRAM)
}

/// Whether two names look alike: the same letters, however they are divided, or word by word.
fn is_like(name: &str, own: &str) -> bool {
    let (words, theirs) = (words(name), words(own));
    let by_word = words.len() == theirs.len() && words.iter().zip(&theirs).all(|(word, own)| is_near(word, own));
    by_word || seen(name) == seen(own)
}

fn is_near(word: &str, own: &str) -> bool {
    let most = own.chars().count().checked_div(LETTERS).unwrap_or_default();
    word == own || (most > 0 && strsim::osa_distance(word, own) <= most)
}

/// The words of a text, each as it is seen.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(seen).collect()
}

/// A text as it is seen: letters and digits alone, those that look alike the same.
fn seen(text: &str) -> String {
    let skeleton: String = unicode_security::skeleton(text).filter(|character| character.is_alphanumeric()).collect();
    // UTS 39 has rn for m and l for 1 and I, but nothing for this pair; case is what many fonts hardly show.
    skeleton.to_lowercase().replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Sandbox;
    use crate::settings::Limits;

    #[test]
    fn all_that_is_ours_is_known_here() {
        let catalog = Catalog::builtin(&Sandbox::new().unwrap(), "", &Limits::default()).unwrap();
        let mut tools: Vec<&str> = catalog.tools.iter().map(|tool| tool.name.as_str()).collect();
        let mut prompts: Vec<&str> = catalog.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        let mut titles: Vec<&str> = catalog.tools.iter().map(|tool| tool.title.as_str()).collect();
        titles.extend(catalog.prompts.iter().map(|prompt| prompt.title.as_str()));
        for names in [&mut tools, &mut prompts, &mut titles] {
            names.sort_unstable();
        }
        assert_eq!((tools, prompts, titles), (TOOLS.to_vec(), PROMPTS.to_vec(), TITLES.to_vec()));
    }

    #[test]
    fn letters_that_look_alike_are_the_same() {
        for (one, other) in [
            ("l0g", "1og"),
            ("rncpcap", "mcpcap"),
            ("flovv", "flow"),
            ("analyze-dns_packets", "analyze_dns_packets"),
            ("anaIyze", "analyze"),
            ("\u{430}n\u{430}lyze", "analyze"),
            ("\u{ff44}ns", "DNS"),
            ("\u{1d41d}ns", "dns"),
            ("d\u{301}ns", "dns"),
            ("\u{13a0}NS", "DNS"),
        ] {
            assert_eq!(seen(one), seen(other), "{one} {other}");
        }
        assert!(!is_like("igmp", "icmp") && !is_like("dccp_security_analysis", "dhcp_security_analysis"));
    }
}
