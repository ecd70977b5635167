//! The numbers behind each rule, with their reasons.

use mcpcap_analyzer::burst::Rate;

/// Different paths that one client asked one server for in vain. People follow a handful of dead links.
pub const PATHS: u64 = 20;
/// Their share in percent of all requests of the client to the server.
pub const PATHS_PERCENT: u64 = 60;

/// Logins of one client at one server within a minute. A person types five at the most.
pub const LOGINS: Rate = Rate { events: 10, span: 60_000_000_000 };

/// Requests of HTTP/2 that a client gave up within a second. Who leaves a page gives up what is still on its way, some dozens.
pub const RESETS: Rate = Rate { events: 100, span: 1_000_000_000 };

/// Bytes that one client sent to one server in bodies of requests.
pub const UPLOAD: u64 = 1_000_000;

/// POSTs of one client to one path.
pub const POSTS: usize = 10;
/// Share in percent of those that have the most frequent size.
pub const SAME_SIZE_PERCENT: usize = 80;
/// The median absolute deviation of intervals as a share of their median, in percent.
pub const DEVIATION_PERCENT: u64 = 15;
/// Nanoseconds between two POSTs, at least: what a page sends while it loads is faster.
pub const INTERVAL: u64 = 1_000_000_000;

/// Requests to a server from which on shares of failures mean something.
pub const FAILURES: u64 = 5;
/// Share of failures in percent. Single failures are everywhere.
pub const FAILURES_PERCENT: u64 = 10;
/// Nanoseconds that a server takes to begin with a response, from which on people wait.
pub const SLOW: u64 = 3_000_000_000;
