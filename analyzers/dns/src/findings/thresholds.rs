//! The numbers behind each rule, with their reasons.

use mcpcap_analyzer::burst::Rate;

/// Tunnels carry data in names that never repeat. Ordinary domains have fewer different names than this in one capture, and content
/// networks that have more use short ones.
pub const TUNNEL_NAMES: u64 = 30;
/// Mea bytes in front of the domain. iodine, dnscat2 and the like fill their labels; host names have 5 to 20 bytes.
pub const TUNNEL_OCTETS: f64 = 30.0;
/// Mean entropy in front of the domain, in bits per byte. 30 bytes of hexadecimal digits have about 3.6, of base32 4.3; 30 bytes
/// of words joined by hyphens about 3.4.
pub const TUNNEL_ENTROPY: f64 = 3.5;
/// Share of TXT, NULL, CNAME, MX, KEY and SRV queries that counts as much as entropy: types that carry data back. Browsers ask for addresses.
pub const TUNNEL_TYPES: f64 = 0.5;

/// Share of registered domains with a long, random first name among all that one client asks one server for. Of ordinary names, 3 % are so
/// long.
pub const DIRECT_SHARE: f64 = 0.2;

/// Responses to an open query with another question, from one server to one client.
pub const OTHER_QUESTIONS: u64 = 5;

/// Different registered domains that do not exist and look random, for one client. Typing errors and dead links make a few.
pub const GENERATED_DOMAINS: u64 = 10;
/// Their share among all registered domains that did not exist for that client.
pub const GENERATED_SHARE: f64 = 0.4;

/// Different names that do not exist, for one client within a minute. Search lists of suffixes make a few for each name.
pub const NXDOMAIN_NAMES: Rate = Rate { events: 30, span: 60_000_000_000 };

/// Responses without a query to a client that does ask. Single ones come from lost frames.
pub const UNASKED_RESPONSES: u64 = 5;
/// Nanoseconds at the capture's start during which responses belong to queries before it.
pub const UNASKED_GRACE: u64 = 5_000_000_000;
/// Responses without a query to a host that never asks.
pub const FLOOD_RESPONSES: u64 = 100;
/// Their mean size in bytes: amplification pays from about the old limit of UDP answers (RFC 1035 §4.2.1) on.
pub const FLOOD_MEAN_OCTETS: u64 = 512;

/// Different names for which one host answers LLMNR. A host answers for its own name (RFC 4795 §2.2), rarely for two.
pub const LLMNR_NAMES: usize = 3;

/// Questions to a server that never answers, while others do.
pub const SILENT_QUESTIONS: u64 = 5;
