//! The numbers of the rules, each with its reason.

use mcpcap_analyzer::burst::Rate;

/// Different clients that look for a server on one segment within a minute: more than come up together after a power failure.
pub const STARVATION_CLIENTS: u64 = 50;
/// The time in which starvation is counted, in nanoseconds.
pub const WINDOW: u64 = 60_000_000_000;
/// Refusals of one server within a minute: one by one they are normal, when a notebook comes from another network.
pub const REFUSALS: Rate = Rate { events: 5, span: 60_000_000_000 };
/// Messages that look for a server, of one client, without any offer. The first one is easily lost.
pub const UNANSWERED: u64 = 2;
