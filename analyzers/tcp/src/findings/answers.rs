//! Servers that do not answer, or refuse: told together where one of them, one port or one client has many, and where many have nothing in
//! common, so that those that stand out are seen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::text::at_least;

use crate::report::counted;

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
    /// Who tried, where that was one client.
    pub client: Option<IpAddr>,
    /// SYN segments to it, or attempts that it refused.
    pub count: u64,
    /// Connection attempts on it.
    pub attempts: u64,
    /// Their frames.
    pub evidence: &'a Evidence,
}

/// From so many on, endpoints with neither port nor server in common are told together.
const SCATTERED: usize = 5;

/// What endpoints have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Port(u16),
    Server(IpAddr),
    Client(IpAddr),
    /// Nothing but that one client tried each of them.
    Nothing,
}

type Groups<'a, 't> = BTreeMap<Group, Vec<&'a Tried<'t>>>;

/// The findings: one for each group of endpoints with the same port or of the same server, whichever is larger, and of those that are left
/// for those that the same client tried, and for the rest. `are_more`: others made room, so that no number is more than a lower bound.
pub fn findings(answer: Answer, all: &[Tried<'_>], are_more: bool) -> Vec<Finding> {
    let groups = |tried: &Tried<'_>| [Group::Port(tried.end.port), Group::Server(tried.end.address)];
    let mut sizes: BTreeMap<Group, usize> = BTreeMap::new();
    for group in all.iter().flat_map(groups) {
        let size = sizes.entry(group).or_default();
        *size = size.saturating_add(1);
    }
    let mut grouped = Groups::new();
    for tried in all {
        let [port, server] = groups(tried);
        let group = if sizes.get(&server) > sizes.get(&port) { server } else { port };
        grouped.entry(group).or_default().push(tried);
    }
    let grouped = gathered(grouped, |tried| tried.client.map(Group::Client));
    let grouped = gathered(grouped, |tried| tried.client.map(|_| Group::Nothing));
    grouped.into_iter().map(|(group, members)| finding(answer, group, &members, are_more)).collect()
}

/// Those that are alone in their group, where many have something else in common.
fn gathered<'a, 't>(grouped: Groups<'a, 't>, common: impl Fn(&Tried<'t>) -> Option<Group>) -> Groups<'a, 't> {
    let mut alone: Groups<'a, 't> = Groups::new();
    let mut all = Groups::new();
    for (group, members) in grouped {
        match members.as_slice() {
            [tried] => match common(tried) {
                Some(other) => alone.entry(other).or_default().push(tried),
                None => drop(all.insert(group, members)),
            },
            _ => drop(all.insert(group, members)),
        }
    }
    for (group, members) in alone {
        if members.len() >= SCATTERED {
            all.insert(group, members);
        } else {
            members.into_iter().for_each(|tried| all.entry(Group::Port(tried.end.port)).or_default().push(tried));
        }
    }
    all
}

fn finding(answer: Answer, group: Group, members: &[&Tried<'_>], are_more: bool) -> Finding {
    let least = at_least(are_more);
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
        (_, Group::Client(client)) => (
            format!("{many} endpoints that {client} tried"),
            format!("{least}{many} endpoints"),
            format!(" by {client}"),
        ),
        (_, Group::Nothing) => (
            format!("{many} endpoints that have nothing in common"),
            format!("{least}{many} endpoints"),
            " by one client each".to_owned(),
        ),
    };
    let there = if matches!(group, Group::Port(_) | Group::Server(_)) && many > 1 { " from there" } else { "" };
    let attempted = counted(attempts, "attempt", "attempts");
    let (rule, name, observation) = match answer {
        Answer::Silent => {
            (SILENT, "syn", format!("{who} got {least}{count} SYN in {attempted}{place} and sent nothing{there}."))
        }
        Answer::Refusing => {
            (REFUSING, "refused", format!("{who} answered {least}{count} of {attempted}{place} with RST."))
        }
    };
    let mut measures = vec![Measure::count(name, count), Measure::count("attempts", attempts)];
    match group {
        _ if many == 1 => {}
        Group::Port(_) => measures.push(Measure::count("servers", many as u64)),
        Group::Server(_) => measures.push(Measure::count("ports", many as u64)),
        Group::Client(_) | Group::Nothing => measures.push(Measure::count("endpoints", many as u64)),
    }
    let measures = measures.into_iter().map(|measure| measure.or_more(are_more)).collect();
    rule.finding(subject, observation, measures, &evidence)
}
