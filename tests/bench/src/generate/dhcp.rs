//! DHCPv4 (RFC 2131): discover, offer, request, acknowledgment.

use super::frame::{Address, Host, Path};
use super::world::World;

/// An address is leased.
pub struct Lease {
    client: Host,
    transaction: u32,
    /// Messages that were sent.
    sent: u8,
}

/// Where everybody listens.
const EVERYBODY: Host = Host { mac: [0xff; 6], ip: Address::V4([255; 4]) };
/// Who has no address yet.
const NOBODY: Address = Address::V4([0; 4]);

impl Lease {
    /// For one of the clients.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let client = world.plain_path(talk, 0).source;
        Self { client, transaction: talk.wrapping_mul(0x9e37_79b1), sent: 0 }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        self.sent += 1;
        world.counts.dhcp += 1;
        let from_server = self.sent.is_multiple_of(2);
        let server = Host::client(60_000, false);
        let source = if from_server { server } else { Host { ip: NOBODY, ..self.client } };
        let path = Path { source, destination: EVERYBODY, vlan: None, hops: 64 };
        let ports = if from_server { (67, 68) } else { (68, 67) };
        let lease = &*self;
        world.frame.udp(&path, ports, |out| lease.message(out, from_server, server));
        let pause = u64::from(world.between(400, 30_000));
        (self.sent < 4).then_some(pause)
    }

    fn message(&self, out: &mut Vec<u8>, from_server: bool, server: Host) {
        let (Address::V4(address), Address::V4(server)) = (self.client.ip, server.ip) else { return };
        let start = out.len();
        out.extend_from_slice(&[if from_server { 2 } else { 1 }, 1, 6, 0]);
        out.extend_from_slice(&self.transaction.to_be_bytes());
        // No seconds; answers are broadcast; no address of its own yet.
        out.extend_from_slice(&[0, 0, 0x80, 0, 0, 0, 0, 0]);
        out.extend_from_slice(if from_server { &address } else { &[0; 4] });
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.client.mac);
        // The rest of the hardware address, the server's name and the boot file.
        out.extend_from_slice(&[0; 10 + 64 + 128]);
        out.extend_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        // Discover 1, offer 2, request 3, acknowledgment 5 (RFC 2132 9.6).
        let kind = if self.sent == 4 { 5 } else { self.sent };
        out.extend_from_slice(&[53, 1, kind]);
        if from_server {
            out.extend_from_slice(&[54, 4]);
            out.extend_from_slice(&server);
            out.extend_from_slice(&[51, 4, 0, 0, 0x0e, 0x10, 1, 4, 255, 255, 0, 0, 3, 4]);
            out.extend_from_slice(&server);
        } else {
            if kind == 3 {
                out.extend_from_slice(&[50, 4]);
                out.extend_from_slice(&address);
                out.extend_from_slice(&[54, 4]);
                out.extend_from_slice(&server);
            }
            out.extend_from_slice(b"\x0c\x04host\x37\x04\x01\x03\x06\x0f");
        }
        out.push(255);
        // The least length of BOOTP (RFC 1542 2.1).
        let padding = 300_usize.saturating_sub(out.len() - start);
        out.extend(std::iter::repeat_n(0, padding));
    }
}
