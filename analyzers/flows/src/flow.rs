//! A flow: what both ends sent.

use std::borrow::Cow;

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::application::{Conversation, Verdict, registered};
use mcpcap_analyzer::decode::{Packet, Tcp, TcpFlags, Transport};
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::zeek::{ConnState, History, Letters};

use crate::key::{Address, Carrier, End, Key};

/// Nanoseconds of silence behind which what an end sends is a further contact.
pub const CONTACT: u64 = 1_000_000_000;
/// Packets whose TCP control bits are looked at to tell how a port was probed.
const LOOKED_AT: u64 = 3;

/// What one end sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Packets.
    pub packets: u64,
    /// Bytes of their frames on the wire.
    pub bytes: u64,
    /// Bytes of payload behind the transport header, on the wire.
    pub payload: u64,
    /// Bytes of IP packets by their headers; counted where rows are wanted.
    pub ip_bytes: u64,
}

impl Sent {
    /// Adds what another sent.
    pub fn add(&mut self, other: Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.payload = self.payload.saturating_add(other.payload);
        self.ip_bytes = self.ip_bytes.saturating_add(other.ip_bytes);
    }
}

/// What an ICMP error said of a flow's packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// It was not let through, or nobody is there.
    Filtered,
    /// Nobody listens at the port.
    Closed,
}

/// What tells of a TCP connection besides its packets.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    history: History,
    /// The number of the SYN with which the client began.
    opened: Option<u32>,
    ended: bool,
    /// Control bits of the first packet.
    pub first: TcpFlags,
    /// Whether the server sent SYN with ACK, or RST.
    pub accepted: bool,
    /// See above.
    pub refused: bool,
    /// Whether the client acknowledged the server's SYN, and did not reset.
    pub completed: bool,
}

impl Connection {
    /// Whether the client began it with a SYN.
    pub fn has_syn(&self) -> bool {
        self.opened.is_some()
    }
}

/// One contact: something that the client sent behind a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// When it began, in nanoseconds.
    pub time: u64,
    /// Bytes of payload that the client sent.
    pub bytes: u64,
    /// Its first frame.
    pub frame: u64,
}

/// A flow.
#[derive(Debug, Default)]
pub struct Flow {
    /// Its place in the order of appearance, from 0.
    pub id: u64,
    /// Its first and last frame.
    pub frames: (u64, u64),
    /// The earliest and the latest time, in nanoseconds since 1970.
    pub times: Option<(u64, u64)>,
    /// The longest time without a packet, in nanoseconds.
    pub silence: u64,
    /// What each end of the key sent.
    pub sent: [Sent; 2],
    /// Which end of the key began it.
    pub client: usize,
    /// Whether a SYN told that; otherwise it is the sender of the first packet, or the end whose port is no service's.
    pub client_known: bool,
    /// Whether the first packet came from the server.
    is_flipped: bool,
    /// VLAN of the first packet, and whether others came.
    pub vlan: Option<u16>,
    /// See above.
    pub more_vlans: bool,
    /// What the ends of UDP and TCP say to each other.
    pub conversation: Conversation,
    /// Of TCP.
    pub connection: Option<Box<Connection>>,
    /// What an ICMP error said of it.
    pub told: Told,
    /// Whether it goes over a loopback interface.
    pub loopback: bool,
    /// The contact that goes on.
    contact: Option<Contact>,
    /// When the client sent last.
    client_time: u64,
}

impl Flow {
    /// One that begins with a packet from an end of the key.
    pub fn new(id: u64, key: &Key, side: usize, frame: &Frame<'_>, packet: &Packet<'_>) -> Self {
        let (own, peer) = if side == 0 { key.ends } else { (key.ends.1, key.ends.0) };
        let other = 1_usize.saturating_sub(side);
        let tcp = match &packet.transport {
            Transport::Tcp(tcp) => Some(tcp),
            _ => None,
        };
        let opens = match tcp {
            Some(tcp) if tcp.flags.syn() => !tcp.flags.ack(),
            _ if key.carrier.has_ports() => {
                !is_service(own, key.carrier) || is_service(peer, key.carrier) || is_group(peer)
            }
            _ => true,
        };
        let connection = tcp.map(|tcp| {
            let mut connection = Connection { first: tcp.flags, ..Connection::default() };
            if !opens {
                connection.history.flip();
            }
            Box::new(connection)
        });
        Self {
            id,
            frames: (frame.number, frame.number),
            client: if opens { side } else { other },
            client_known: tcp.is_some_and(|tcp| tcp.flags.syn()),
            is_flipped: !opens,
            vlan: packet.vlans().next(),
            connection,
            loopback: is_loopback(frame),
            ..Self::default()
        }
    }

