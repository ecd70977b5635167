//! The numbers of the rules, each with its reason.

/// Attempts on one endpoint that were never completed, from which on it is a flood: retries and a few lost answers stay far below.
pub const FLOOD_ATTEMPTS: u64 = 100;
/// Share of the attempts on the endpoint that were never completed.
pub const FLOOD_SHARE: f64 = 0.8;
/// Different ports of one host that one source probes. Programs that use many ports of a host (passive FTP, RPC) connect to them.
pub const SCAN_PORTS: u64 = 15;
/// Different hosts that one source probes at the same port.
pub const SWEEP_HOSTS: u64 = 15;
/// Share of the source's connections that are probes: without data of it.
pub const PROBE_SHARE: f64 = 0.8;
/// SYN segments to an endpoint that never answers: a stack gives up after four to seven (net.ipv4.tcp_syn_retries).
pub const SILENT_SYNS: u64 = 3;
/// Connections that an endpoint refuses, with none accepted.
pub const REFUSED: u64 = 3;
/// Nanoseconds for which a closed window stops a transfer noticeably.
pub const STALLED: u64 = 1_000_000_000;
/// Segments sent again, and their share, from which on a connection suffers.
pub const LOSSY_SEGMENTS: u64 = 10;
/// See [`LOSSY_SEGMENTS`].
pub const LOSSY_SHARE: f64 = 0.05;
/// Hops by which a reset's hop limit differs from that of the sender's other segments. Routes change by one now and then.
pub const RESET_HOPS: u8 = 2;
/// Segments of the sender from which its hop limit is known.
pub const RESET_SEGMENTS: u64 = 2;
