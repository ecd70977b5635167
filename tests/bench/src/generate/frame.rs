//! One frame: headers with right lengths and checksums, by hand, so that ten million take seconds.

/// An address of either family.
#[derive(Debug, Clone, Copy)]
pub enum Address {
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

/// One end: its hardware address and its IP address.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Hardware address.
    pub mac: [u8; 6],
    /// IP address.
    pub ip: Address,
}

impl Host {
    /// The machine with this number. IPv4 from 10.0.0.0/8 (RFC 1918), IPv6 from 2001:db8::/32 (RFC 3849).
    pub fn client(number: u32, is_v6: bool) -> Self {
        Self::new([10, 0], number, is_v6)
    }

    /// The server with this number. IPv4 from 198.18.0.0/15 (RFC 2544).
    pub fn server(number: u32, is_v6: bool) -> Self {
        Self::new([198, 18], number, is_v6)
    }

    fn new(net: [u8; 2], number: u32, is_v6: bool) -> Self {
        let [a, b] = net;
        // No address of a host ends in 0 or 255.
        let [high, low] = ((number / 254 % 256) as u16 * 256 + (number % 254 + 1) as u16).to_be_bytes();
        let ip = match is_v6 {
            true => Address::V6([0x20, 1, 0x0d, 0xb8, 0, 0, a, b, 0, 0, 0, 0, 0, 0, high, low]),
            false => Address::V4([a, b, high, low]),
        };
        Self { mac: [2, 0, a, b, high, low], ip }
    }
}

/// From one host to another.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// The sender.
    pub source: Host,
    /// The receiver.
    pub destination: Host,
    /// The VLAN of both, if frames are tagged (IEEE 802.1Q).
    pub vlan: Option<u16>,
    /// TTL or hop limit.
    pub hops: u8,
}

impl Path {
    /// The way back.
    pub fn back(&self) -> Self {
        Self { source: self.destination, destination: self.source, ..*self }
    }

    /// Whether its addresses are IPv6.
    pub fn is_v6(&self) -> bool {
        matches!(self.source.ip, Address::V6(_))
    }
}

/// Numbers of a TCP segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// Source and destination port.
    pub ports: (u16, u16),
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledged: u32,
    /// Flags: the low byte of RFC 9293's control bits.
    pub flags: u8,
}

/// FIN of TCP.
pub const FIN: u8 = 1;
/// SYN of TCP.
pub const SYN: u8 = 2;
/// PSH of TCP.
pub const PSH: u8 = 8;
/// ACK of TCP.
pub const ACK: u8 = 16;

/// The room in which frames are made, one after the other.
#[derive(Debug, Default)]
pub struct Frame {
    bytes: Vec<u8>,
    /// Identification of the next IPv4 packet.
    identification: u16,
}

impl Frame {
    /// The frame.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An Ethernet frame of this type.
    pub fn ethernet(&mut self, path: &Path, ethertype: u16, payload: &[u8]) {
        self.link(path, ethertype);
        self.bytes.extend_from_slice(payload);
    }

