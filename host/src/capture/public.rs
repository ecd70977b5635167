//! Which addresses may be asked for captures: those that are meant to be reached from anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Network;

/// The IANA IPv4 Special-Purpose Address Registry, and multicast. Also what is reachable from anywhere and
/// serves a purpose of its own, such as AS112: no capture lies there.
const SPECIAL_V4: [Network; 18] = [
    Network::v4(Ipv4Addr::new(0, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(10, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(100, 64, 0, 0), 10),
    Network::v4(Ipv4Addr::new(127, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(169, 254, 0, 0), 16),
    Network::v4(Ipv4Addr::new(172, 16, 0, 0), 12),
    Network::v4(Ipv4Addr::new(192, 0, 0, 0), 24),
    Network::v4(Ipv4Addr::new(192, 0, 2, 0), 24),
    Network::v4(Ipv4Addr::new(192, 31, 196, 0), 24),
    Network::v4(Ipv4Addr::new(192, 52, 193, 0), 24),
    Network::v4(Ipv4Addr::new(192, 88, 99, 0), 24),
    Network::v4(Ipv4Addr::new(192, 168, 0, 0), 16),
    Network::v4(Ipv4Addr::new(192, 175, 48, 0), 24),
    Network::v4(Ipv4Addr::new(198, 18, 0, 0), 15),
    Network::v4(Ipv4Addr::new(198, 51, 100, 0), 24),
    Network::v4(Ipv4Addr::new(203, 0, 113, 0), 24),
    Network::v4(Ipv4Addr::new(224, 0, 0, 0), 4),
    Network::v4(Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// All that is assigned for use from anywhere (IANA IPv6 Address Space).
const GLOBAL_V6: Network = Network::v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of that the IANA IPv6 Special-Purpose Address Registry has: protocols (Teredo among them), documentation, 6to4, AS112.
const SPECIAL_V6: [Network; 5] = [
    Network::v6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Network::v6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Network::v6(Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    Network::v6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is meant to be reached from anywhere: not of the special-purpose registries (RFC 6890 and its updates).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !SPECIAL_V4.iter().any(|network| network.has(address)),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            None => GLOBAL_V6.has(address) && !SPECIAL_V6.iter().any(|network| network.has(address)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.175.48.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "64:ff9b::a00:1",
            "2001:0:a00:1::",
            "3fff::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2620:4f:8000::1",
            "64:ff9b:1::1",
            "100::1",
            "100:0:0:1::1",
            "5f00::1",
            "::ffff:192.88.99.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "192.88.98.1",
            "198.20.0.1",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2620:4f:8001::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
