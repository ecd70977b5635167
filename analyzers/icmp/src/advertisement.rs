//! What router advertisements say (RFC 4861, RFC 8106, RFC 1256).

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::stats::{Lists, Pool, Sequence};
use mcpcap_analyzer::{JsonSchema, text};
use serde::Serialize;

use crate::limits;
use crate::message::{Message, address};

/// The lists of each router, by the names under which a page of one can be asked for.
pub const PREFIXES: &str = "statistics.neighbour_discovery.routers[].prefixes";
/// See [`PREFIXES`].
pub const ROUTES: &str = "statistics.neighbour_discovery.routers[].routes";
/// See [`PREFIXES`].
pub const DNS_SERVERS: &str = "statistics.neighbour_discovery.routers[].dns_servers";
/// See [`PREFIXES`].
pub const DNS_SEARCH: &str = "statistics.neighbour_discovery.routers[].dns_search";
/// See [`PREFIXES`].
pub const GATEWAYS: &str = "statistics.neighbour_discovery.routers[].gateways";

/// What an advertisement says.
#[derive(Clone)]
pub struct RouterOptions {
    /// The router's link-layer address.
    pub mac: Option<String>,
    /// The hop limit that hosts are to use; 0: not said.
    pub hop_limit: u8,
    /// Addresses come by DHCPv6.
    pub managed: bool,
    /// Other configuration comes by DHCPv6.
    pub other: bool,
    /// high, medium, low or reserved (RFC 4191).
    pub preference: &'static str,
    /// MTU of the link in bytes.
    pub mtu: Option<u32>,
    /// Prefixes.
    pub prefixes: Values<PrefixReport>,
    /// Routes as `prefix/length`.
    pub routes: Values<String>,
    /// Name servers.
    pub dns_servers: Values<IpAddr>,
    /// Domains to search.
    pub dns_search: Values<String>,
    /// Addresses of an ICMP router advertisement.
    pub gateways: Values<IpAddr>,
    /// A digest of what hosts are configured with.
    pub configuration: u64,
}

/// Values of one kind in an advertisement.
#[derive(Clone)]
pub struct Values<T> {
    list: Sequence<T>,
    /// Of all values, whatever was kept of them.
    digest: u64,
}

impl<T: Clone + Hash> Values<T> {
    fn of(list: &str) -> Self {
        Self { list: Sequence::of(list, limits::OPTION_VALUES), digest: 0 }
    }

    fn push(&mut self, value: T, room: &mut Pool) {
        let mut digest = DefaultHasher::new();
        (self.digest, &value).hash(&mut digest);
        self.digest = digest.finish();
        self.list.push(|| value.clone(), room);
    }

    /// What the report shows of them for the router at a place, and the total if that is more.
    pub fn report(self, list: &str, place: usize, lists: &mut Lists) -> (Vec<T>, Option<u64>) {
        let total = self.list.total();
        let shown = lists.sequence(list, &[place], self.list);
        let total = Some(total).filter(|total| *total > shown.len() as u64);
        (shown, total)
    }
}

impl Default for RouterOptions {
    fn default() -> Self {
        Self {
            mac: None,
            hop_limit: 0,
            managed: false,
            other: false,
            preference: "medium",
            mtu: None,
            prefixes: Values::of(PREFIXES),
            routes: Values::of(ROUTES),
            dns_servers: Values::of(DNS_SERVERS),
            dns_search: Values::of(DNS_SEARCH),
            gateways: Values::of(GATEWAYS),
            configuration: 0,
        }
    }
}

impl RouterOptions {
    /// Gives back the room that its lists share with those of other routers.
    pub fn release(&self, room: &mut Pool) {
        self.prefixes.list.release(room);
        self.routes.list.release(room);
        self.dns_servers.list.release(room);
        self.dns_search.list.release(room);
        self.gateways.list.release(room);
    }

    fn digested(mut self) -> Self {
        let mut digest = DefaultHasher::new();
        (self.managed, self.other, self.preference, self.mtu).hash(&mut digest);
        (self.prefixes.digest, self.routes.digest).hash(&mut digest);
        (self.dns_servers.digest, self.dns_search.digest, self.gateways.digest).hash(&mut digest);
        self.configuration = digest.finish();
        self
    }
}

