//! What kind of address it is (IANA's special-purpose registries, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::key::Address;

/// Blocks whose addresses do not belong into the traffic of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// As it is written.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

struct Four(u32, u8, Block);
struct Six(u128, u8, Block);

const fn four(address: [u8; 4], length: u8, name: &'static str, purpose: &'static str) -> Four {
    Four(u32::from_be_bytes(address), length, Block { name, purpose })
}

const fn six(first: u32, length: u8, name: &'static str, purpose: &'static str) -> Six {
    Six((first as u128) << 96, length, Block { name, purpose })
}

const BLOCKS4: [Four; 9] = [
    four([0, 0, 0, 0], 8, "0.0.0.0/8", "this network"),
    four([127, 0, 0, 0], 8, "127.0.0.0/8", "loopback"),
    four([192, 0, 0, 0], 24, "192.0.0.0/24", "protocol assignments"),
    four([192, 0, 2, 0], 24, "192.0.2.0/24", "documentation"),
    four([198, 18, 0, 0], 15, "198.18.0.0/15", "benchmarks"),
    four([198, 51, 100, 0], 24, "198.51.100.0/24", "documentation"),
    four([203, 0, 113, 0], 24, "203.0.113.0/24", "documentation"),
    four([233, 252, 0, 0], 24, "233.252.0.0/24", "documentation"),
    four([240, 0, 0, 0], 4, "240.0.0.0/4", "reserved"),
];

const BLOCKS6: [Six; 5] = [
    six(0x0100_0000, 64, "100::/64", "discard"),
    six(0x2001_0db8, 32, "2001:db8::/32", "documentation"),
    six(0x2001_0002, 48, "2001:2::/48", "benchmarks"),
    six(0x3fff_0000, 20, "3fff::/20", "documentation"),
    six(0xfec0_0000, 10, "fec0::/10", "site-local, given up in 2004"),
];

/// The block of an address that does not belong into a network's traffic. `0.0.0.0`, `255.255.255.255` and `::` do: hosts without an address use them.
pub fn misplaced(address: Address, loopback: bool) -> Option<Block> {
    match address {
        Address::V4(Ipv4Addr::UNSPECIFIED | Ipv4Addr::BROADCAST) => None,
        Address::V4(address) if loopback && address.is_loopback() => None,
        Address::V4(address) => BLOCKS4.iter().find_map(|Four(block, length, found)| {
            let shift = 32_u32.saturating_sub((*length).into());
            (address.to_bits() >> shift == block >> shift).then_some(*found)
        }),
        Address::V6(Ipv6Addr::LOCALHOST) if !loopback => Some(Block { name: "::1/128", purpose: "loopback" }),
        Address::V6(address) => BLOCKS6.iter().find_map(|Six(block, length, found)| {
            let shift = 128_u32.saturating_sub((*length).into());
            (address.to_bits() >> shift == block >> shift).then_some(*found)
        }),
        Address::Mac(_) | Address::None => None,
    }
}

/// Whether an address is one of a site's own: private (RFC 1918, RFC 4193), shared (RFC 6598) or link-local.
pub fn is_inside(address: Address) -> bool {
    match address {
        Address::V4(address) => {
            let shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_private() || address.is_link_local() || shared
        }
        Address::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
        Address::Mac(_) | Address::None => false,
    }
}

/// Whether an address is one of the public Internet.
pub fn is_outside(address: Address) -> bool {
    let is_unicast = match address {
        Address::V4(address) => !address.is_unspecified(),
        Address::V6(address) => matches!(address.segments(), [0x2000..=0x3fff, ..]),
        Address::Mac(_) | Address::None => false,
    };
    // Addresses of documentation stand for public ones.
    let is_special = misplaced(address, false).is_some_and(|block| block.purpose != "documentation");
    is_unicast && !address.is_group() && !is_special && !is_inside(address)
}

/// A network of addresses that are near each other: a /24 of IPv4, a /64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    /// Of an address.
    pub fn of(address: Address) -> Option<Self> {
        match address.ip()? {
            IpAddr::V4(address) => Some(Self(Ipv4Addr::from_bits(address.to_bits() & 0xffff_ff00).into())),
            IpAddr::V6(address) => Some(Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into())),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Address {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn blocks_are_those_of_the_registries() {
        let name = |text: &str| misplaced(of(text), false).map(|block| block.name);
        for (address, expected) in [
            ("192.0.2.9", Some("192.0.2.0/24")),
            ("198.19.255.1", Some("198.18.0.0/15")),
            ("198.20.0.1", None),
            ("127.0.0.1", Some("127.0.0.0/8")),
            ("0.0.0.0", None),
            ("0.1.2.3", Some("0.0.0.0/8")),
            ("255.255.255.255", None),
            ("250.1.1.1", Some("240.0.0.0/4")),
            ("8.8.8.8", None),
            ("2001:db8:1::1", Some("2001:db8::/32")),
            ("3fff:fff::1", Some("3fff::/20")),
            ("fec0::1", Some("fec0::/10")),
            ("2001:4860:4860::8888", None),
            ("::", None),
        ] {
            assert_eq!(name(address), expected, "{address}");
        }
        assert_eq!(misplaced(of("127.0.0.1"), true), None);
    }

    #[test]
    fn inside_and_outside_are_told_apart() {
        for (address, inside, outside) in [
            ("10.1.2.3", true, false),
            ("172.31.0.1", true, false),
            ("172.32.0.1", false, true),
            ("100.64.0.1", true, false),
            ("169.254.1.1", true, false),
            ("8.8.8.8", false, true),
            ("203.0.113.5", false, true),
            ("224.0.0.1", false, false),
            ("fd00::1", true, false),
            ("2001:4860::1", false, true),
            ("ff02::1", false, false),
        ] {
            assert_eq!((is_inside(of(address)), is_outside(of(address))), (inside, outside), "{address}");
        }
        assert_eq!(Network::of(of("10.1.2.3")).unwrap().to_string(), "10.1.2.0/24");
        assert_eq!(Network::of(of("2001:db8:1:2:3::4")).unwrap().to_string(), "2001:db8:1:2::/64");
    }
}
