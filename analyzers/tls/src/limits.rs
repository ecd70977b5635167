//! How much is kept and listed. A capture decides how many connections there are, so each table has a size; what had to make room is counted in the
//! report. Together they stay below 48 MiB, whatever the capture; a key log takes 4 MiB of that, and 1 KiB for each connection that the decoder follows.

/// Bytes that wait in all connections for the rest of their message, or of a record that is to be decrypted.
pub const BUFFERED: usize = 4 << 20;
/// Connections of DTLS that are followed.
pub const DTLS: usize = 2048;
/// Memory in bytes of all connections that are not finished.
pub const SESSIONS: usize = 16 << 20;

/// Characters of a name in a certificate.
pub const TEXT: usize = 256;
/// Alerts of one connection that are listed at once.
pub const ALERTS: usize = 8;
/// Bytes of a segment in which a command to begin TLS is looked for.
pub const COMMAND: usize = 256;

/// Certificates of one message that are read.
pub const CHAIN: usize = 16;
/// Bytes of a certificate that is read.
pub const CERTIFICATE: usize = 64 << 10;
/// Names of a certificate that are listed at once.
pub const NAMES: usize = 32;
/// Certificates that are known at a time.
pub const CERTIFICATES: usize = 2048;
/// Of these, how many are listed, unless a page is asked for.
pub const CERTIFICATES_LISTED: usize = 100;
/// Memory in bytes of them.
pub const CERTIFICATES_MEMORY: usize = 8 << 20;

/// Names, servers, suites and fingerprints among which the most frequent ones are found.
pub const FREQUENT: usize = 1024;
/// Entries of each list of statistics, before further pages.
pub const LISTED: usize = 20;
/// Findings of one rule, before those of the others follow on further pages.
pub const FINDINGS_OF_ONE_RULE: usize = 20;
/// Entries of the tables of findings.
pub const PARTIES: usize = 512;
