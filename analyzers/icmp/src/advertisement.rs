//! What router advertisements say (RFC 4861, RFC 8106, RFC 1256).

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::{JsonSchema, text};
use serde::Serialize;

use crate::limits;
use crate::message::{Message, address};

/// What an advertisement says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    pub prefixes: Vec<PrefixReport>,
    /// Routes as `prefix/length`.
    pub routes: Vec<String>,
    /// Name servers.
    pub dns_servers: Vec<IpAddr>,
    /// Domains to search.
    pub dns_search: Vec<String>,
    /// Addresses of an ICMP router advertisement.
    pub gateways: Vec<IpAddr>,
    /// There were more values of some of these lists than are kept.
    pub more_values: bool,
}

impl RouterOptions {
    /// The first values of each list.
    fn bounded(mut self) -> Self {
        let more = &mut self.more_values;
        keep(&mut self.prefixes, more);
        keep(&mut self.routes, more);
        keep(&mut self.dns_servers, more);
        keep(&mut self.dns_search, more);
        keep(&mut self.gateways, more);
        self
    }
}

fn keep<T>(values: &mut Vec<T>, more: &mut bool) {
    *more |= values.len() > limits::OPTION_VALUES;
    values.truncate(limits::OPTION_VALUES);
    values.shrink_to_fit();
}

/// The lifetime in seconds, and what an ICMPv6 router advertisement says (RFC 4861 §4.2).
pub fn router_v6(message: &Message<'_>) -> Option<(u16, RouterOptions)> {
    let [hop_limit, flags, high, low] = message.rest;
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
    // Reachable time and retransmission timer come before the options.
    options(message.data.get(8..)?, |kind, value| match (kind, value) {
        (1, value) => said.mac = Some(text::hexadecimal(value, ":", 8)),
        (5, [_, _, mtu @ ..]) => said.mtu = mtu.first_chunk().map(|mtu| u32::from_be_bytes(*mtu)),
        (3, value) if said.prefixes.len() <= limits::OPTION_VALUES => said.prefixes.extend(prefix(value)),
        (24, [length, _, _, _, _, _, prefix @ ..]) if said.routes.len() <= limits::OPTION_VALUES => {
            let mut octets = [0; 16];
            octets.iter_mut().zip(prefix).for_each(|(octet, given)| *octet = *given);
            said.routes.push(format!("{}/{length}", Ipv6Addr::from(octets)));
        }
        (25, value) => {
            let servers = value.get(6..).unwrap_or_default().as_chunks::<16>().0.iter();
            said.dns_servers.extend(servers.map(|octets| IpAddr::from(*octets)));
        }
        (31, value) => said.dns_search.extend(names(value.get(6..).unwrap_or_default())),
        _ => {}
    });
    Some((u16::from_be_bytes([high, low]), said.bounded()))
}

/// Likewise of an ICMP router advertisement (RFC 1256 §3).
pub fn router_v4(message: &Message<'_>) -> Option<(u16, RouterOptions)> {
    let [_, size, high, low] = message.rest;
    // Addresses with their preference, `size` words of four bytes each (RFC 1256 §3).
    let entries = message.data.chunks(usize::from(size).saturating_mul(4).max(8));
    let addresses = entries.filter_map(|entry| entry.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets).into()));
    let said = RouterOptions { gateways: addresses.collect(), preference: "medium", ..RouterOptions::default() };
    Some((u16::from_be_bytes([high, low]), said.bounded()))
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
fn names(mut octets: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    while let Some((&length, rest)) = octets.split_first() {
        let Some((label, rest)) = rest.split_at_checked(length.into()) else { break };
        octets = rest;
        if length == 0 {
            if name.is_empty() {
                break;
            }
            names.push(std::mem::take(&mut name));
            if names.len() > limits::OPTION_VALUES {
                break;
            }
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
    names
}

/// Walks the options of neighbour discovery: type, length in units of eight bytes, value (RFC 4861 §4.6).
pub fn options(mut octets: &[u8], mut take: impl FnMut(u8, &[u8])) {
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PrefixReport {
    pub prefix: String,
    pub on_link: bool,
    /// For stateless address configuration.
    pub autonomous: bool,
    pub valid_seconds: u32,
    pub preferred_seconds: u32,
}
