//! Community ID, version 1 (the Community ID Flow Hashing specification): the same text for a flow in Zeek, Suricata, Wireshark and here.

use std::net::IpAddr;

use data_encoding::BASE64;
use mcpcap_analyzer::stream::Endpoint;
use sha1::{Digest, Sha1};

/// IANA's number of TCP.
const TCP: u8 = 6;

/// The Community ID of a TCP connection, with the seed 0.
pub fn id(a: Endpoint, b: Endpoint) -> String {
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    let (first, second) = if (octets(a.address), a.port) <= (octets(b.address), b.port) { (a, b) } else { (b, a) };
    hash.update(octets(first.address));
    hash.update(octets(second.address));
    hash.update([TCP, 0]);
    hash.update(first.port.to_be_bytes());
    hash.update(second.port.to_be_bytes());
    format!("1:{}", BASE64.encode(&hash.finalize()))
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example (baseline of its test capture `tcp.pcap`).
    #[test]
    fn the_specifications_example_holds_in_both_directions() {
        let a = Endpoint { address: "128.232.110.120".parse().unwrap(), port: 34855 };
        let b = Endpoint { address: "66.35.250.204".parse().unwrap(), port: 80 };
        assert_eq!(id(a, b), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id(b, a), id(a, b));
    }

    /// From the specification's baseline of `tcp.pcap` over IPv6-style ordering: a port decides between equal addresses.
    #[test]
    fn equal_addresses_are_ordered_by_port() {
        let end = |port| Endpoint { address: "::1".parse().unwrap(), port };
        assert_eq!(id(end(2), end(1)), id(end(1), end(2)));
        assert_ne!(id(end(2), end(1)), id(end(1), end(3)));
    }
}
