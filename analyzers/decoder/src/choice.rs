//! Which packets are about an address or a port.

use std::net::IpAddr;

use ipnet::IpNet;
use mcpcap_analyzer::Problem;
use mcpcap_analyzer::decode::{Layer, Packet, quoted};

/// What packets must be about.
pub struct Choice {
    host: Option<IpNet>,
    port: Option<u16>,
}

impl Choice {
    /// Frames from or to an address or network, and a port. `None`: any.
    ///
    /// # Errors
    /// [`Problem::Arguments`] when `host` is neither an address nor a network.
    pub fn new(host: Option<&str>, port: Option<u16>) -> Result<Self, Problem> {
        let network = |text: &str| match text.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address.to_canonical())),
            Err(_) => text.parse::<IpNet>().map_err(|_| {
                Problem::argument(
                    "host",
                    "must be an IPv4 or IPv6 address, or a network such as 192.0.2.0/24 or 2001:db8::/32",
                )
            }),
        };
        Ok(Self { host: host.map(network).transpose()?, port })
    }

    /// Whether a packet is one: an address of the packet, of a tunnel around it, of an ARP message or of the packet that an ICMP error quotes
    /// is the host's, and a port of the packet or of the quoted one is the port.
    ///
    /// Of a fragment that does not complete its datagram nobody knows the port. It is one when the address fits; the fragment that
    /// completes the datagram decides whether an analyzer will see the datagram.
    pub fn takes(&self, packet: &Packet<'_>) -> bool {
        let quoted = quoted(packet);
        let host = self.host.is_none_or(|host| {
            let ends = |(a, b): (IpAddr, IpAddr)| host.contains(&a) || host.contains(&b);
            packet.ip.is_some_and(|ip| ends((ip.source, ip.destination)))
                || packet.tunnels.iter().copied().any(ends)
                || quoted.is_some_and(|quoted| ends((quoted.source, quoted.destination)))
                || arp(packet).is_some_and(ends)
        });
        let port = self.port.is_none_or(|port| {
            let ends = |(a, b): (u16, u16)| a == port || b == port;
            let unknown =
                packet.ip.is_some_and(|ip| ip.fragment) && packet.fragments.is_empty() && packet.ports().is_none();
            packet.ports().is_some_and(ends) || quoted.and_then(|quoted| quoted.ports).is_some_and(ends) || unknown
        });
        host && port
    }
}

/// Sender and target of an ARP message about IPv4 (RFC 826).
fn arp(packet: &Packet<'_>) -> Option<(IpAddr, IpAddr)> {
    if packet.layers.last() != Some(&Layer::Arp) {
        return None;
    }
    let octets = packet.payload.get(..28)?;
    let (kinds, rest) = octets.split_at_checked(8)?;
    // Ethernet and IPv4, with addresses of 6 and 4 octets.
    if kinds.get(..6)? != [0, 1, 8, 0, 6, 4] {
        return None;
    }
    let address = |at: usize| Some(IpAddr::from(<[u8; 4]>::try_from(rest.get(at..at.checked_add(4)?)?).ok()?));
    Some((address(6)?, address(16)?))
}

#[cfg(test)]
mod tests {
    use mcpcap_analyzer::Flow;
    use mcpcap_analyzer::decode::Decoder;
    use mcpcap_analyzer::harness::frames;

    use super::*;

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn chosen(name: &str, host: Option<&str>, port: Option<u16>) -> Vec<u64> {
        let choice = Choice::new(host, port).unwrap();
        let mut decoder = Decoder::new();
        let mut numbers = Vec::new();
        frames(&file(name), |frame| {
            if choice.takes(&decoder.decode(frame)) {
                numbers.push(frame.number);
            }
            Ok(Flow::More)
        })
        .unwrap();
        numbers
    }

    // Facts from tshark 4.0.17, with display filters.
    #[test]
    fn frames_are_those_that_tshark_finds() {
        for (name, host, port, expected) in FACTS {
            assert_eq!(chosen(name, *host, *port), *expected, "{name} {host:?} {port:?}");
        }
    }

    #[test]
    fn a_fragment_may_have_any_port_until_its_datagram_is_whole() {
        let name = "tests/captures/crafted/sip_edge.pcap";
        assert!(chosen(name, None, Some(5060)).ends_with(&[23, 24]));
        assert_eq!(chosen(name, None, Some(514)), [3, 23]);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for host in ["", "router", "192.0.2.1/33", "192.0.2", "::1/x", "192.0.2.1:53"] {
            assert!(Choice::new(Some(host), None).is_err(), "{host}");
        }
    }

    type Fact = (&'static str, Option<&'static str>, Option<u16>, &'static [u64]);
    const FACTS: &[Fact] = &include!("facts.in");
}
