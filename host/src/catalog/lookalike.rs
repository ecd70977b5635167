//! What looks like something of this program's own: a tool that a model or a person would take for a built-in one.
//!
//! Texts are compared as they are seen: by their skeletons (UTS 39, "confusable detection"), without case and what stands between words. Words that
//! have six letters or more may differ by a letter and still look alike; of shorter ones, such as `icmp` and `igmp`, each letter tells.

use std::sync::LazyLock;

use super::names::WORDS;
use crate::catalog::Catalog;

/// Names of this program's tools, and titles of its tools and prompts, whichever modules are offered.
const TOOLS: [&str; 17] = [
    "analyze_capinfos",
    "analyze_conversations",
    "analyze_dhcp_packets",
    "analyze_dns_packets",
    "analyze_http",
    "analyze_icmp_packets",
    "analyze_quic",
    "analyze_sip_packets",
    "analyze_tcp_anomalies",
    "analyze_tcp_connections",
    "analyze_tcp_retransmissions",
    "analyze_tls",
    "analyze_traffic_flow",
    "get_frames",
    "get_stream",
    "list_captures",
    "query_capture",
];
const PROMPTS: [&str; 23] = [
    "capture_overview",
    "dhcp_forensic_investigation",
    "dhcp_network_analysis",
    "dhcp_security_analysis",
    "forensic_investigation",
    "http_security_analysis",
    "http_troubleshooting",
    "icmp_forensic_investigation",
    "icmp_network_diagnostics",
    "icmp_security_analysis",
    "network_troubleshooting",
    "scan_and_beacon_hunting",
    "security_analysis",
    "sip_forensic_investigation",
    "sip_security_analysis",
    "sip_troubleshooting_analysis",
    "tcp_connection_troubleshooting",
    "tcp_forensic_investigation",
    "tcp_security_analysis",
    "tls_security_analysis",
    "tls_troubleshooting",
    "traffic_overview",
    "triage",
];
const TITLES: [&str; 40] = [
    "Capture file overview",
    "Conversations and endpoints",
    "DHCP analysis",
    "DHCP forensics",
    "DHCP operations",
    "DHCP security analysis",
    "DNS analysis",
    "DNS forensics",
    "DNS security analysis",
    "DNS troubleshooting",
    "Frames",
    "HTTP analysis",
    "HTTP security analysis",
    "HTTP troubleshooting",
    "Hunt for scans and beacons",
    "ICMP analysis",
    "ICMP diagnostics",
    "ICMP forensics",
    "ICMP security analysis",
    "List captures",
    "One conversation's data",
    "Overview of an unknown capture",
    "Overview of the traffic",
    "QUIC analysis",
    "SIP analysis",
    "SIP forensics",
    "SIP security analysis",
    "SIP troubleshooting",
    "SQL over a capture",
    "TCP anomalies",
    "TCP connections",
    "TCP forensics",
    "TCP retransmissions",
    "TCP security analysis",
    "TCP traffic to and from a server",
    "TCP troubleshooting",
    "TLS analysis",
    "TLS security analysis",
    "TLS troubleshooting",
    "Triage of an unknown capture",
];
/// The program's name.
const PROGRAM: &str = "mcpcap";
/// Words that names of this program's tools begin with.
const VERBS: [&str; 4] = ["analyze", "get", "list", PROGRAM];
/// Letters of a word for each that may be another.
const LETTERS: usize = 6;

/// A text as it is compared.
struct Form {
    seen: String,
    words: Vec<String>,
}

impl Form {
    fn of(text: &str) -> Self {
        let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        Self { seen: seen(text), words: words.map(seen).collect() }
    }

    /// Whether two look alike: the same letters, however they are divided, or word by word.
    fn is_like(&self, own: &Self) -> bool {
        let mut words = self.words.iter().zip(&own.words);
        let by_word = self.words.len() == own.words.len() && words.all(|(word, own)| is_near(word, own));
        by_word || self.seen == own.seen
    }
}

