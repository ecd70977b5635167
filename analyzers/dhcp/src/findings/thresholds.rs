//! The numbers of the rules, each with its reason.

use mcpcap_analyzer::burst::Rate;

/// Different clients that look for a server on one segment within a minute: more than come up together after a power failure.
pub const STARVATION_CLIENTS: u64 = 50;
/// The time in which starvation is counted, in nanoseconds.
pub const WINDOW: u64 = 60_000_000_000;
/// Refusals of one server within a minute: one by one they are normal, when a notebook comes from another network.
pub const REFUSALS: Rate = Rate { events: 5, span: 60_000_000_000 };
/// Attempts of one client to find a server, without any offer. The first one is easily lost.
pub const UNANSWERED: u64 = 2;
/// The time within which messages that look for a server are one attempt, in nanoseconds: clients wait 1 s (RFC 8415 §7.6) or 4 s (RFC 2131
/// §4.1), with some randomness, before they try again.
pub const ATTEMPT: u64 = 500_000_000;
/// How near in time two servers answer that serve a segment together, in nanoseconds.
pub const TOGETHER: u64 = 3_600_000_000_000;
