//! How much is kept and listed. A capture decides how many calls and addresses there are, so each table has a size; what had to make
//! room is counted in the report. Together they stay below 48 MiB, whatever the capture.

/// Headers that are read of one message, and listed at once. Those behind are counted and on further pages, and the message has a fault.
pub const HEADERS: usize = 256;
/// Media descriptions that are read of one body, and listed at once. Those behind are counted, and on further pages of a listed message.
pub const MEDIA: usize = 256;
/// Those of a further page.
pub const MEDIA_OF_PAGE: usize = 512;
/// Payload types of one media description that are given at once, also on further pages.
pub const FORMATS: usize = 32;
/// Lines that are read of one session description; of those behind, media are counted.
pub const SDP_LINES: usize = 4096;

/// Messages that come while a response waits for a request that stands behind it in the file, and bytes of all that wait so.
pub const WAITING: u64 = 64;
pub const WAITING_OCTETS: usize = 256 << 10;
/// Transactions that wait for responses or retransmissions.
pub const TRANSACTIONS: usize = 8192;
/// Transactions of responses without a request that are remembered.
pub const ORPHANS: usize = 4096;
/// Responses that are told apart within one transaction.
pub const RESPONSES_OF_ONE_TRANSACTION: usize = 8;
/// Calls that are followed at the same time.
pub const CALLS: usize = 4096;
/// Steps of each listed call that are kept, and those beyond of all of them.
pub const LADDER: usize = 40;
/// See [`LADDER`].
pub const ALL_LADDERS: usize = 10_000;
/// Media that are kept of all listed calls, and those of all listed messages.
pub const LISTED_MEDIA: usize = 2000;
/// Branches of all calls that are told apart.
pub const FORKS: usize = 16_384;
/// Pairs of account and client whose registrations are followed.
pub const REGISTRATIONS: usize = 2048;
/// Of these, how many are listed, unless a page is asked for.
pub const REGISTRATIONS_LISTED: usize = 100;
/// Changes of state of all registrations that are kept.
pub const HISTORY: usize = 16_384;
/// Codes and names in all registrations.
pub const REGISTRATION_VALUES: usize = 8192;
/// Requests of one registration that wait for a response at the same time.
pub const REGISTERING: usize = 8;
/// Contacts of all registrations.
pub const ALL_CONTACTS: usize = 8192;
/// Addresses of which there are statistics, and agents of them all.
pub const PARTIES: usize = 2048;
pub const PARTY_AGENTS: usize = 8192;
/// Challenges and credentials that are told apart, each.
pub const AUTHENTICATION: usize = 1024;
/// Methods, agents, servers, dialled prefixes and Call-IDs among which the most frequent ones are found.
pub const METHODS: usize = 64;
pub const AGENTS: usize = 512;
pub const PREFIXES: usize = 1024;
pub const CALL_IDS: usize = 4096;
/// Pairs of client and server that the rules follow.
pub const PAIRS: usize = 512;

/// The longest datagram on port 5060 that is taken for a keep-alive: telephones send line ends, zeros, blanks or `jaK`.
pub const KEEP_ALIVE_OCTETS: usize = 8;
/// Bytes that one direction may hold until a message is whole.
pub const MESSAGE_OCTETS: usize = 256 << 10;
/// Bytes that wait in all TCP streams for the rest of their message.
pub const TCP_BUFFERED: usize = 8 << 20;
/// Segments without a message after which a connection on ports of no known protocol is let go.
pub const TRIES: u8 = 16;

/// Entries of each list of statistics, before further pages.
pub const LISTED: usize = 20;
/// Findings of one rule, before those of the others follow on further pages.
pub const FINDINGS_OF_ONE_RULE: usize = 100;
/// Via and Contact headers of a listed message.
pub const VIAS_LISTED: usize = 256;
/// Characters of a short text, such as a method, tag or port.
pub const WORD: usize = 64;
/// Characters of a text from a message.
pub const TEXT: usize = 256;
/// Characters of all texts of listed messages. Messages beyond are listed without headers.
pub const DETAIL_CHARACTERS: usize = 1 << 20;
