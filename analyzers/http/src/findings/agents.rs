//! Programs that name themselves.

use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::stats::{BoundedMap, Place};
use mcpcap_analyzer::text::counted;

use super::tally::Tallies;
use crate::exchange::Exchange;
use crate::limits;

const SCANNER: Rule = Rule {
    name: "http_scanner_user_agent",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a request whose User-Agent is that of a known scanning or attack tool",
    false_alarm: "An authorised test. The absence of such a name means nothing.",
};
const PROGRAM: Rule = Rule {
    name: "http_program_user_agent",
    severity: Severity::Info,
    confidence: Confidence::High,
    threshold: "a request whose User-Agent is that of a shell, a script language or a download tool, not of a browser",
    false_alarm: "Updates, monitoring, development.",
};

/// Parts of User-Agents in lower case, each a tool that scans or attacks.
const SCANNERS: [&str; 30] = [
    "sqlmap",
    "nikto",
    "nmap",
    "masscan",
    "zgrab",
    "gobuster",
    "dirbuster",
    "feroxbuster",
    "wfuzz",
    "ffuf",
    "dirb",
    "hydra",
    "nuclei",
    "acunetix",
    "netsparker",
    "nessus",
    "openvas",
    "wpscan",
    "joomscan",
    "whatweb",
    "skipfish",
    "arachni",
    "w3af",
    "burp",
    "zaproxy",
    "havij",
    "commix",
    "metasploit",
    "jorgee",
    "l9explore",
];
/// The same of shells, script languages and download tools.
const PROGRAMS: [&str; 16] = [
    "powershell",
    "certutil",
    "bitsadmin",
    "winhttprequest",
    "python-requests",
    "python-urllib",
    "aiohttp",
    "httpx",
    "go-http-client",
    "libwww-perl",
    "curl/",
    "wget/",
    "okhttp",
    "java/",
    "ruby",
    "php/",
];

/// A program by its name, and whether it scans or attacks.
type Program = (&'static str, bool);

/// What is kept.
pub struct Watch {
    agents: Tallies<Program>,
    /// What the last User-Agents name: few programs send most requests, and each search costs more than a look here.
    seen: BoundedMap<String, Option<Program>>,
    last: Place,
}

impl Default for Watch {
    fn default() -> Self {
        Self { agents: Tallies::default(), seen: BoundedMap::new(limits::AGENTS), last: Place::default() }
    }
}

fn program(agent: &str) -> Option<Program> {
    let agent = agent.to_ascii_lowercase();
    let named = |names: &[&'static str]| names.iter().copied().find(|name| agent.contains(name));
    named(&SCANNERS).map(|name| (name, true)).or_else(|| named(&PROGRAMS).map(|name| (name, false)))
}

impl Watch {
    pub fn take(&mut self, exchange: &Exchange) {
        let agent = exchange.request.as_ref().and_then(|request| request.head.user_agent.as_deref());
        let Some(agent) = agent else { return };
        let make = || (agent.to_owned(), program(agent));
        let (found, _) = self.seen.entry_near(&mut self.last, agent, make, |_, _| ());
        if let Some(found) = *found {
            self.agents.add(exchange, found, false);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.agents.evicted()
    }

    pub fn findings(&self) -> Vec<Vec<Finding>> {
        let of = |scans: bool, rule| {
            self.agents.findings(|(name, is_scanner), tally| {
                let says = format!("{} as {}", counted(tally.requests, "request"), name.trim_end_matches('/'));
                (is_scanner == scans).then_some((rule, says))
            })
        };
        vec![of(true, &SCANNER), of(false, &PROGRAM)]
    }
}
