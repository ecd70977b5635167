//! How much is kept and listed. A capture decides how many addresses there are, so each table has a size; what had to make room is
//! counted in the report. Together they stay below 48 MiB, three quarters of what the host allows, whatever the capture.

/// Ends and numbers of echoes whose requests wait for replies, or replies for a request that comes behind them in the file.
pub const PENDING: usize = 16_384;
/// Requests, and replies, with the same ends and numbers that wait.
pub const SAME_NUMBERS: usize = 4;
/// Different ends and protocols of the packets that all tunnels carry.
pub const INNER_FLOWS: usize = 4096;
/// Pairs of requester and target.
pub const SESSIONS: usize = 1024;
/// Round-trip times of one pair that are kept as they are; from there on percentiles are estimates.
pub const SESSION_TIMES: usize = 128;
/// Packets that may be probes of a traceroute.
pub const PROBES: usize = 16_384;
/// The highest hop limit of a probe: traceroute stops at 30 unless told otherwise.
pub const PROBE_HOPS: u8 = 40;
/// Paths of traceroutes, addresses of the hops of all of them, and round-trip times of one hop.
pub const PATHS: usize = 256;
/// See [`PATHS`].
pub const HOP_ADDRESSES: usize = 8192;
/// See [`PATHS`].
pub const HOP_TIMES: usize = 8;
/// Answers of one path whose probes were not captured: three for each of 40 hops, and some.
pub const QUOTED_ANSWERS: usize = 128;
/// Targets of errors, path MTUs, redirects, neighbours, routers, groups.
pub const ENTRIES: usize = 2048;
/// Ports in all errors, and identifiers of all pairs of requester and target.
pub const VALUES: usize = 16_384;
/// Link-layer addresses of one neighbour, in all VLANs, whose frames and times are kept for a finding, and of all neighbours.
pub const NEIGHBOUR_ADDRESSES: usize = 512;
/// See [`NEIGHBOUR_ADDRESSES`].
pub const ALL_NEIGHBOUR_ADDRESSES: usize = 8192;
/// Spans of time within which one router advertised itself.
pub const ROUTER_SPANS: usize = 8;
/// Prefixes, servers, domains of each router's advertisement that are kept; [`VALUES`] are those beyond, of all routers.
pub const OPTION_VALUES: usize = 8;
/// Sources and destinations of which the report says how many different ones there are.
pub const PARTIES: usize = 1024;
/// Different hosts or ports of one party that are kept as a list.
pub const FEW: usize = 64;
/// Parties of one rule with a table for more hosts than that: up to 80 KB each.
pub const LARGE_TABLES: usize = 32;
/// Pairs of hosts with a table for all ports: 8 KB each.
pub const PORT_TABLES: usize = 256;
/// Labels of an MPLS stack in an error that are given at once.
pub const LABELS: usize = 8;

/// Entries of the lists of statistics, unless a page is asked for; findings of one rule on the first page.
pub const LIST_ENTRIES: usize = 20;
/// Sources, and destinations, that are listed in the order of their appearance, and counted exactly.
pub const ADDRESSES: usize = 4096;
/// Of those, how many are listed, unless a page is asked for.
pub const ADDRESSES_LISTED: usize = 100;
