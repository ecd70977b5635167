//! What ICMP, ARP and DHCP messages say, in brief.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::decode::icmp::{Version, code_name, kind, protocol_name, type_name};
use mcpcap_analyzer::decode::{Icmp, Packet, quoted};
use mcpcap_analyzer::text::{hexadecimal, printable};

/// Characters of a host's name.
const NAME: usize = 40;

/// An ICMP message: `Echo Request id 7 seq 1 len 56`, `Destination Unreachable: Port Unreachable, for UDP 192.0.2.1:4000 > 192.0.2.2:53`.
pub fn icmp(packet: &Packet<'_>, icmp: &Icmp, version: Version) -> String {
    let mut line = type_name(version, icmp.kind).into_owned();
    if let Some(code) = code_name(version, icmp.kind, icmp.code) {
        line += &format!(": {code}");
    }
    if let Some(quoted) = quoted(packet) {
        let end = |address: IpAddr, port: Option<u16>| match port {
            Some(port) => std::net::SocketAddr::new(address, port).to_string(),
            None => address.to_string(),
        };
        let (source, destination) = (quoted.ports.map(|ports| ports.0), quoted.ports.map(|ports| ports.1));
        let ends = (end(quoted.source, source), end(quoted.destination, destination));
        line += &format!(", for {} {} > {}", protocol_name(quoted.protocol), ends.0, ends.1);
        return line;
    }
    let word = |at: usize| packet.payload.get(at..)?.first_chunk::<2>().map(|word| u16::from_be_bytes(*word));
    let is_echo = match version {
        Version::V4 => matches!(icmp.kind, kind::ECHO | kind::ECHO_REPLY),
        Version::V6 => matches!(icmp.kind, kind::V6_ECHO | kind::V6_ECHO_REPLY),
    };
    let is_neighbour = matches!(icmp.kind, kind::V6_NEIGHBOR_SOLICITATION | kind::V6_NEIGHBOR_ADVERTISEMENT);
    if let (true, Some(id), Some(sequence)) = (is_echo, word(0), word(2)) {
        line += &format!(" id {id} seq {sequence} len {}", packet.payload_length.saturating_sub(4));
    } else if version == Version::V6 && is_neighbour {
        // RFC 4861 §4.3 and §4.4: flags or zeros, then the address.
        if let Some(target) = packet.payload.get(4..).and_then(|rest| rest.first_chunk::<16>()) {
            line += &format!(" of {}", Ipv6Addr::from(*target));
        }
    }
    line
}

/// An ARP message (RFC 826).
pub fn arp(message: &[u8]) -> Option<String> {
    let fixed = message.first_chunk::<28>()?;
    let [0, _, 8, 0, 6, 4, 0, operation, a, b, c, d, e, f, s1, s2, s3, s4, t @ ..] = fixed else { return None };
    let [.., t1, t2, t3, t4] = *t;
    let hardware = hexadecimal(&[*a, *b, *c, *d, *e, *f], ":", 6);
    let (sender, target) = (Ipv4Addr::new(*s1, *s2, *s3, *s4), Ipv4Addr::new(t1, t2, t3, t4));
    Some(match operation {
        1 if sender == target => format!("announces {sender} at {hardware}"),
        1 => format!("who has {target}? tell {sender} at {hardware}"),
        2 => format!("{sender} is at {hardware}"),
        other => format!("operation {other}: {sender} at {hardware}, target {target}"),
    })
}

/// A DHCP message (RFC 2131): its type, the client, and the addresses that it is about.
pub fn dhcp(message: &[u8]) -> Option<String> {
    let word = |at: usize| message.get(at..)?.first_chunk::<4>().copied();
    let (transaction, client, yours) = (word(4)?, message.get(28..34)?, Ipv4Addr::from(word(16)?));
    let mut kind = if message.first() == Some(&1) { "BOOTP request".to_owned() } else { "BOOTP reply".to_owned() };
    let (mut requested, mut server, mut name) = (None, None, None);
    let mut options = message.get(240..).unwrap_or_default();
    while let Some((code, rest)) = options.split_first() {
        match code {
            0 => {
                options = rest;
                continue;
            }
            255 => break,
            _ => {}
        }
        let Some((value, behind)) =
            rest.split_first().and_then(|(length, rest)| rest.split_at_checked((*length).into()))
        else {
            break;
        };
        let address = || value.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
        match (code, value) {
            (12, _) => name = Some(printable(value, NAME)),
            (50, _) => requested = address(),
            (53, [number]) => kind = dhcp_type(*number).map_or_else(|| format!("message type {number}"), str::to_owned),
            (54, _) => server = address(),
            _ => {}
        }
        options = behind;
    }
    let mut line = format!("{kind} xid 0x{} client {}", hexadecimal(&transaction, "", 4), hexadecimal(client, ":", 6));
    if let Some(name) = name {
        line += &format!(" ({name})");
    }
    if !yours.is_unspecified() {
        line += &format!(" address {yours}");
    }
    if let Some(requested) = requested {
        line += &format!(" requests {requested}");
    }
    if let Some(server) = server {
        line += &format!(" server {server}");
    }
    Some(line)
}

fn dhcp_type(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "Discover",
        2 => "Offer",
        3 => "Request",
        4 => "Decline",
        5 => "ACK",
        6 => "NAK",
        7 => "Release",
        8 => "Inform",
        9 => "Force Renew",
        10 => "Lease Query",
        11 => "Lease Unassigned",
        12 => "Lease Unknown",
        13 => "Lease Active",
        _ => return None,
    })
}

/// A DHCPv6 message (RFC 8415 §7.3, §8).
pub fn dhcpv6(message: &[u8]) -> Option<String> {
    let [number, a, b, c] = message.first_chunk::<4>()?;
    let kind = match number {
        1 => "Solicit",
        2 => "Advertise",
        3 => "Request",
        4 => "Confirm",
        5 => "Renew",
        6 => "Rebind",
        7 => "Reply",
        8 => "Release",
        9 => "Decline",
        10 => "Reconfigure",
        11 => "Information-request",
        12 => return Some(format!("Relay-forward, hop {a}")),
        13 => return Some(format!("Relay-reply, hop {a}")),
        other => return Some(format!("message type {other}")),
    };
    Some(format!("{kind} xid 0x{a:02x}{b:02x}{c:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arp_asks_and_answers() {
        let mut message = vec![0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 7, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 9];
        assert_eq!(arp(&message).unwrap(), "who has 192.0.2.9? tell 192.0.2.1 at 02:00:00:00:00:07");
        message[7] = 2;
        assert_eq!(arp(&message).unwrap(), "192.0.2.1 is at 02:00:00:00:00:07");
        assert_eq!(arp(&message[..27]), None);
    }

    #[test]
    fn dhcp_tells_type_client_and_addresses() {
        let mut message = vec![1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef];
        message.resize(28, 0);
        message.extend([2, 0, 0, 0, 0, 0x21]);
        message.resize(236, 0);
        message.extend([99, 130, 83, 99, 53, 1, 3, 50, 4, 192, 0, 2, 33, 12, 2, b'p', b'c', 255]);
        let line = dhcp(&message).unwrap();
        assert_eq!(line, "Request xid 0xdeadbeef client 02:00:00:00:00:21 (pc) requests 192.0.2.33");
        (0..message.len()).for_each(|end| drop(dhcp(&message[..end])));
        assert_eq!(dhcpv6(&[1, 0xab, 0xcd, 0xef]).unwrap(), "Solicit xid 0xabcdef");
    }
}