/// The lifetime in seconds, and what an ICMPv6 router advertisement says (RFC 4861 §4.2), by the second half of its header and its options.
pub fn router_v6(header: [u8; 4], options: &[u8], room: &mut Pool) -> (u16, RouterOptions) {
    let [hop_limit, flags, high, low] = header;
    let mut said = RouterOptions {
        hop_limit,
        managed: flags & 0x80 != 0,
        other: flags & 0x40 != 0,
        // RFC 4191 §2.1.
        preference: match flags >> 3 & 3 {
            1 => "high",
            3 => "low",
            0 => "medium",
            _ => "reserved",
        },
        ..RouterOptions::default()
    };
    walk(options, |kind, value| match (kind, value) {
        (1, value) => said.mac = Some(text::hexadecimal(value, ":", 8)),
        (5, [_, _, mtu @ ..]) => said.mtu = mtu.first_chunk().map(|mtu| u32::from_be_bytes(*mtu)),
        (3, value) => {
            if let Some(prefix) = prefix(value) {
                said.prefixes.push(prefix, room);
            }
        }
        (24, [length, _, _, _, _, _, prefix @ ..]) => {
            let mut octets = [0; 16];
            octets.iter_mut().zip(prefix).for_each(|(octet, given)| *octet = *given);
            said.routes.push(format!("{}/{length}", Ipv6Addr::from(octets)), room);
        }
        (25, value) => {
            let (servers, _) = value.get(6..).unwrap_or_default().as_chunks::<16>();
            servers.iter().for_each(|octets| said.dns_servers.push(IpAddr::from(*octets), room));
        }
        (31, value) => names(value.get(6..).unwrap_or_default(), &mut said.dns_search, room),
        _ => {}
    });
    (u16::from_be_bytes([high, low]), said.digested())
}

/// Likewise of an ICMP router advertisement (RFC 1256 §3).
pub fn router_v4(message: &Message<'_>, room: &mut Pool) -> (u16, RouterOptions) {
    let [_, size, high, low] = message.rest;
    // Addresses with their preference, `size` words of four bytes each (RFC 1256 §3).
    let entries = message.data.chunks(usize::from(size).saturating_mul(4).max(8));
    let mut said = RouterOptions::default();
    for octets in entries.filter_map(|entry| entry.first_chunk::<4>()) {
        said.gateways.push(Ipv4Addr::from(*octets).into(), room);
    }
    (u16::from_be_bytes([high, low]), said.digested())
}

fn prefix(value: &[u8]) -> Option<PrefixReport> {
    let [length, flags, rest @ ..] = value else { return None };
    let (valid, rest) = rest.split_first_chunk::<4>()?;
    let (preferred, rest) = rest.split_first_chunk::<4>()?;
    Some(PrefixReport {
        prefix: format!("{}/{length}", address(rest, 4)?),
        on_link: flags & 0x80 != 0,
        autonomous: flags & 0x40 != 0,
        valid_seconds: u32::from_be_bytes(*valid),
        preferred_seconds: u32::from_be_bytes(*preferred),
    })
}

/// Domain names one after the other, without compression (RFC 8106 §5.2). Bytes other than letters, digits, `-` and `_` are
/// written as `\DDD` (RFC 1035 §5.1).
fn names(mut octets: &[u8], names: &mut Values<String>, room: &mut Pool) {
    let mut name = String::new();
    while let Some((&length, rest)) = octets.split_first() {
        let Some((label, rest)) = rest.split_at_checked(length.into()) else { break };
        octets = rest;
        if length == 0 {
            if name.is_empty() {
                break;
            }
            names.push(std::mem::take(&mut name), room);
            continue;
        }
        if !name.is_empty() {
            name.push('.');
        }
        for octet in label {
            if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
                name.push(char::from(*octet));
            } else {
                let _ = write!(name, "\\{octet:03}");
            }
        }
        if name.len() > 1024 {
            break;
        }
    }
}

/// Walks the options of neighbour discovery: type, length in units of eight bytes, value (RFC 4861 §4.6).
pub fn walk(mut octets: &[u8], mut take: impl FnMut(u8, &[u8])) {
    while let [kind, length, rest @ ..] = octets {
        let Some((value, rest)) = usize::from(*length)
            .checked_mul(8)
            .and_then(|all| all.checked_sub(2))
            .and_then(|all| rest.split_at_checked(all))
        else {
            return;
        };
        take(*kind, value);
        octets = rest;
    }
}

/// A prefix of a router advertisement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct PrefixReport {
    /// The prefix, as `address/length`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub prefix: String,
    /// Hosts with it are reached without a router.
    pub on_link: bool,
    /// Hosts make addresses of it themselves.
    pub autonomous: bool,
    /// How long it is valid, in seconds; 4294967295: for ever.
    pub valid_seconds: u32,
    /// How long addresses made of it are preferred, in seconds.
    pub preferred_seconds: u32,
}
