//! How much is kept and listed. A capture decides how many addresses there are, so each table has a size; what had to make room is
//! counted in the report. Together they stay below 48 MiB, three quarters of what the host allows, whatever the capture.

/// Echo requests that wait for their reply, or for a further one.
pub const PENDING: usize = 16_384;
/// Pairs of requester and target.
pub const SESSIONS: usize = 1024;
/// Round-trip times of one pair that are kept as they are; from there on percentiles are estimates.
pub const SESSION_TIMES: usize = 128;
/// Packets that may be probes of a traceroute.
pub const PROBES: usize = 16_384;
/// The highest hop limit of a probe: traceroute stops at 30 unless told otherwise.
pub const PROBE_HOPS: u8 = 40;
/// Paths of traceroutes, and addresses and round-trip times of one hop.
pub const PATHS: usize = 256;
/// See [`PATHS`].
pub const HOP_ADDRESSES: usize = 4;
/// See [`PATHS`].
pub const HOP_TIMES: usize = 8;
/// Targets of errors, path MTUs, redirects, neighbours, routers, groups.
pub const ENTRIES: usize = 2048;
/// Link-layer addresses of one neighbour.
pub const NEIGHBOUR_ADDRESSES: usize = 4;
/// Prefixes, servers, domains of one router advertisement.
pub const OPTION_VALUES: usize = 8;
/// Sources and destinations of which the report says how many different ones there are.
pub const PARTIES: usize = 1024;
/// Targets that one source remembers exactly, to count distinct ones.
pub const DISTINCT: usize = 128;
/// Labels of an MPLS stack in an error.
pub const LABELS: usize = 8;

/// Entries of lists of statistics.
pub const LISTED: usize = 20;
/// Addresses listed as sources and destinations.
pub const ADDRESSES_LISTED: usize = 100;
/// Findings of one rule.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
