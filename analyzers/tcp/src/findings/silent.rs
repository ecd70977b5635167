//! Servers that do not answer, told together where one of them or one port has many.

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

/// An endpoint that sent nothing.
pub struct Silent<'a> {
    /// Its address and port.
    pub end: Endpoint,
    /// SYN segments to it.
    pub syns: u64,
    /// Connection attempts to it.
    pub attempts: u64,
    /// Their frames.
    pub evidence: &'a Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Port(u16),
    Server(IpAddr),
}

/// The findings: one for each group of endpoints with the same port or of the same server, whichever is larger.
/// `least` stands before the numbers, where others made room.
pub fn findings(all: &[Silent<'_>], least: &str) -> Vec<Finding> {
    let groups = |silent: &Silent<'_>| [Group::Port(silent.end.port), Group::Server(silent.end.address)];
    let mut sizes: BTreeMap<Group, usize> = BTreeMap::new();
    for group in all.iter().flat_map(groups) {
        let size = sizes.entry(group).or_default();
        *size = size.saturating_add(1);
    }
    let mut grouped: BTreeMap<Group, Vec<&Silent<'_>>> = BTreeMap::new();
    for silent in all {
        let [port, server] = groups(silent);
        let group = if sizes.get(&server) > sizes.get(&port) { server } else { port };
        grouped.entry(group).or_default().push(silent);
    }
    grouped.into_iter().map(|(group, members)| finding(group, &members, least)).collect()
}

fn finding(group: Group, members: &[&Silent<'_>], least: &str) -> Finding {
    let sum = |of: fn(&Silent<'_>) -> u64| members.iter().fold(0_u64, |sum, silent| sum.saturating_add(of(silent)));
    let (syns, attempts, many) = (sum(|silent| silent.syns), sum(|silent| silent.attempts), members.len());
    let mut evidence = Evidence::default();
    for silent in members {
        evidence = evidence.joined(silent.evidence);
    }
    let mut measures = vec![Measure::count("syn", syns), Measure::count("attempts", attempts)];
    let (subject, observation) = match (members, group) {
        ([silent], _) => {
            let end = silent.end;
            (end.to_string(), format!("{end} got {least}{syns} SYN in {attempts} attempt(s) and sent nothing."))
        }
        (_, Group::Port(port)) => {
            measures.push(Measure::count("servers", many as u64));
            let words = format!(
                "{least}{many} servers got {least}{syns} SYN in {attempts} attempt(s) at port {port} and sent nothing."
            );
            (format!("port {port} of {many} servers"), words)
        }
        (_, Group::Server(server)) => {
            measures.push(Measure::count("ports", many as u64));
            let words = format!(
                "{server} got {least}{syns} SYN in {attempts} attempt(s) at {many} ports and sent nothing from there."
            );
            (format!("{many} ports of {server}"), words)
        }
    };
    SILENT.finding(subject, observation, measures, &evidence)
}
