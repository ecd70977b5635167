//! ICMP echoes between two hosts: what their payloads carry.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::FixedState;
use mcpcap_analyzer::decode::icmp::protocol_name;
use mcpcap_analyzer::decode::{Packet, Transport, Within, ip_packet};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text::{counted, cut};

use crate::says;
use crate::stream::what::{What, carried};

/// Requests and replies that wait for each other.
const WAITING: usize = 64;
/// Packets within that are looked at for what they carry.
const LOOKED: u8 = 64;
/// Characters of what that says.
const SAID: usize = 100;
/// Bytes of each direction that are looked at.
const START: usize = 1024;
/// What ptunnel's messages begin with, and the length of their header (ptunnel.h: `kPing_tunnel_magic`, `ping_tunnel_pkt_t`).
const PTUNNEL: ([u8; 4], usize) = ([0xd5, 0x20, 0x08, 0x80], 28);

/// An echo request or reply.
pub struct Echo<'a> {
    /// Whether it is a request.
    pub is_request: bool,
    numbers: (u16, u16),
    /// Its data.
    pub data: &'a [u8],
}

impl<'a> Echo<'a> {
    /// The echo that a packet holds.
    pub fn of(packet: &'a Packet<'_>) -> Option<Self> {
        let is_request = match &packet.transport {
            Transport::Icmp(icmp) => matches!(icmp.kind, 0 | 8).then_some(icmp.kind == 8)?,
            Transport::Icmpv6(icmp) => matches!(icmp.kind, 128 | 129).then_some(icmp.kind == 128)?,
            _ => return None,
        };
        let ([a, b, c, d], data) = packet.payload.split_first_chunk::<4>()?;
        let numbers = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        Some(Self { is_request, numbers, data })
    }
}

/// What is known of the echoes between two hosts.
pub struct Echoes {
    /// By requester and numbers: whether the request or the reply came, and a digest of its data.
    waiting: BoundedMap<(Side, u16, u16), (bool, u64)>,
    /// Echoes, and those of a request and its reply that repeat what the other had.
    echoes: u64,
    repeated: u64,
    usual: u64,
    within: u64,
    first: Option<Within>,
    /// What the first packet within says above TCP or UDP, and how many were looked at for it.
    inner: Option<String>,
    looked: u8,
    tool: Option<String>,
    starts: [Vec<u8>; 2],
}

impl Default for Echoes {
    fn default() -> Self {
        Self {
            waiting: BoundedMap::new(WAITING),
            echoes: 0,
            repeated: 0,
            usual: 0,
            within: 0,
            first: None,
            inner: None,
            looked: 0,
            tool: None,
            starts: [Vec::new(), Vec::new()],
        }
    }
}

impl Echoes {
    /// Takes an echo that a side sent, whose data was `on_wire` bytes long. Whether it carries something: a reply that repeats its request
    /// does not.
    pub fn take(&mut self, from: Side, echo: &Echo<'_>, on_wire: usize) -> bool {
        let (digest, (id, sequence)) = (FixedState::default().hash_one(echo.data), echo.numbers);
        self.echoes = self.echoes.saturating_add(1);
        let requester = if echo.is_request { from } else { from.other() };
        // A reply may stand before its request in the file.
        let key = (requester, id, sequence);
        if self.waiting.get(&key) == Some(&(!echo.is_request, digest)) {
            self.waiting.remove(&key);
            self.repeated = self.repeated.saturating_add(1);
            return false;
        }
        self.waiting.insert(key, (echo.is_request, digest));
        if is_usual(echo.data) {
            self.usual = self.usual.saturating_add(1);
        }
        if let Some(within) = Within::find(echo.data, on_wire) {
            self.within = self.within.saturating_add(1);
            self.first.get_or_insert(within);
            if self.inner.is_none() && self.looked < LOOKED {
                self.looked = self.looked.saturating_add(1);
                self.inner = echo.data.get(within.at..).and_then(inner);
            }
        }
        let header = self.known(echo.data);
        let [client, server] = &mut self.starts;
        let start = if from == Side::Client { client } else { server };
        start.extend(echo.data.iter().skip(header).take(START.saturating_sub(start.len())));
        true
    }

    /// Bytes of the header of a known tool.
    fn known(&mut self, data: &[u8]) -> usize {
        let (magic, length) = PTUNNEL;
        if data.starts_with(&magic) && data.len() >= length {
            if let Some([a, b, c, d, _, _, high, low]) = data.get(4..).and_then(|rest| rest.first_chunk::<8>()) {
                let (address, port) = (Ipv4Addr::new(*a, *b, *c, *d), u16::from_be_bytes([*high, *low]));
                let to = if address.is_unspecified() { String::new() } else { format!(" to {address}:{port}") };
                self.tool.get_or_insert_with(|| format!("ptunnel, TCP{to}"));
            }
            return length;
        }
        for (magic, name) in [(&b"hanc"[..], "hans"), (b"hans", "hans"), (b"TUNL", "icmptunnel")] {
            if data.starts_with(magic) {
                self.tool.get_or_insert_with(|| name.to_owned());
            }
        }
        0
    }