    /// One of fragments alone, sent by an end of the key.
    pub fn of_fragments(id: u64, frames: (u64, u64), side: usize) -> Self {
        Self { id, frames, client: side, ..Self::default() }
    }

    /// Whether a SYN begins another connection between the same ends: it has another number, or this one was ended.
    pub fn is_reused_by(&self, side: usize, tcp: &Tcp) -> bool {
        let Some(connection) = &self.connection else { return false };
        let begins = tcp.flags.syn() && !tcp.flags.ack();
        begins
            && match connection.opened.filter(|_| side == self.client) {
                Some(number) => number != tcp.sequence || connection.ended,
                // What went before was a connection of its own when it ended, or when its end began it the other way round.
                None => connection.ended || connection.opened.is_some(),
            }
    }

    /// Takes a packet. The contact that it ends, if it ends one.
    pub fn take(&mut self, side: usize, frame: &Frame<'_>, packet: &Packet<'_>) -> Option<Contact> {
        self.count(side, frame.number, packet.timestamp, frame.original.into(), packet.payload_length as u64, 1);
        if packet.vlans().next() != self.vlan {
            self.more_vlans = true;
        }
        if let Transport::Tcp(tcp) = &packet.transport {
            self.segment(side, tcp, packet);
        }
        if side != self.client {
            return None;
        }
        let time = packet.timestamp?;
        self.contact(time, frame.number, packet.payload_length as u64)
    }

    /// Counts packets.
    pub fn count(&mut self, side: usize, frame: u64, time: Option<u64>, bytes: u64, payload: u64, packets: u64) {
        self.frames = (self.frames.0.min(frame), self.frames.1.max(frame));
        if let Some(time) = time {
            let (first, last) = self.times.unwrap_or((time, time));
            self.silence = self.silence.max(time.saturating_sub(last));
            self.times = Some((first.min(time), last.max(time)));
        }
        if let Some(sent) = self.sent.get_mut(side) {
            sent.add(Sent { packets, bytes, payload, ip_bytes: 0 });
        }
    }

    /// Counts bytes of IP packets.
    pub fn count_ip(&mut self, side: usize, bytes: u64) {
        if let Some(sent) = self.sent.get_mut(side) {
            sent.ip_bytes = sent.ip_bytes.saturating_add(bytes);
        }
    }

    fn segment(&mut self, side: usize, tcp: &Tcp, packet: &Packet<'_>) {
        let Some(connection) = &mut self.connection else { return };
        let (syn, ack, rst) = (tcp.flags.syn(), tcp.flags.ack(), tcp.flags.rst());
        if syn && !self.client_known {
            self.client_known = true;
            // SYN with ACK is the server's.
            if (side == self.client) == ack {
                self.client = 1_usize.saturating_sub(self.client);
                connection.history.turn();
            }
        }
        let from = if side == self.client { Side::Client } else { Side::Server };
        let letters = Letters {
            flags: tcp.flags,
            sequence: tcp.sequence,
            acknowledgment: tcp.acknowledgment,
            length: u32::try_from(packet.payload_length).unwrap_or(u32::MAX),
            zero_window: tcp.window == 0,
            gaps: 0,
        };
        connection.history.take(from, &letters);
        connection.ended |= rst || (tcp.flags.fin() && ack);
        match from {
            Side::Client => {
                if syn && !ack {
                    connection.opened = Some(tcp.sequence);
                }
                connection.completed |= connection.accepted && ack && !rst;
            }
            Side::Server => {
                connection.accepted |= syn && ack;
                connection.refused |= rst && !connection.accepted;
            }
        }
    }

