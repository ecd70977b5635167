//! The numbers behind each rule, with their reasons.

use mcpcap_analyzer::burst::Rate;

/// Rejected logins of one client at one server within a minute. A person mistypes two or three times; a telephone with an old password
/// tries every half minute or slower.
pub const GUESSES: Rate = Rate { events: 5, span: 60_000_000_000 };

/// Different users that one client asks one server for in vain.
pub const USERS: usize = 10;
/// Their share in percent among all users it asked for there. Trunks reach most of the numbers they call.
pub const USERS_PERCENT: usize = 80;

/// New INVITEs of one client to one server within a second. A large office makes a few calls a second.
pub const INVITES: Rate = Rate { events: 50, span: 1_000_000_000 };

/// Different hosts that one client sends requests to.
pub const HOSTS: usize = 10;

/// Different prefixes before the same last eight digits, from one client. People redial with one or two, for example 0049 and +49.
pub const PREFIXES: usize = 5;
/// Digits at the end of a number that are taken for the number itself.
pub const NUMBER_DIGITS: usize = 8;

/// Transmissions of requests without a response. One INVITE is sent up to 7 times, another request up to 11 times (RFC 3261 §17.1).
pub const SILENT_REQUESTS: u64 = 5;
/// Share of unanswered requests in percent. A capture that lost packets here and there lacks fewer.
pub const UNANSWERED_PERCENT: u64 = 20;