    /// What it is.
    pub fn what(&self) -> What {
        let tool = self.tool.as_ref().map(|tool| format!(" of {tool}")).unwrap_or_default();
        let carrying = self.echoes.saturating_sub(self.repeated);
        if let Some(Within { source, destination, protocol, .. }) = self.first {
            let text = format!(
                "a tunnel in ICMP echoes{tool}: IP packets in {} of {}; the first is {} {source} > {destination}",
                self.within,
                counted(carrying, "echo message"),
                protocol_name(protocol),
            );
            return What::sure(match &self.inner {
                Some(inner) => format!("{text}; they carry {inner}"),
                None => text,
            });
        }
        let said: Vec<String> = self.starts.iter().filter_map(|start| carried(start)).collect();
        if !said.is_empty() {
            return What::sure(format!("a tunnel in ICMP echoes{tool}; it carries {}", said.join(" / ")));
        }
        if self.tool.is_some() {
            return What::sure(format!("a tunnel in ICMP echoes{tool}; what it carries is not recognised"));
        }
        if self.echoes == 0 {
            return What::unknown("no echoes");
        }
        if self.usual == carrying {
            return What::unknown("ordinary pings: payloads as ping programs send them, and replies that repeat them");
        }
        What::unknown(format!(
            "not recognised: {} of {} with payloads that ping programs do not send, in no known form",
            carrying.saturating_sub(self.usual),
            counted(carrying, "echo message"),
        ))
    }
}

/// What the payload of an IP packet is, where its form is beyond doubt: `http GET / HTTP/1.1, 10.0.0.1:4000 > 10.0.0.2:80`.
fn inner(bytes: &[u8]) -> Option<String> {
    ip_packet(bytes, |packet| {
        let found = says::recognised(packet)?;
        let (from, to) = says::ends(packet, &[]);
        let said = says::message(found, packet).map(|said| format!(" {}", cut(&said, SAID))).unwrap_or_default();
        Some(format!("{}{said}, {} > {}", found.name(), from?, to?))
    })
}

/// Whether data is what ping programs send: nothing, bytes that count up (Linux, macOS, BSD: behind a time), `abc…` (Windows), one value.
fn is_usual(data: &[u8]) -> bool {
    let counts = |data: &[u8]| data.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    let same = |data: &[u8]| data.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let windows = || {
        let letters = (b'a'..=b'w').cycle();
        data.len() >= 8 && data.iter().zip(letters).all(|(byte, letter)| *byte == letter)
    };
    // A time takes 8 or 16 bytes.
    let tails = [0, 8, 16].into_iter().filter_map(|at| data.get(at..));
    data.len() <= 16 || windows() || tails.filter(|tail| tail.len() >= 8).any(|tail| counts(tail) || same(tail))
}

/// Both addresses in a fixed order.
pub fn pair(source: IpAddr, destination: IpAddr) -> (IpAddr, IpAddr) {
    (source.min(destination), source.max(destination))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(data: &[u8]) -> Echo<'_> {
        Echo { is_request: true, numbers: (1, 1), data }
    }

    #[test]
    fn payloads_of_ping_programs_are_usual() {
        let linux: Vec<u8> = [&[0x5f; 8][..], &[9, 1, 7, 2, 5, 5, 1, 0], &(0x10..0x38).collect::<Vec<u8>>()].concat();
        assert!(is_usual(&linux) && is_usual(b"abcdefghijklmnopqrstuvwabcdefghi") && is_usual(&[0; 64]));
        assert!(!is_usual(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
        let mut echoes = Echoes::default();
        assert!(echoes.take(Side::Client, &request(&linux), 56));
        assert!(!echoes.take(Side::Server, &Echo { is_request: false, ..request(&linux) }, 56));
        assert!(echoes.what().text.starts_with("ordinary pings"));
    }

    #[test]
    fn what_a_tunnel_carries_is_looked_at_behind_its_header() {
        let header = [&[0xd5, 0x20, 8, 0x80, 10, 1, 2, 3, 0, 0, 0, 22][..], &[0; 16]].concat();
        let mut echoes = Echoes::default();
        for part in [&b"SSH-2.0-Open"[..], b"SSH_9.2\r\n"] {
            let data = [&header[..], part].concat();
            echoes.take(Side::Client, &request(&data), data.len());
        }
        let expected = "a tunnel in ICMP echoes of ptunnel, TCP to 10.1.2.3:22; it carries ssh: SSH-2.0-OpenSSH_9.2";
        assert_eq!(echoes.what().text, expected);
        let mut unknown = Echoes::default();
        unknown.take(Side::Client, &request(b"\x93\x02\xf1\x77\x11 something \x9a that is not known"), 40);
        assert!(unknown.what().text.starts_with("not recognised: 1 of 1 echo message "));
    }
}
