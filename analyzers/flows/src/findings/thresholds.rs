//! The numbers of the rules, each with its reason.

/// Different TCP ports of one host at which one source failed. Zeek's `port_scan_threshold` is 15; with the ratio of TRW fewer are enough.
pub const SCAN_PORTS: u64 = 8;
/// The same of UDP: answers from a port that is no service's, to requests that were not captured, look like it.
pub const SCAN_PORTS_UDP: u64 = 15;
/// Different hosts at which one source failed with one service. Zeek takes 25; likewise.
pub const SWEEP_HOSTS: u64 = 8;
/// By how many more hosts or ports a source failed than it got an answer: Threshold Random Walk (Jung, Paxson, Berger, Balakrishnan 2004) multiplies by 4 for a failure
/// and divides by 4 for a success (a success is likely by 0.8 for others, by 0.2 for scanners), and calls it a scanner at 99: four of them.
pub const TRW_FAILURES: u64 = 4;
/// Hosts that one source pings, whether they answer or not: people and monitors ping a handful.
pub const PING_HOSTS: u64 = 15;
/// Addresses that one host asks the link for. A host asks for its router and for the few it talks to.
pub const LINK_HOSTS: u64 = 20;
/// Scans of hosts, or swept services, of one source that make a block of both.
pub const BLOCK: usize = 3;
/// Nanoseconds within which a value lies near the others for RITA, and bytes: no skewness is reckoned.
pub const NEAR_INTERVALS: u64 = 10_000_000_000;
/// See [`NEAR_INTERVALS`].
pub const NEAR_SIZES: u64 = 10;
/// Share of a source's flows to a host that are probes: without payload of it.
pub const PROBE_SHARE: f64 = 0.8;
/// Attempts on one endpoint that were neither completed nor refused: retries and a few lost answers stay far below.
pub const FLOOD_ATTEMPTS: u64 = 100;
/// Their share of all attempts on it.
pub const FLOOD_SHARE: f64 = 0.8;
/// Datagrams to one host in flows that it never answered, and how many of them in a second.
pub const UDP_FLOOD: u64 = 1_000;
/// See [`UDP_FLOOD`].
pub const UDP_FLOOD_RATE: f64 = 200.0;
/// Bytes of answers for each byte of requests. Answers of DNS have three to ten times the size of questions; amplifiers thirty and more.
pub const AMPLIFICATION: f64 = 15.0;
/// Datagrams and bytes of answers from which on it is more than one large answer.
pub const AMPLIFIED_PACKETS: u64 = 10;
/// See [`AMPLIFIED_PACKETS`].
pub const AMPLIFIED_BYTES: u64 = 5_000;
/// Contacts of one pair from which on intervals say something. RITA wants 20 in a day; captures are shorter.
pub const BEACON_CONTACTS: u64 = 10;
/// Score from which on it is told: RITA's of intervals and sizes, 0 to 1.
pub const BEACON_SCORE: f64 = 0.8;
/// Score of the entries that `beacons` lists.
pub const BEACON_LISTED: f64 = 0.5;
/// Nanoseconds for which a flow goes on to be long: an hour.
pub const LONG: u64 = 3_600_000_000_000;
/// Nanoseconds of silence within it, at the most: what nobody uses any more is no connection.
pub const LONG_SILENCE: u64 = 900_000_000_000;
/// Bytes from inside to one outside host, and how many times as many as came back.
pub const UPLOAD: u64 = 10_000_000;
/// See [`UPLOAD`].
pub const UPLOAD_TIMES: u64 = 3;
