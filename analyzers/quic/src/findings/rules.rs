//! The fixed words of the rules, with their thresholds.

use mcpcap_analyzer::burst::Rate;
use mcpcap_analyzer::finding::{Confidence, Rule, Severity};

/// Handshakes of a server that failed, from which on their share means something.
pub const FAILURES: u64 = 5;
/// Their share in percent of all whose beginning is in the capture.
pub const FAILURES_PERCENT: u64 = 50;
/// Connections to a server without an answer that are a flood.
pub const FLOOD: Rate = Rate { span: 10_000_000_000, events: 200 };
/// Servers that one source asks without success, from which on it is a scan.
pub const SCANNED: u64 = 20;
/// Failures beyond successes that a scan has, as with other scans.
pub const SCAN_EXCESS: u64 = 4;
/// Nanoseconds within which a client goes on with TCP.
pub const FALLBACK: u64 = 60_000_000_000;

pub const BLOCKED: Rule = Rule {
    name: "quic_blocked",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "a client's first packet that no server answers, and within 60 seconds behind it a TCP connection to the same address and port that is accepted",
    false_alarm: "Servers that do not offer QUIC, or answered only one of several attempts; a capture that misses the answers.",
};
pub const FLOODED: Rule = Rule {
    name: "quic_initial_flood",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "200 connections to one server without an answer within 10 seconds",
    false_alarm: "A server that fails under the load of its users; load tests; a capture that misses the answers.",
};
pub const SCAN: Rule = Rule {
    name: "quic_scan",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "one source whose handshakes come to nothing at 20 servers or more, and at 4 more than it succeeds with",
    false_alarm: "Measurements of one's own; clients in a network that blocks QUIC, for which quic_blocked is told.",
};
pub const CLOSED: Rule = Rule {
    name: "quic_handshakes_closed",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "at least 5 handshakes with a server that one side closed, and 50 % of all",
    false_alarm: "Scanners, clients that pin certificates, and clients that leave because TCP was faster.",
};
pub const UNANSWERED: Rule = Rule {
    name: "quic_handshakes_unanswered",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "at least 5 connections to a server without an answer, and 50 % of all",
    false_alarm: "Servers that do not offer QUIC; a capture that has one direction only, or ends too early.",
};
pub const OBSOLETE: Rule = Rule {
    name: "quic_obsolete_version",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "a connection of Google's own QUIC or of a draft",
    false_alarm: "Old captures, and tests; one without an answer is only an attempt of the client.",
};
pub const FORGED_RETRY: Rule = Rule {
    name: "quic_retry_forged",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a Retry whose tag does not fit the client's first packet (RFC 9001 §5.8)",
    false_alarm: "A packet that was damaged on the way; two connections between the same addresses and ports at a time.",
};
pub const FORGED_NEGOTIATION: Rule = Rule {
    name: "quic_negotiation_forged",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "version negotiation that lists the version with which the client began (RFC 9000 §6.2)",
    false_alarm: "A server that is wrong; clients ignore such a packet.",
};
pub const AMPLIFYING: Rule = Rule {
    name: "quic_amplification",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "a server that sent more than 3 times the bytes that it had got before the client proved its address (RFC 9000 §8.1)",
    false_alarm: "A capture that misses packets of the client. Some large services send their whole certificate at once.",
};
