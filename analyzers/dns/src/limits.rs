//! How much is kept and listed. A capture decides how many names and addresses there are, so each table has a size; what had to
//! make room is counted in the report. Together they stay below 40 MiB, whatever the capture.

/// Queries that wait for their response, or for a further one.
pub const TRANSACTIONS: usize = 8192;
/// Questions with the same ends and identifier. Honest clients have one at a time; some use one port and one identifier for ever.
pub const QUESTIONS_OF_ONE_KEY: usize = 8;
/// Nanoseconds after a transmission, up to which the same query is sent again; one that comes later is asked anew. Resolvers wait for up to
/// 30 s (glibc's `RES_MAXRETRANS`).
pub const RESEND: u64 = 30_000_000_000;
/// Responses whose query did not come yet.
pub const WAITING: usize = 4096;
/// Those of them with the same ends and identifier.
pub const WAITING_OF_ONE_KEY: usize = 8;
/// Pairs of client and server of which is known in which VLANs they are heard.
pub const HEARD_PAIRS: usize = 2048;
/// Payloads that are no messages, to which an error may answer.
pub const OTHER_PAYLOADS: usize = 1024;
/// Questions of clients that are followed, to notice that somebody asks again.
pub const OPEN_QUESTIONS: usize = 8192;
/// Truncated answers for which a retry over TCP is awaited.
pub const TRUNCATED_ANSWERS: usize = 4096;
/// Nanoseconds after which a resolver gives up: 5 s is the customary time-out (`resolv.conf(5)`).
pub const PATIENCE: u64 = 5_000_000_000;

/// Servers and clients of whom there are statistics.
pub const PARTIES: usize = 1024;
/// Servers and clients, of each the first, whose percentiles of latency are kept.
pub const PARTIES_WITH_PERCENTILES: usize = 64;
/// Response codes of one party.
pub const PARTY_RCODES: usize = 24;
/// Registered domains of which there are statistics.
pub const DOMAINS: usize = 2048;
/// Names that are remembered, to count the distinct ones of each domain.
pub const NAMES: usize = 65_536;
/// Names of which all that follows from them is kept, so that it is found once: the last ones, unless their text is longer.
pub const KNOWN_NAMES: usize = 16_384;
/// Characters of their text. Longer names mostly come once, such as those of tunnels.
pub const KNOWN_NAME_CHARACTERS: usize = 127;
/// Names among which the most frequent ones are found.
pub const TOP_NAMES: usize = 1024;
/// Record types of one domain.
pub const DOMAIN_TYPES: usize = 8;

/// Messages on other ports that wait for one of the other direction.
pub const CANDIDATES: usize = 256;
/// The longest message that is held until the other direction agrees.
pub const CANDIDATE_OCTETS: usize = 4096;
/// Ends that asked the group of mDNS from a port of their own.
pub const ONE_SHOT_QUERIERS: usize = 1024;
/// Endpoints on other ports that are known to speak DNS.
pub const CONFIRMED: usize = 1024;
/// Bytes that wait in all TCP streams for the rest of their message.
pub const TCP_BUFFERED: usize = 4 << 20;

/// First entries of statistics lists, and findings of one rule.
pub const LISTED: usize = 20;
/// The first different names.
pub const DISTINCT_NAMES_LISTED: usize = 100;
/// Different names that are listed in the order of their appearance, and counted exactly.
pub const DISTINCT_NAMES: usize = 4096;
/// Questions and records of a listed message.
pub const RECORDS_LISTED: usize = 1000;
/// EDNS options of a listed message.
pub const OPTIONS_LISTED: usize = 20;
/// Characters of a record's data in the report.
pub const DATA_CHARACTERS: usize = 1024;
/// Characters of names and data of all listed messages. What goes beyond is left out; each message has its total of records.
pub const DETAIL_CHARACTERS: usize = 2 << 20;
