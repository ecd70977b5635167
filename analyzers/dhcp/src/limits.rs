//! How much is kept and listed. A capture decides how many clients there are, so each table has a size; what had to make room is
//! counted in the report. Together they stay below 48 MiB, three quarters of what the host allows, whatever the capture.

/// Exchanges, clients, servers, relays and leases that are followed.
pub const ENTRIES: usize = 2048;
/// Messages that wait to be put in the order of time.
pub const REORDER: usize = 128;
/// Exchanges of one client whose offers may still be taken under another transaction id, and associations of an exchange.
pub const OPEN_OFFERS: usize = 8;
/// Messages that each exchange remembers, and those beyond that all of them do.
pub const STEPS: usize = 32;
/// See [`STEPS`].
pub const ALL_STEPS: usize = 16_384;
/// Servers of all exchanges, and further transaction ids of them.
pub const EXCHANGE_SERVERS: usize = 16_384;
/// Addresses that a server of a segment gives.
pub const VALUES: usize = 8;
/// Names, addresses and the like of all clients, of all servers, and of all relays.
pub const CLIENT_VALUES: usize = 16_384;
/// See [`CLIENT_VALUES`].
pub const SERVER_VALUES: usize = 8192;
/// See [`CLIENT_VALUES`].
pub const RELAY_VALUES: usize = 4096;
/// Segments (links) whose servers and crowds of clients are told apart, and servers of one segment.
pub const SEGMENTS: usize = 64;
/// See [`SEGMENTS`].
pub const SEGMENT_SERVERS: usize = 16;
/// VLANs in which one address may be leased at the same time.
pub const HELD_VLANS: usize = 8;
/// Characters of a name, class or identifier of a client or server.
pub const NAME_CHARACTERS: usize = 64;
/// Options of one message (all codes of DHCPv4); values of each option that are listed, and leases of one message; characters of one value.
pub const OPTIONS: usize = 256;
/// See [`OPTIONS`].
pub const OPTION_VALUES: usize = 64;
/// See [`OPTIONS`].
pub const CHARACTERS: usize = 255;
/// Relays that pass on a DHCPv6 message: a relay gives up a message that eight others have passed on (HOP_COUNT_LIMIT, RFC 8415 §7.6, §19.1.2).
pub const RELAYS: usize = 9;
/// How deep options are within options of DHCPv6.
pub const DEPTH: usize = 8;

/// Values beyond [`OPTION_VALUES`] of all options of listed messages.
pub const DETAIL_VALUES: usize = 16_384;
/// Characters of option values in all listed messages.
pub const DETAIL_CHARACTERS: usize = 2 << 20;
/// Entries of the lists of statistics, unless a page is asked for.
pub const LIST_ENTRIES: usize = 50;
/// Codes of options that are listed with their counts, unless a page is asked for: all of DHCPv4, and those of DHCPv6 that are in use.
pub const OPTION_CODES: usize = 400;
/// Findings of one rule on the first page.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
