//! Messages made field by field.

use mcpcap_analyzer::harness::build;
pub use mcpcap_analyzer::harness::build::tagged;

/// A DHCPv4 message in the making.
#[derive(Clone)]
pub struct V4 {
    kind: u8,
    xid: u32,
    client: u8,
    hardware: Option<u32>,
    your: [u8; 4],
    relay: [u8; 4],
    server: u8,
    options: Vec<u8>,
}

impl V4 {
    /// A message of a type, of client number `client` (02:00:00:00:00:NN).
    pub fn new(kind: u8, xid: u32, client: u8) -> Self {
        Self { kind, xid, client, hardware: None, your: [0; 4], relay: [0; 4], server: 1, options: Vec::new() }
    }

    pub fn option(mut self, code: u8, value: &[u8]) -> Self {
        self.options.extend_from_slice(&[code, value.len() as u8]);
        self.options.extend_from_slice(value);
        self
    }

    /// Offers or grants 192.0.2.N for an hour.
    pub fn address(mut self, number: u8) -> Self {
        self.your = [192, 0, 2, number];
        self.option(51, &3600_u32.to_be_bytes())
    }

    /// From server 192.0.2.N, which says so.
    pub fn server(mut self, number: u8) -> Self {
        self.server = number;
        self.option(54, &[192, 0, 2, number])
    }

    pub fn relay(mut self, address: [u8; 4]) -> Self {
        self.relay = address;
        self
    }

    /// Of a client 02:00:NN:NN:NN:NN.
    pub fn hardware(mut self, number: u32) -> Self {
        self.hardware = Some(number);
        self
    }

    /// The frame.
    pub fn frame(&self) -> Vec<u8> {
        let from_server = matches!(self.kind, 2 | 5 | 6 | 11..=13);
        let mut octets = vec![0; 236];
        octets[..4].copy_from_slice(&[if from_server { 2 } else { 1 }, 1, 6, 0]);
        octets[4..8].copy_from_slice(&self.xid.to_be_bytes());
        octets[16..20].copy_from_slice(&self.your);
        octets[24..28].copy_from_slice(&self.relay);
        octets[28..34].copy_from_slice(&[2, 0, 0, 0, 0, self.client]);
        if let Some(number) = self.hardware {
            octets[30..34].copy_from_slice(&number.to_be_bytes());
        }
        octets.extend_from_slice(&[99, 130, 83, 99, 53, 1, self.kind]);
        octets.extend_from_slice(&self.options);
        octets.push(255);
        let server = format!("192.0.2.{}", self.server);
        if from_server {
            build::udp((&server, 67), ("255.255.255.255", 68), &octets)
        } else {
            build::udp(("0.0.0.0", 68), ("255.255.255.255", 67), &octets)
        }
    }
}

/// A DHCPv6 option.
pub fn option6(code: u16, value: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
}

/// An IA_NA with an address for 120 s.
pub fn association(address: &str) -> Vec<u8> {
    let octets = address.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let held = option6(5, &[&octets[..], &60_u32.to_be_bytes(), &120_u32.to_be_bytes()].concat());
    option6(3, &[&[0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 50][..], &held].concat())
}

/// A DHCPv6 message of a client or, with odd types, a server, with client and server identifiers.
pub fn v6(kind: u8, xid: u32, client: u8, server: Option<u8>, options: &[u8]) -> Vec<u8> {
    let duid = |number: u8| [0, 3, 0, 1, 2, 0, 0, 0, 0, number];
    let mut octets = vec![kind];
    octets.extend_from_slice(&xid.to_be_bytes()[1..]);
    octets.extend_from_slice(&option6(1, &duid(client)));
    if let Some(server) = server {
        octets.extend_from_slice(&option6(2, &duid(server)));
    }
    octets.extend_from_slice(options);
    if matches!(kind, 2 | 7 | 15) {
        build::udp(("fe80::5", 547), ("fe80::9", 546), &octets)
    } else {
        build::udp(("fe80::9", 546), ("ff02::1:2", 547), &octets)
    }
}

/// Frames one after the other, so many milliseconds apart.
pub fn every(milliseconds: u64, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    (0..).map(|n| 1_700_000_000_000_000 + n * milliseconds * 1000).zip(frames).collect()
}

/// DISCOVER, OFFER, REQUEST and ACK of an address.
pub fn lease(xid: u32, client: u8, server: u8, address: u8) -> Vec<Vec<u8>> {
    vec![
        V4::new(1, xid, client).frame(),
        V4::new(2, xid, client).server(server).address(address).frame(),
        V4::new(3, xid, client).option(54, &[192, 0, 2, server]).option(50, &[192, 0, 2, address]).frame(),
        V4::new(5, xid, client).server(server).address(address).frame(),
    ]
}

/// An identity association for prefixes with 2001:db8:N::/48 and an IAID.
pub fn delegation(iaid: u8, network: u8) -> Vec<u8> {
    let prefix = [0x20, 0x01, 0x0d, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let held = option6(26, &[&[0, 0, 0, 60, 0, 0, 0, 120, 48][..], &prefix].concat());
    option6(25, &[&[0, 0, 0, iaid, 0, 0, 0, 30, 0, 0, 0, 50][..], &held].concat())
}

/// What a relay makes of a DHCPv6 frame: RELAY-FORW of a client's message, RELAY-REPL of a server's.
pub fn relayed(frame: &[u8]) -> Vec<u8> {
    // Behind Ethernet, IPv6 and UDP headers.
    let message = &frame[62..];
    let from_server = matches!(message[0], 2 | 7);
    let address = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let octets = [
        &[if from_server { 13 } else { 12 }, 0][..],
        &address("2001:db8::1"),
        &address("fe80::9"),
        &option6(9, message),
    ]
    .concat();
    let (relay, server) = (("2001:db8:9::1", 547), ("2001:db8:9::5", 547));
    let (from, to) = if from_server { (server, relay) } else { (relay, server) };
    build::udp(from, to, &octets)
}
