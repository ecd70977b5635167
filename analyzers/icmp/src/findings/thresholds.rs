//! The numbers of the rules, each with its reason.

/// Different hosts that one source sends echo requests to. People and monitors ping a handful at a time.
pub const SWEEP_HOSTS: u64 = 15;
/// Echo requests within one second between two hosts: `ping` sends one, or five with its shortest interval for ordinary users.
pub const FLOOD_IN_A_SECOND: u64 = 100;
/// Different hosts whose unasked replies reach one host.
pub const SMURF_HOSTS: u64 = 10;
/// Replies unlike their request: the standard wants the same bytes.
pub const TUNNEL_UNLIKE: u64 = 5;
/// Large payloads, and their mean entropy in bits per byte: compressed or encrypted data have more than 7, text and patterns less than 6.
pub const TUNNEL_LARGE: u64 = 10;
/// See [`TUNNEL_LARGE`].
pub const TUNNEL_ENTROPY: f64 = 6.5;
/// Payloads that hold an IP packet. One may be chance: of random payloads with 1,000 bytes fewer than one in 100 million seem to hold one.
pub const TUNNEL_PACKETS: u64 = 3;
/// Large payloads of any kind from which on they are worth a look: tests of the MTU send a few.
pub const LARGE_PAYLOADS: u64 = 8;
/// Different ports of one host that are reported unreachable to one other: a scan with UDP meets closed ports.
pub const UDP_SCAN_PORTS: u64 = 15;
/// Messages that ask for what nobody needs today: the time, and the address mask.
pub const PROBES: u64 = 1;
/// Different IPv6 addresses that one host solicits on the link within a minute. A host asks for its router and for the few it talks to.
pub const NEIGHBOUR_TARGETS: u64 = 30;
/// The time in which they are counted, in nanoseconds.
pub const NEIGHBOUR_WINDOW: u64 = 60_000_000_000;
