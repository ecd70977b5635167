//! How much is kept and listed. A capture decides how many connections there are, so each table has a size; what had to make room is counted in the
//! report. Together they stay below 48 MiB, whatever the capture.

/// Connections that are followed.
pub const CONNECTIONS: usize = 4096;
/// Memory in bytes of all of them.
pub const MEMORY: usize = 16 << 20;
/// Pairs of addresses and ports whose connection is known.
pub const PATHS: usize = 16_384;
/// Connection ids by which a connection is found from another address.
pub const IDS: usize = 16_384;

/// Bytes of a hello, from which on nothing is waited for.
pub const MESSAGE: usize = 128 << 10;
/// Bytes that wait in all connections for the rest of their message.
pub const BUFFERED: usize = 4 << 20;
/// Initials of a server that wait for the client's first one, which stands behind them in the file, and bytes of each.
pub const WAITING: usize = 4;
/// See [`WAITING`].
pub const WAITING_BYTES: usize = 1500;
/// Pieces of a message that are apart from each other.
pub const PIECES: usize = 1024;
/// Packets of one handshake message, above which it is counted as malformed: the largest hellos of today need three.
pub const PACKETS_OF_MESSAGE: u32 = 100;

/// Connection ids of each side that are kept of every connection, and migrations; more as long as there is room in all.
pub const IDS_OF_SIDE: usize = 8;
/// See [`IDS_OF_SIDE`].
pub const MIGRATIONS_KEPT: usize = 4;
/// Ids and migrations of all connections beyond those.
pub const POOL: usize = 16_384;
/// Lists of these.
pub const CLIENT_IDS: &str = "connections[].client_ids";
/// See [`CLIENT_IDS`].
pub const SERVER_IDS: &str = "connections[].server_ids";
/// See [`CLIENT_IDS`].
pub const MIGRATIONS: &str = "connections[].migrations";
/// Versions of a negotiation that are kept; how many there were is told.
pub const VERSIONS: usize = 64;
/// Transport parameters of a client that are kept; how many there were is told.
pub const PARAMETERS: usize = 64;
/// Characters of a text.
pub const TEXT: usize = 256;

/// Versions, names, servers and fingerprints among which the most frequent ones are found.
pub const FREQUENT: usize = 1024;
/// Entries of each list of statistics, before further pages.
pub const LISTED: usize = 20;
/// Findings of one rule, before those of the others follow on further pages.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
/// Entries of the tables of findings.
pub const PARTIES: usize = 512;
/// Connections without an answer whose client may go on with TCP.
pub const UNANSWERED: usize = 4096;
