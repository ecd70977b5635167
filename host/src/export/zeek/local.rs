//! Which addresses are local: those that Zeek takes for it where nobody says otherwise (`Site::private_address_space`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Network;

/// Networks of IPv4. Each is local as an address of 6to4 (RFC 3056), too.
const V4: [Network; 14] = [
    Network::v4(Ipv4Addr::new(0, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(10, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(100, 64, 0, 0), 10),
    Network::v4(Ipv4Addr::new(127, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(169, 254, 0, 0), 16),
    Network::v4(Ipv4Addr::new(172, 16, 0, 0), 12),
    Network::v4(Ipv4Addr::new(192, 0, 0, 0), 24),
    Network::v4(Ipv4Addr::new(192, 0, 2, 0), 24),
    Network::v4(Ipv4Addr::new(192, 168, 0, 0), 16),
    Network::v4(Ipv4Addr::new(198, 18, 0, 0), 15),
    Network::v4(Ipv4Addr::new(198, 51, 100, 0), 24),
    Network::v4(Ipv4Addr::new(203, 0, 113, 0), 24),
    Network::v4(Ipv4Addr::new(240, 0, 0, 0), 4),
    Network::v4(Ipv4Addr::new(255, 255, 255, 255), 32),
];

/// Networks of IPv6.
const V6: [Network; 8] = [
    Network::v6(Ipv6Addr::UNSPECIFIED, 128),
    Network::v6(Ipv6Addr::LOCALHOST, 128),
    Network::v6(Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    Network::v6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    Network::v6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Network::v6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    Network::v6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

/// Whether an address is local.
pub(super) fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => V4.iter().any(|network| network.has(address)),
        IpAddr::V6(v6) => match v6.segments() {
            [0x2002, high, low, ..] => is_local(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()),
            _ => V6.iter().any(|network| network.has(address)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_those_of_zeek() {
        for (address, expected) in [
            ("10.1.2.3", true),
            ("11.0.0.1", false),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.0.2.7", true),
            ("192.0.3.7", false),
            ("8.8.8.8", false),
            ("224.0.0.251", false),
            ("255.255.255.255", true),
            ("::1", true),
            ("::2", false),
            ("fe80::1", true),
            ("fd00::1", true),
            ("2001:db8::1", true),
            ("2001:4860::8888", false),
            ("2002:a01:203::1", true),
            ("2002:808:808::1", false),
        ] {
            assert_eq!(is_local(address.parse().unwrap()), expected, "{address}");
        }
    }
}