type Own = (&'static str, Form);

/// All that is this program's own, made ready once: a server starts with many analyzers.
struct Ours {
    verbs: Vec<Own>,
    components: Vec<Own>,
    tools: Vec<Own>,
    prompts: Vec<Own>,
    titles: Vec<Own>,
    program: Form,
}

static OURS: LazyLock<Ours> = LazyLock::new(|| {
    let forms = |names: &[&'static str]| names.iter().map(|name| (*name, Form::of(name))).collect();
    Ours {
        verbs: forms(&VERBS),
        components: forms(&Catalog::modules().chain(WORDS).collect::<Vec<_>>()),
        tools: forms(&TOOLS),
        prompts: forms(&PROMPTS),
        titles: forms(&TITLES),
        program: Form::of(PROGRAM),
    }
});

/// What of this program's own a component's name looks like.
pub(super) fn of_component(name: &str) -> Option<&'static str> {
    let (whole, first) = (Form::of(name), Form::of(name.split('-').next().unwrap_or_default()));
    let verb = like(&first, &OURS.verbs);
    verb.or_else(|| like(&whole, &OURS.components)).or_else(|| names_program(&whole))
}

/// What of this program's own the name of a tool or prompt looks like, `full` with its prefix and `own` without.
pub(super) fn of_name(full: &str, own: &str) -> Option<&'static str> {
    let (full, own) = (Form::of(full), Form::of(own));
    let whole = like(&full, &OURS.tools).or_else(|| like(&full, &OURS.prompts));
    // Many clients put a prefix in front; behind one it would look the same.
    whole.or_else(|| like(&own, &OURS.tools)).or_else(|| names_program(&full))
}

/// What of this program's own a title looks like.
pub(super) fn of_title(title: &str) -> Option<&'static str> {
    let title = Form::of(title);
    let same = OURS.titles.iter().chain(&OURS.tools).find(|(_, own)| own.seen == title.seen);
    same.map(|(own, _)| *own).or_else(|| names_program(&title))
}

fn like(form: &Form, ours: &[Own]) -> Option<&'static str> {
    ours.iter().find(|(_, own)| form.is_like(own)).map(|(name, _)| *name)
}

/// Whether one of the words, or some of them together, are the program's name.
fn names_program(form: &Form) -> Option<&'static str> {
    let program = &OURS.program.seen;
    let is_program = form.words.iter().any(|word| is_near(word, program)) || form.seen.contains(program);
    is_program.then_some(PROGRAM)
}

fn is_near(word: &str, own: &str) -> bool {
    let most = own.chars().count().checked_div(LETTERS).unwrap_or_default();
    word == own || (most > 0 && strsim::osa_distance(word, own) <= most)
}

/// A text as it is seen: letters and digits alone, those that look alike the same.
fn seen(text: &str) -> String {
    let skeleton: String = unicode_security::skeleton(text).filter(|character| character.is_alphanumeric()).collect();
    // UTS 39 has rn for m and l for 1 and I, but nothing for this pair; case is what many fonts hardly show.
    skeleton.to_lowercase().replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::library;
    use crate::sandbox::Sandbox;
    use crate::tables;

    #[test]
    fn all_that_is_ours_is_known_here() {
        let catalog = Catalog::builtin(&Arc::new(Sandbox::new().unwrap()), "").unwrap();
        let mut tools: Vec<&str> = catalog.tools.iter().map(|tool| tool.name.as_str()).collect();
        let mut prompts: Vec<&str> = catalog.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        let mut titles: Vec<&str> = catalog.tools.iter().map(|tool| tool.title.as_str()).collect();
        titles.extend(catalog.prompts.iter().map(|prompt| prompt.title.as_str()));
        tools.extend([library::tool::NAME, tables::tool::NAME]);
        titles.extend([library::tool::TITLE, tables::tool::TITLE]);
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
        for (one, other) in [("igmp", "icmp"), ("dccp_security_analysis", "dhcp_security_analysis")] {
            assert!(!Form::of(one).is_like(&Form::of(other)), "{one} {other}");
        }
    }
}
