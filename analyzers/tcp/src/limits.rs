//! How much is kept and listed. A capture decides how many connections there are, so each table has a size; what had to make room is
//! counted in the report. How many connections are followed, the SDK's tracker says. Together they stay below 55 MiB of the 64 that the host allows,
//! whatever the capture: a connection takes 2.1 kB, and with all of its lists full 5 kB; of the findings, a scan of more than 64 ports takes
//! 8 kB, one about a single connection less than 1, any other entry less than 3.

/// Holes of one direction that are remembered, to tell bytes that come late from repeated ones.
pub const HOLES: usize = 16;
/// SYN segments of a handshake, and SYN-ACK segments, whose times are kept.
pub const HANDSHAKE_COPIES: usize = 4;
/// Segments of one direction that wait for their acknowledgment, to measure round-trip times.
pub const OUTSTANDING: usize = 16;
/// Segments of one direction whose content is remembered, to notice that it came again with another.
pub const CONTENTS: usize = 8;
/// Frames with a flag of which a connection remembers number and flags.
pub const EVENTS: usize = 16;

/// Frames with RST that a direction lists.
pub const RESETS_LISTED: usize = 10;
/// Findings of one rule, before others follow on further pages: of those about single connections these are the ones with most frames.
pub const FINDINGS_OF_ONE_RULE: usize = 100;

/// Servers, clients and pairs of which the findings keep a count.
pub const PARTIES: usize = 1024;
/// Ports or hosts that accepted a scan's probe, kept to be named.
pub const OPEN: usize = 16;
