//! How much is kept and listed. A capture decides how many exchanges there are, so each table has a size; what had to make room is counted in the
//! report. Together they stay below 48 MiB, whatever the capture; a key log takes 4 MiB of that, and 1 KiB for each connection that the decoder follows.

/// Segments of each side that begin no message, after which a connection is let go.
pub const TRIES: u8 = 4;

/// The longest start line that is waited for.
pub const START_LINE: usize = 16 << 10;
/// The longest head that is waited for: servers take 8 to 64 KiB.
pub const HEAD: usize = 128 << 10;
/// Headers that are read of one message. Those behind are counted as a fault.
pub const HEADERS: usize = 256;
/// The longest line with a chunk's size, with its extensions.
pub const CHUNK_LINE: usize = 4 << 10;
/// Bytes that wait in all connections for the rest of their head.
pub const BUFFERED: usize = 2 << 20;
/// Bytes that wait in all connections of TLS for the rest of their record or handshake message.
pub const RECORDS: usize = 2 << 20;

/// Tunnels within each other that are looked into.
pub const TUNNELS: u8 = 3;

/// Bytes that a client sends behind CONNECT, with what is kept about them, that wait for the answer.
pub const EARLY: usize = 64 << 10;
/// Streams of HTTP/2 that are read as tunnels at the same time. Of those beyond only the bytes are counted.
pub const STREAM_TUNNELS: usize = 512;

/// Requests of one connection that wait for their responses.
pub const PIPELINED: usize = 1024;
/// Memory in bytes of all exchanges that are not finished.
pub const UNFINISHED: usize = 6 << 20;
/// Interim responses of one exchange that are listed at once.
pub const INTERIM: usize = 8;

/// Names of cookies of one message that are listed at once.
pub const COOKIES: usize = 32;
/// Characters of a short text, such as a method.
pub const WORD: usize = 64;
/// Characters of a text from a message.
pub const TEXT: usize = 256;
/// Characters of a target.
pub const TARGET: usize = 1024;

/// Hosts, paths, user agents, servers, types and failures among which the most frequent ones are found.
pub const FREQUENT: usize = 1024;
/// User agents of which it is remembered what program they name.
pub const AGENTS: usize = 64;
/// Files that are told apart.
pub const FILES: usize = 1024;
/// Methods, of which there are few.
pub const METHODS: usize = 64;
/// Entries of each list of statistics, before further pages.
pub const LISTED: usize = 20;
/// Exchanges that took longest, likewise.
pub const SLOWEST: usize = 10;
/// Findings of one rule, before those of the others follow on further pages.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
/// Entries of the tables of findings.
pub const PARTIES: usize = 256;

/// Bodies that are read at the same time, in at most 6 KiB each. Of those beyond only the size is known.
pub const BODIES: usize = 512;
/// Bodies with gzip or deflate among them, whose decoders take 80 KiB each.
pub const DECODERS: usize = 32;
/// Bytes of one body with brotli or zstd, and of all, that wait for the end of the body: decoders of these have large windows, so there is one at a time.
pub const HELD_BODY: usize = 1 << 20;
/// See [`HELD_BODY`].
pub const HELD_BODIES: usize = 2 << 20;
/// Bytes that a body may expand to for each that was sent, and besides. DEFLATE packs text twenty times; a bomb a thousand times.
pub const EXPANSION: u64 = 100;
/// See [`EXPANSION`].
pub const EXPANDED: u64 = 1 << 20;
/// First bytes of a body by which it is recognised.
pub const PREFIX: usize = 4096;

/// Connections of HTTP/2 that are followed at the same time, in about 40 KiB each. Others are counted.
pub const HTTP2: usize = 128;
/// Streams of one connection that are open at the same time.
pub const OPEN_STREAMS: usize = 256;
/// Bytes of a header block, and of a frame with a part of it.
pub const HEADER_BLOCK: u32 = 128 << 10;
/// Bytes that a header block may expand to.
pub const HEADER_LIST: usize = 256 << 10;
/// The largest table of HPACK; what is in use is 4 KiB.
pub const HPACK_TABLE: usize = 16 << 10;
