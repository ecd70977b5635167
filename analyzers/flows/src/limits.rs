//! How much is kept and listed. A capture decides how many flows there are, so each table has a size; what had to make room is counted in the report.
//! A flow takes about 350 bytes, one of TCP 150 more, and one whose first segments are short and whose packets are of many protocols up to 900.

/// Flows that are followed. The one that was silent for longest makes room; when it goes on, it is a new one.
pub const FLOWS: usize = 20_480;
/// Datagrams of which fragments came, and not yet the one that completes them.
pub const FRAGMENTS: usize = 1_024;
/// Hosts, pairs, ports and networks of each ranking.
pub const RANKED: usize = 4_096;
/// Entries that a list shows first.
pub const LISTED: usize = 20;
/// Server ports of one application that are counted, to find those with most flows; of these, how many a report names.
pub const PORTS: usize = 32;
/// See [`PORTS`].
pub const PORTS_LISTED: usize = 5;
/// Server ports of all applications that are told apart.
pub const ALL_PORTS: usize = 16_384;
/// Buckets of time that are kept; beyond, neighbours are put together.
pub const BUCKETS: usize = 4_096;
/// Buckets that a report shows first.
pub const BUCKETS_LISTED: usize = 60;
/// Protocols or hosts that are told apart in a bucket.
pub const SERIES: usize = 24;
/// Of these, how many a report names.
pub const SERIES_LISTED: usize = 8;
/// Times without packets that a report shows first.
pub const GAPS_LISTED: usize = 10;
/// Entries of the tables of findings.
pub const PARTIES: usize = 1_024;
/// Sets of more than 64 ports that are kept of all scans, in 8 KiB each.
pub const LARGE_SCANS: usize = 64;
/// The same of those on a further page.
pub const LARGE_SCANS_OF_PAGE: usize = 512;
/// Runs of ports that a report writes of one list.
pub const RUNS: usize = 64;
/// Hosts that answered, of all sweeps.
pub const ANSWERED: usize = 16_384;
/// Contacts of one pair whose times are kept, those of each pair in any case, and those beyond of all pairs.
pub const CONTACTS: usize = 512;
/// See [`CONTACTS`].
pub const FIRST_CONTACTS: usize = 64;
/// See [`CONTACTS`].
pub const ALL_CONTACTS: usize = 196_608;
/// Findings of one rule, before those of the others follow on further pages.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