    /// A contact begins with what the client sends behind a silence. A byte alone keeps a connection open, and says nothing.
    fn contact(&mut self, time: u64, frame: u64, payload: u64) -> Option<Contact> {
        let begins = self.contact.is_none();
        if payload <= 1 && !begins {
            return None;
        }
        let silent = time.saturating_sub(self.client_time) >= CONTACT;
        self.client_time = self.client_time.max(time);
        match &mut self.contact {
            Some(contact) if !silent => {
                contact.bytes = contact.bytes.saturating_add(payload);
                None
            }
            _ => self.contact.replace(Contact { time, bytes: payload, frame }),
        }
    }

    /// The last contact, when the flow ends.
    pub fn last_contact(&self) -> Option<Contact> {
        self.contact
    }

    /// What the client sent, and what the server.
    pub fn by_role(&self) -> (Sent, Sent) {
        let [low, high] = self.sent;
        if self.client == 0 { (low, high) } else { (high, low) }
    }

    /// The client and the server.
    pub fn roles(&self, key: &Key) -> (End, End) {
        if self.client == 0 { key.ends } else { (key.ends.1, key.ends.0) }
    }

    /// All packets.
    pub fn packets(&self) -> u64 {
        let [low, high] = self.sent;
        low.packets.saturating_add(high.packets)
    }

    /// Bytes of all frames.
    pub fn bytes(&self) -> u64 {
        let [low, high] = self.sent;
        low.bytes.saturating_add(high.bytes)
    }

    /// From the first to the last packet, in nanoseconds.
    pub fn duration(&self) -> Option<u64> {
        self.times.map(|(first, last)| last.saturating_sub(first))
    }

    /// What it carries, and how that was recognised.
    pub fn application(&self) -> Option<Verdict> {
        self.conversation.settled()
    }

    /// Zeek's `conn_state`: of TCP by its states, of UDP by who sent, and of anything else always OTH.
    pub fn conn_state(&self, carrier: Carrier) -> ConnState {
        let (client, server) = self.by_role();
        match (&self.connection, carrier) {
            (Some(connection), _) => connection.history.state(),
            (None, Carrier::UDP) => match (client.packets > 0, server.packets > 0) {
                (true, true) => ConnState::SF,
                (true, false) => ConnState::S0,
                (false, true) => ConnState::SHR,
                (false, false) => ConnState::OTH,
            },
            _ => ConnState::OTH,
        }
    }

    /// Zeek's `history`, of TCP and UDP: of UDP who sent, in the order of the first packets.
    pub fn history(&self, carrier: Carrier) -> Option<Cow<'static, str>> {
        let (client, server) = self.by_role();
        match (&self.connection, carrier) {
            (Some(connection), _) => Some(connection.history.to_string().into()),
            (None, Carrier::UDP) => Some(match (self.is_flipped, client.packets > 0, server.packets > 0) {
                (false, _, true) => "Dd".into(),
                (false, _, false) => "D".into(),
                (true, true, _) => "^dD".into(),
                (true, false, _) => "^d".into(),
            }),
            _ => None,
        }
    }

    /// Whether the first packets tell how a port was probed: few of the client, without payload.
    pub fn is_short(&self) -> bool {
        let (client, server) = self.by_role();
        client.packets <= LOOKED_AT && client.payload == 0 && server.payload == 0
    }
}

/// The port of DHCP's clients: the only one below 1024 that is no service's.
const DHCP_CLIENT: u16 = 68;

/// Whether it is no single host, so that it cannot have asked.
fn is_group(end: End) -> bool {
    match end.address {
        Address::V4(address) => address.is_multicast() || address.is_broadcast(),
        Address::V6(address) => address.is_multicast(),
        Address::Mac(_) | Address::None => false,
    }
}

/// Whether an end has a service's port.
fn is_service(end: End, carrier: Carrier) -> bool {
    end.port
        .filter(|port| *port != DHCP_CLIENT)
        .is_some_and(|port| port < 1024 || (carrier == Carrier::UDP && registered(port, false).is_some()))
}

/// The link types of loopback, and Ethernet whose addresses are zero, as Linux has it.
fn is_loopback(frame: &Frame<'_>) -> bool {
    matches!(frame.link.link_type, 0 | 108) || (frame.link.link_type == 1 && frame.data.starts_with(&[0; 12]))
}
