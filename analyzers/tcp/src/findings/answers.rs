//! Servers that do not answer, or refuse: told together where one of them or one port has many.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stream::Endpoint;

const SILENT: Rule = Rule {
    name: "tcp_silent_server",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "3 or more SYN to an endpoint that sent nothing at all, and to which nobody sent anything but SYN and RST",
    false_alarm: "A capture that has one direction only, or that ended before the answers.",
};
const REFUSING: Rule = Rule {
    name: "tcp_refused",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "3 or more attempts answered with RST by an endpoint that accepted none",
    false_alarm: "The probes of a scan, which mostly meet closed ports.",
};

/// What endpoints did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Silent,
    /// They sent RST.
    Refusing,
}

/// An endpoint that others tried to reach.
pub struct Tried<'a> {
    /// Its address and port.
    pub end: Endpoint,
    /// SYN segments to it, or attempts that it refused.
    pub count: u64,
    /// Connection attempts on it.
    pub attempts: u64,
    /// Their frames.
    pub evidence: &'a Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Port(u16),
    Server(IpAddr),
}

/// The findings: one for each group of endpoints with the same port or of the same server, whichever is larger. `least` stands before the
/// numbers, where others made room.
pub fn findings(answer: Answer, all: &[Tried<'_>], least: &str) -> Vec<Finding> {
    let groups = |tried: &Tried<'_>| [Group::Port(tried.end.port), Group::Server(tried.end.address)];
    let mut sizes: BTreeMap<Group, usize> = BTreeMap::new();
    for group in all.iter().flat_map(groups) {
        let size = sizes.entry(group).or_default();
        *size = size.saturating_add(1);
    }
    let mut grouped: BTreeMap<Group, Vec<&Tried<'_>>> = BTreeMap::new();
    for tried in all {
        let [port, server] = groups(tried);
        let group = if sizes.get(&server) > sizes.get(&port) { server } else { port };
        grouped.entry(group).or_default().push(tried);
    }
    grouped.into_iter().map(|(group, members)| finding(answer, group, &members, least)).collect()
}

fn finding(answer: Answer, group: Group, members: &[&Tried<'_>], least: &str) -> Finding {
    let sum = |of: fn(&Tried<'_>) -> u64| members.iter().fold(0_u64, |sum, tried| sum.saturating_add(of(tried)));
    let (count, attempts, many) = (sum(|tried| tried.count), sum(|tried| tried.attempts), members.len());
    let mut evidence = Evidence::default();
    for tried in members {
        evidence = evidence.joined(tried.evidence);
    }
    let (subject, who, place) = match (members, group) {
        ([tried], _) => (tried.end.to_string(), tried.end.to_string(), String::new()),
        (_, Group::Port(port)) => {
            (format!("port {port} of {many} servers"), format!("{least}{many} servers"), format!(" at port {port}"))
        }
        (_, Group::Server(server)) => {
            (format!("{many} ports of {server}"), server.to_string(), format!(" at {least}{many} ports"))
        }
    };
    let there = if many == 1 { "" } else { " from there" };
    let (rule, name, observation) = match answer {
        Answer::Silent => (
            SILENT,
            "syn",
            format!("{who} got {least}{count} SYN in {attempts} attempt(s){place} and sent nothing{there}."),
        ),
        Answer::Refusing => {
            (REFUSING, "refused", format!("{who} answered {least}{count} of {attempts} attempt(s){place} with RST."))
        }
    };
    let mut measures = vec![Measure::count(name, count), Measure::count("attempts", attempts)];
    match group {
        _ if many == 1 => {}
        Group::Port(_) => measures.push(Measure::count("servers", many as u64)),
        Group::Server(_) => measures.push(Measure::count("ports", many as u64)),
    }
    rule.finding(subject, observation, measures, &evidence)
}
