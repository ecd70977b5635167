//! Servers that never answer while others do.

use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::thresholds::SILENT_QUESTIONS;
use crate::parties::Parties;

const RULE: Rule = Rule {
    name: "dns_silent_server",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "5 or more different questions to a server of which no message is in the capture, while other servers answer",
    false_alarm: "Answers that took a path which was not captured, or that came after the capture ended.",
};

pub(super) fn findings(servers: &Parties) -> Vec<Finding> {
    if servers.iter().all(|server| server.responses == 0) {
        return Vec::new();
    }
    // One that made room may have answered before.
    let silent =
        servers.iter().filter(|server| server.asked >= SILENT_QUESTIONS && server.responses == 0 && !server.at_least);
    let finding = |server: crate::parties::Activity<'_>| {
        let observation = format!(
            "{} got {} with {} questions and sent no response.",
            server.address,
            counted(server.queries, "query"),
            server.asked
        );
        let measures = vec![Measure::count("questions", server.asked), Measure::count("queries", server.queries)];
        RULE.finding(server.address.to_string(), observation, measures, server.evidence)
    };
    silent.map(finding).collect()
}