    /// A UDP datagram; `payload` writes its data.
    pub fn udp(&mut self, path: &Path, ports: (u16, u16), payload: impl FnOnce(&mut Vec<u8>)) {
        let at = self.ip(path, 17);
        self.bytes.extend_from_slice(&ports.0.to_be_bytes());
        self.bytes.extend_from_slice(&ports.1.to_be_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        payload(&mut self.bytes);
        let length = self.bytes.len().saturating_sub(at) as u16;
        self.put(at + 4, length);
        self.finish(path, 17, at, 6);
    }

    /// A TCP segment; `payload` writes its data. Segments that open a connection carry the usual options.
    pub fn tcp(&mut self, path: &Path, segment: Segment, payload: impl FnOnce(&mut Vec<u8>)) {
        let at = self.ip(path, 6);
        // Maximum segment size 1460, SACK permitted, window scale 7.
        let options: &[u8] = match segment.flags & SYN {
            0 => &[],
            _ => &[2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 0],
        };
        let bytes = &mut self.bytes;
        bytes.extend_from_slice(&segment.ports.0.to_be_bytes());
        bytes.extend_from_slice(&segment.ports.1.to_be_bytes());
        bytes.extend_from_slice(&segment.sequence.to_be_bytes());
        bytes.extend_from_slice(&segment.acknowledged.to_be_bytes());
        bytes.extend_from_slice(&[((20 + options.len()) as u8 / 4) << 4, segment.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
        bytes.extend_from_slice(options);
        payload(bytes);
        self.finish(path, 6, at, 16);
    }

    /// An echo request or reply of ICMP or ICMPv6, with 48 bytes of data.
    pub fn echo(&mut self, path: &Path, is_request: bool, identifier: u16, sequence: u16) {
        let (protocol, kind) = match (path.is_v6(), is_request) {
            (false, true) => (1, 8),
            (false, false) => (1, 0),
            (true, true) => (58, 128),
            (true, false) => (58, 129),
        };
        let at = self.ip(path, protocol);
        self.bytes.extend_from_slice(&[kind, 0, 0, 0]);
        self.bytes.extend_from_slice(&identifier.to_be_bytes());
        self.bytes.extend_from_slice(&sequence.to_be_bytes());
        self.bytes.extend(0x10_u8..0x40);
        self.finish(path, protocol, at, 2);
    }

    fn link(&mut self, path: &Path, ethertype: u16) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&path.destination.mac);
        self.bytes.extend_from_slice(&path.source.mac);
        if let Some(vlan) = path.vlan {
            self.bytes.extend_from_slice(&0x8100_u16.to_be_bytes());
            self.bytes.extend_from_slice(&vlan.to_be_bytes());
        }
        self.bytes.extend_from_slice(&ethertype.to_be_bytes());
    }

    /// Link and IP header. Where the payload of IP begins.
    fn ip(&mut self, path: &Path, protocol: u8) -> usize {
        match (path.source.ip, path.destination.ip) {
            (Address::V4(source), Address::V4(destination)) => {
                self.link(path, 0x0800);
                self.identification = self.identification.wrapping_add(1);
                let [high, low] = self.identification.to_be_bytes();
                self.bytes.extend_from_slice(&[0x45, 0, 0, 0, high, low, 0x40, 0, path.hops, protocol, 0, 0]);
                self.bytes.extend_from_slice(&source);
                self.bytes.extend_from_slice(&destination);
            }
            (source, destination) => {
                self.link(path, 0x86dd);
                self.bytes.extend_from_slice(&[0x60, 0, 0, 0, 0, 0, protocol, path.hops]);
                self.bytes.extend_from_slice(&wide(source));
                self.bytes.extend_from_slice(&wide(destination));
            }
        }
        self.bytes.len()
    }

    /// Writes the lengths and checksums that could not be known before. `field` is where the transport's checksum is.
    fn finish(&mut self, path: &Path, protocol: u8, at: usize, field: usize) {
        let length = self.bytes.len().saturating_sub(at);
        let start = at.saturating_sub(if path.is_v6() { 40 } else { 20 });
        if path.is_v6() {
            self.put(start + 4, length as u16);
        } else {
            self.put(start + 2, (length + 20) as u16);
            let header = fold(sum(self.bytes.get(start..at).unwrap_or_default()));
            self.put(start + 10, header);
        }
        // The pseudo header (RFC 9293 3.1, RFC 8200 8.1); ICMP of IPv4 has none.
        let pseudo = match protocol {
            1 => 0,
            _ => sum_of(path.source.ip) + sum_of(path.destination.ip) + u64::from(protocol) + length as u64,
        };
        let checksum = match fold(pseudo + sum(self.bytes.get(at..).unwrap_or_default())) {
            // For UDP, 0 says that there is none.
            0 if protocol == 17 => 0xffff,
            checksum => checksum,
        };
        self.put(at + field, checksum);
    }

    fn put(&mut self, at: usize, value: u16) {
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }
}

fn wide(address: Address) -> [u8; 16] {
    match address {
        Address::V6(address) => address,
        Address::V4([a, b, c, d]) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d],
    }
}

fn sum_of(address: Address) -> u64 {
    match address {
        Address::V4(address) => sum(&address),
        Address::V6(address) => sum(&address),
    }
}

/// The sum of big-endian words of 32 bits: folded, it is that of words of 16 bits (RFC 1071).
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut last = [0; 4];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum::<u64>() + u64::from(u32::from_be_bytes(last))
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_1071() {
        // The example of RFC 1071, section 3: the sum of these bytes is ddf2.
        assert_eq!(!fold(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])), 0xddf2);
    }
}
