//! What a frame says, in one line.

mod control;
pub mod dns;
pub mod tcp;
pub mod tls;

use std::borrow::Cow;
use std::net::SocketAddr;

use mcpcap_analyzer::application::{self, Payload, Protocol};
use mcpcap_analyzer::decode::icmp::{Version, protocol_name};
use mcpcap_analyzer::decode::{Header, Layer, Packet, Stop, Transport};
use mcpcap_analyzer::text::{cut, hexadecimal, printable};

/// Characters of what a message says.
const SAID: usize = 140;
/// Bytes in which the first line of a message in text is looked for.
const FIRST_LINE: usize = 400;

/// One line about a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who sent it: address and port, address, or hardware address.
    pub source: Option<String>,
    /// To whom.
    pub destination: Option<String>,
    /// The innermost protocol that was recognised.
    pub protocol: Cow<'static, str>,
    /// What it says.
    pub info: String,
    /// VLANs and tunnels around it.
    pub via: Option<String>,
}

/// The line of a frame; `segment` is what its TCP segment says.
pub fn line(packet: &Packet<'_>, headers: &[Header], segment: Option<String>) -> Line {
    let (source, destination) = ends(packet, headers);
    let found = recognised(packet);
    let said = found.and_then(|protocol| message(protocol, packet)).map(|said| cut(&said, SAID));
    let (protocol, info) = match (&packet.transport, found) {
        (Transport::Tcp(_), found) => {
            let segment = segment.unwrap_or_default();
            let info = said.map_or_else(|| segment.clone(), |said| format!("{segment} {said}"));
            (found.map_or("tcp", Protocol::name).into(), info)
        }
        (Transport::Udp(_), found) => {
            let length = || format!("Len={}", packet.payload_length);
            (found.map_or("udp", Protocol::name).into(), said.unwrap_or_else(length))
        }
        (Transport::Icmp(icmp), _) => ("icmp".into(), control::icmp(packet, icmp, Version::V4)),
        (Transport::Icmpv6(icmp), _) => ("icmpv6".into(), control::icmp(packet, icmp, Version::V6)),
        _ => other(packet),
    };
    Line { source, destination, protocol, info, via: via(packet) }
}

/// A frame without a transport header: what its last layer carries, or why there is no more to tell.
fn other(packet: &Packet<'_>) -> (Cow<'static, str>, String) {
    let last = packet.layers.last().copied();
    let arp = || control::arp(packet.payload);
    if last == Some(Layer::Arp)
        && let Some(said) = arp()
    {
        return ("arp".into(), said);
    }
    let protocol: Cow<'static, str> = match (packet.unread, last) {
        (Some(unread), _) => unread.name(),
        (None, Some(Layer::OtherIp(number))) => protocol_name(number).to_lowercase().into(),
        (None, Some(Layer::OtherEthertype(kind))) => format!("ethertype 0x{kind:04x}").into(),
        (None, last) => last.map_or("unknown", Layer::name).into(),
    };
    let mut info = format!("Len={}", packet.payload_length);
    match packet.stop {
        Some(Stop::FragmentKept) => info += ", a fragment: its datagram is not whole yet",
        Some(Stop::FragmentRefused) => info += ", a fragment that does not fit the others",
        Some(Stop::Cut) => info += ", cut within a header",
        Some(Stop::Malformed) => info += ", a header is malformed",
        Some(Stop::TooDeep) => info += ", too many layers",
        _ => {}
    }
    (protocol, info)
}

/// Addresses with ports where there are any, else hardware addresses.
pub fn ends(packet: &Packet<'_>, headers: &[Header]) -> (Option<String>, Option<String>) {
    if let Some(ip) = &packet.ip {
        let pair = match packet.ports() {
            Some((source, destination)) => {
                let end = |address, port| SocketAddr::new(address, port).to_string();
                (end(ip.source, source), end(ip.destination, destination))
            }
            None => (ip.source.to_string(), ip.destination.to_string()),
        };
        return (Some(pair.0), Some(pair.1));
    }
    let ethernet = headers.iter().rev().find(|header| header.layer == Layer::Ethernet);
    let address = |at: usize| {
        let octets = ethernet?.octets.get(at..at.saturating_add(6))?;
        Some(hexadecimal(octets, ":", 6))
    };
    (address(6), address(0))
}

