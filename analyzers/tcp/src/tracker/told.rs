//! What only the row of a connection has. Where nobody wants rows, it is not found out.

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::application::{Announced, Conversation, Payload, Verdict};
use mcpcap_analyzer::decode::{Packet, Tcp};
use mcpcap_analyzer::stream::Side;
use std::net::SocketAddr;

/// What only the row of a connection has.
#[derive(Debug, Default)]
pub struct Told {
    /// `None`: no payload came yet.
    application: Option<Conversation>,
    /// Bytes of IP packets of the client and of the server.
    pub ip_bytes: [u64; 2],
    /// Time of the last segment before both ends had ended it, or of the one with which they had.
    pub last: Option<u64>,
}

impl Told {
    /// Takes a segment of a side. `is_over`: both ends had ended the connection before.
    pub fn take(
        &mut self,
        packet: &Packet<'_>,
        tcp: &Tcp,
        side: Side,
        frame: &Frame<'_>,
        is_over: bool,
        announced: &mut Announced,
    ) {
        let place = usize::from(side == Side::Server);
        if let Some(bytes) = self.ip_bytes.get_mut(place) {
            *bytes = bytes.saturating_add(packet.ip_bytes(frame.data));
        }
        if !is_over {
            self.last = self.last.max(packet.timestamp);
        }
        let Some(ip) = packet.ip.as_ref().filter(|_| packet.payload_length > 0) else { return };
        let ports = (tcp.source, tcp.destination);
        let (source, destination) = (SocketAddr::new(ip.source, ports.0), SocketAddr::new(ip.destination, ports.1));
        let application = self.application.get_or_insert_with(|| {
            announced.find(source, destination, true).map_or_else(Conversation::default, Conversation::announced)
        });
        let octets =
            Payload { bytes: packet.payload, length: packet.payload_length, ports, destination: ip.destination };
        // SYN has a sequence number of its own.
        let sequence = tcp.sequence.wrapping_add(u32::from(tcp.flags.syn() && !tcp.flags.ack()));
        application.segment(&octets, place, sequence);
        if let Some(protocol) = application.recognised() {
            announced.look(protocol, source, destination, packet.payload);
        }
    }

    /// Client and server have changed places.
    pub fn turn(&mut self) {
        self.ip_bytes.swap(0, 1);
    }

    /// What it carries, and how that was recognised.
    pub fn application(&self) -> Option<Verdict> {
        self.application.as_ref()?.settled()
    }
}
