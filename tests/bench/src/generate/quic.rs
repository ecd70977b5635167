//! QUIC version 1 (RFC 9000, RFC 9001): a handshake whose Initial packets anybody can decrypt, and packets of which nobody can tell more than their size.

use mcpcap_quic::build::{Initial, Kind, answer, crypto, encrypted, hello_with};

use super::frame::Path;
use super::world::{World, cut};

/// Datagrams of the handshake: the client's Initial, the server's Initial and Handshake, the client's Handshake.
const OPENING: u32 = 3;
/// Bytes of a full packet behind its header.
const FULL: usize = 1_200;
/// Bytes of an acknowledgment.
const SHORT: usize = 32;

/// A connection of HTTP/3.
pub struct Visit {
    path: Path,
    port: u16,
    talk: u32,
    step: u32,
    /// Packets behind the handshake, in both directions together.
    packets: u32,
}

impl Visit {
    /// Between a client and a server.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let servers = world.flows().servers();
        let server = 10 + world.below(servers);
        let packets = world.length(200..2_000, 20..120);
        Self { path: world.path(talk, server), port: world.port(talk), talk, step: 0, packets }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        let step = self.step;
        self.step += 1;
        world.counts.quic += u64::from(step == 0);
        // The client acknowledges every fourth packet.
        let from_client = step == 0 || step == 2 || (step > OPENING && step % 4 == 3);
        let (path, ports) =
            if from_client { (self.path, (self.port, 443)) } else { (self.path.back(), (443, self.port)) };
        let visit = &*self;
        let (frame, pool) = world.parts();
        frame.udp(&path, ports, |out| visit.datagram(out, pool, from_client));
        let round_trip = 1_000 + u64::from(self.talk % 50) * 700;
        let pause = if step < OPENING { round_trip } else { u64::from(world.between(20, 4_000)) };
        (step < OPENING + self.packets).then_some(pause)
    }

    /// Ids of the client, of the server, and the one that the client made up for the server.
    fn ids(&self) -> [[u8; 8]; 3] {
        [0x51_u64, 0x73, 0x95].map(|first| (first << 56 | u64::from(self.talk)).to_be_bytes())
    }

    fn datagram(&self, out: &mut Vec<u8>, pool: &[u8], from_client: bool) {
        let [client, server, original] = self.ids();
        match self.step {
            1 => {
                let name = format!("site{}.example", self.talk % 5_000);
                let first =
                    Initial { secret: &original, destination: &original, source: &client, ..Initial::default() };
                out.extend(first.packet(&crypto(0, &hello_with(&name, "h3", &client, &[]))));
            }
            2 => {
                let first =
                    Initial { secret: &original, destination: &client, source: &server, ..Initial::of_server() };
                out.extend(first.packet(&crypto(0, &answer())));
                out.extend(encrypted(Kind::Handshake, &client, &server, 900));
            }
            3 => out.extend(encrypted(Kind::Handshake, &server, &client, 60)),
            step => {
                // A short header: fixed bit, one byte of packet number.
                out.push(0x40);
                out.extend(if from_client { server } else { client });
                let place = (self.talk as usize).wrapping_mul(257).wrapping_add(step as usize * FULL);
                cut(pool, place, if from_client { SHORT } else { FULL }, out);
            }
        }
    }
}