/// VLANs and tunnels: `vlan 10, gre 192.0.2.1 > 192.0.2.2`.
fn via(packet: &Packet<'_>) -> Option<String> {
    let vlans = packet.vlans().map(|id| format!("vlan {id}"));
    let is_tunnel = |layer: &&Layer| {
        matches!(
            layer,
            Layer::Gre
                | Layer::Vxlan(_)
                | Layer::Geneve(_)
                | Layer::Erspan
                | Layer::L2tp(_)
                | Layer::Gtp(_)
                | Layer::Teredo
                | Layer::Capwap
                | Layer::Tzsp
                | Layer::Ayiya
                | Layer::Gue
                | Layer::Lisp
                | Layer::EtherIp
        )
    };
    let mut names = packet.layers.iter().filter(is_tunnel).map(|layer| layer.name());
    let tunnels = packet.tunnels.iter().map(|(from, to)| format!("{} {from} > {to}", names.next().unwrap_or("ip")));
    let told: Vec<String> = vlans.chain(tunnels).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// The application protocol, by the form of what the packet carries.
pub fn recognised(packet: &Packet<'_>) -> Option<Protocol> {
    let ports = packet.ports()?;
    let destination = packet.ip.as_ref()?.destination;
    let octets = Payload { bytes: packet.payload, length: packet.payload_length, ports, destination };
    match packet.transport {
        _ if packet.payload.is_empty() => None,
        Transport::Tcp(_) => application::stream(&octets),
        _ => application::datagram(&octets),
    }
}

/// What a message says, where it can be told in a line.
pub fn message(protocol: Protocol, packet: &Packet<'_>) -> Option<String> {
    let bytes = packet.payload;
    let is_tcp = matches!(packet.transport, Transport::Tcp(_));
    match protocol {
        // Behind the length (RFC 1035 §4.2.2).
        Protocol::Dns if is_tcp => dns::Message::read(bytes.get(2..)?).map(|message| message.line()),
        Protocol::Dns | Protocol::Mdns | Protocol::Llmnr => dns::Message::read(bytes).map(|message| message.line()),
        Protocol::Tls => tls::line(bytes),
        Protocol::Dhcp => control::dhcp(bytes),
        Protocol::Dhcpv6 => control::dhcpv6(bytes),
        protocol if is_text(protocol) => first_line(bytes),
        _ => None,
    }
}

/// Whether messages of a protocol begin with a line of text.
pub fn is_text(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Ftp
            | Protocol::Git
            | Protocol::Http
            | Protocol::Imap
            | Protocol::Irc
            | Protocol::Memcached
            | Protocol::Mgcp
            | Protocol::Nats
            | Protocol::Nntp
            | Protocol::Pop3
            | Protocol::Rsync
            | Protocol::Rtsp
            | Protocol::Sip
            | Protocol::Smtp
            | Protocol::Ssdp
            | Protocol::Ssh
            | Protocol::Stomp
            | Protocol::Syslog
            | Protocol::Vnc
            | Protocol::Whois
    )
}

/// The first line of a message in text. Passwords on it are masked: a payload that is asked for shows them.
pub fn first_line(bytes: &[u8]) -> Option<String> {
    let start = bytes.get(..FIRST_LINE).unwrap_or(bytes);
    let line = start.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty())?;
    let is_control = |byte: &&u8| byte.is_ascii_control() && **byte != b'\t';
    if line.iter().filter(is_control).count() > 0 {
        return None;
    }
    let mut words = line.split(|byte| *byte == b' ');
    let mut shown = 0_usize;
    for nth in 0..2 {
        let word = words.next().unwrap_or_default();
        shown = shown.saturating_add(word.len()).saturating_add(nth);
        // FTP and POP3 (RFC 959, RFC 1939); behind its tag, IMAP; the mechanism's name of AUTH is shown.
        let secret: [&[u8]; 3] = [b"pass", b"login", b"authenticate"];
        let is_auth = word.eq_ignore_ascii_case(b"auth");
        if secret.iter().any(|known| word.eq_ignore_ascii_case(known)) || is_auth {
            let mechanism = if is_auth { words.next().map_or(0, |word| word.len().saturating_add(1)) } else { 0 };
            let end = shown.saturating_add(mechanism);
            if end < line.len() {
                return Some(format!("{} [masked]", printable(line.get(..end)?, SAID)));
            }
        }
    }
    Some(printable(line, SAID))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_hide_passwords() {
        for (line, said) in [
            (&b"GET /login HTTP/1.1\r\nHost: a\r\n"[..], "GET /login HTTP/1.1"),
            (b"PASS hunter2\r\n", "PASS [masked]"),
            (b"pass\r\n", "pass"),
            (b"a1 LOGIN bob hunter2\r\n", "a1 LOGIN [masked]"),
            (b"AUTH PLAIN AGJvYgBodW50ZXIy\r\n", "AUTH PLAIN [masked]"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
        ] {
            assert_eq!(first_line(line).as_deref(), Some(said));
        }
        assert_eq!(first_line(b"a\x00b\r\n"), None);
        assert_eq!(first_line(b""), None);
    }
}
