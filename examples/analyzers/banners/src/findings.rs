//! What an analyst would want to be told.

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stream::Endpoint;

use crate::servers::{Server, Servers};

const MOST: usize = 100;
/// Where the client speaks first: DNS, HTTP, LDAP, HTTPS, SMB, RDP, Redis, HTTP.
const CLIENT_FIRST: [u16; 8] = [53, 80, 389, 443, 445, 3389, 6379, 8080];

const VERSION: Rule = Rule {
    name: "banners_software_version",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "1 first line of a server that speaks first with a number such as 9.6 in it; of SSH, behind the version of the protocol",
    false_alarm: "a number that is no version of software: an address, a date, the version of a protocol",
};

const SERVER_FIRST: Rule = Rule {
    name: "banners_server_spoke_first",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "1 connection to port 53, 80, 389, 443, 445, 3389, 6379 or 8080 in which the server sent the first bytes",
    false_alarm: "another service that was put on this port on purpose, such as SSH on 443; a web server that gives up on a client that asks nothing",
};

/// All findings, and how many there was no room for.
pub fn all(servers: &Servers) -> (Vec<Finding>, u64) {
    let told = |(end, server): (&Endpoint, &Server)| {
        let observation = "a server told a version of its software in clear to whoever connects";
        shown(&VERSION, observation, end, &server.versions)
    };
    let spoke = |(end, server): (&Endpoint, &Server)| {
        let observation = "a server sent the first bytes on a port where clients do";
        shown(&SERVER_FIRST, observation, end, &server.server_first).filter(|_| CLIENT_FIRST.contains(&end.port))
    };
    let mut rules: [Vec<Finding>; 2] =
        [servers.iter().filter_map(told).collect(), servers.iter().filter_map(spoke).collect()];
    let left_out = rules.iter().map(|found| found.len().saturating_sub(MOST) as u64).sum();
    rules.iter_mut().for_each(|found| found.truncate(MOST));
    (rules.concat(), left_out)
}

fn shown(rule: &Rule, observation: &str, end: &Endpoint, frames: &Evidence) -> Option<Finding> {
    let measures = vec![Measure::count("connections", frames.total())];
    (frames.total() > 0).then(|| rule.finding(end.to_string(), observation.to_owned(), measures, frames))
}
