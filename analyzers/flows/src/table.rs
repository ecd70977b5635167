//! All flows.

use std::net::SocketAddr;

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::application::{Announced, Conversation, Payload, Protocol, Settled};
use mcpcap_analyzer::decode::{Packet, Quoted, Stop, Transport, quoted};
use mcpcap_analyzer::stats::{BoundedMap, Place};

use crate::flow::{Contact, Flow, Told};
use crate::key::{Address, Carrier, End, Key, Keyed};
use crate::{limits, rows};

/// A flow that ended, or that the capture says no more of.
pub struct Ended<'a> {
    /// Its ends and what carries it.
    pub key: &'a Key,
    /// The flow.
    pub flow: &'a Flow,
}

/// What is told of flows while they are followed.
pub trait Sink {
    /// Takes a flow that ended.
    fn ended(&mut self, key: Key, flow: Flow);
    /// Takes a contact of a flow.
    fn contact(&mut self, key: &Key, flow: &Flow, contact: Contact);
}

/// Where a packet was counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Its flow.
    pub key: Key,
    /// What its flow was recognised as so far.
    pub application: Option<Protocol>,
    /// The packet itself, where its flow has no room to count it at its place of the hierarchy.
    pub alone: Option<Settled>,
}

/// Fragments of a datagram that is not whole yet.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    packets: u64,
    bytes: u64,
    ip_bytes: u64,
    frames: (u64, u64),
    times: Option<(u64, u64)>,
}

type Datagram = (Address, Address, u32, u8);

/// Follows flows.
pub struct Flows {
    table: BoundedMap<Key, Flow>,
    place: Place,
    fragments: BoundedMap<Datagram, Waiting>,
    announced: Announced,
    seen: u64,
    /// Whether rows are wanted, which have bytes of IP packets.
    counts_ip: bool,
}

impl Flows {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: BoundedMap::new(limits::FLOWS),
            place: Place::default(),
            fragments: BoundedMap::new(limits::FRAGMENTS),
            announced: Announced::new(),
            seen: 0,
            counts_ip: rows::are_wanted(),
        }
    }

    /// How many there were.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many had to make room while they may have gone on.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// Announced conversations that were forgotten.
    pub fn announcements_evicted(&self) -> u64 {
        self.announced.evicted()
    }

    /// Takes a packet whose protocols end at a place of the hierarchy; `None`: where there is no room for all of them.
    pub fn push(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        place: Option<u32>,
        sink: &mut impl Sink,
    ) -> Counted {
        let Keyed { key, side } = Keyed::of_packet(frame, packet);
        if packet.stop == Some(Stop::FragmentKept) && self.keep_fragment(frame, packet, sink) {
            return Counted { key, application: None, alone: None };
        }
        if let Transport::Tcp(tcp) = &packet.transport
            && tcp.flags.syn()
            && !tcp.flags.ack()
            && self.table.get(&key).is_some_and(|flow| flow.is_reused_by(side, tcp))
            && let Some(old) = self.table.remove(&key)
        {
            end(key, old, sink);
        }
        let before = match &packet.ip {
            Some(ip) if ip.fragment && !self.fragments.is_empty() => {
                self.fragments.remove(&(ip.source.into(), ip.destination.into(), ip.identification, ip.protocol))
            }
            _ => None,
        };
        let Self { table, place: last, announced, seen, counts_ip, .. } = self;
        let mut is_new = false;
        let flow = table.get_or_insert_near(
            last,
            key,
            || {
                is_new = true;
                Flow::new(*seen, &key, side, frame, packet)
            },
            |key, old| end(key, old, sink),
        );
        if is_new {
            *seen = seen.saturating_add(1);
        }
        if let Some(waiting) = before {
            count_waiting(flow, side, &waiting);
        }
        if *counts_ip {
            flow.count_ip(side, packet.ip_bytes(frame.data));
        }
        if let Some(contact) = flow.take(side, frame, packet) {
            sink.contact(&key, flow, contact);
        }
        let alone = recognise(announced, flow, &key, side, packet, place, frame.original.into());
        let counted = Counted { key, application: flow.conversation.recognised(), alone };
        if let Some(quoted) = quoted(packet) {
            self.told(&quoted, packet);
        }
        counted
    }

    /// Keeps a fragment for the flow of its datagram. Whether it could be.
    fn keep_fragment(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, sink: &mut impl Sink) -> bool {
        let Some(ip) = &packet.ip else { return false };
        let key = (ip.source.into(), ip.destination.into(), ip.identification, ip.protocol);
        let new = Waiting { packets: 0, bytes: 0, ip_bytes: 0, frames: (frame.number, frame.number), times: None };
        let (waiting, gone) = self.fragments.get_or_insert_with(key, || new);
        waiting.packets = waiting.packets.saturating_add(1);
        waiting.bytes = waiting.bytes.saturating_add(frame.original.into());
        waiting.ip_bytes = waiting.ip_bytes.saturating_add(packet.ip_bytes(frame.data));
        waiting.frames.1 = frame.number;
        if let Some(time) = packet.timestamp {
            let (first, last) = waiting.times.unwrap_or((time, time));
            waiting.times = Some((first.min(time), last.max(time)));
        }
        if let Some((datagram, gone)) = gone {
            self.give_up(&datagram, &gone, sink);
        }
        true
    }

    /// Fragments of a datagram that was never whole: a flow without ports.
    fn give_up(&mut self, datagram: &Datagram, waiting: &Waiting, sink: &mut impl Sink) {
        let (source, destination, _, protocol) = *datagram;
        let end_of = |address| End { address, port: None };
        let Keyed { key, side } = Keyed::of(end_of(source), end_of(destination), Carrier::Ip(protocol));
        let id = self.seen;
        let mut is_new = false;
        let (flow, gone) = self.table.get_or_insert_with(key, || {
            is_new = true;
            Flow::of_fragments(id, waiting.frames, side)
        });
        count_waiting(flow, side, waiting);
        // Those of a datagram that is whole are counted with it.
        flow.count_ip(side, waiting.ip_bytes);
        if let Some((key, old)) = gone {
            end(key, old, sink);
        }
        self.seen = self.seen.saturating_add(is_new.into());
    }

    /// Takes what an ICMP error says of the flow whose packet it quotes.
    fn told(&mut self, quoted: &Quoted, packet: &Packet<'_>) {
        let told = match &packet.transport {
            Transport::Icmp(icmp) if icmp.kind == 3 => {
                if matches!(icmp.code, 2 | 3) {
                    Told::Closed
                } else {
                    Told::Filtered
                }
            }
            Transport::Icmpv6(icmp) if icmp.kind == 1 => {
                if icmp.code == 4 {
                    Told::Closed
                } else {
                    Told::Filtered
                }
            }
            _ => return,
        };
        let Some((source, destination)) = quoted.ports else { return };
        let end_of = |address: std::net::IpAddr, port| End { address: address.into(), port: Some(port) };
        let keyed = Keyed::of(
            end_of(quoted.source, source),
            end_of(quoted.destination, destination),
            Carrier::Ip(quoted.protocol),
        );
        if let Some(flow) = self.table.peek_mut(&keyed.key) {
            flow.told = flow.told.max(told);
        }
    }

    /// Ends all flows, in the order of their last packet.
    pub fn finish(&mut self, sink: &mut impl Sink) {
        while let Some((datagram, waiting)) = self.fragments.pop_oldest() {
            self.give_up(&datagram, &waiting, sink);
        }
        while let Some((key, flow)) = self.table.pop_oldest() {
            end(key, flow, sink);
        }
    }
}

fn end(key: Key, flow: Flow, sink: &mut impl Sink) {
    if let Some(contact) = flow.last_contact() {
        sink.contact(&key, &flow, contact);
    }
    sink.ended(key, flow);
}

fn count_waiting(flow: &mut Flow, side: usize, waiting: &Waiting) {
    let (first, last) = waiting.frames;
    let times = waiting.times;
    flow.count(side, first, times.map(|(first, _)| first), waiting.bytes, 0, waiting.packets);
    flow.count(side, last, times.map(|(_, last)| last), 0, 0, 0);
}

/// Looks at what UDP and TCP carry. The packet, where there is no room to count it.
fn recognise(
    announced: &mut Announced,
    flow: &mut Flow,
    key: &Key,
    side: usize,
    packet: &Packet<'_>,
    place: Option<u32>,
    bytes: u64,
) -> Option<Settled> {
    let (ip, ports) = packet.ip.as_ref().zip(packet.ports())?;
    if packet.payload_length == 0 {
        return None;
    }
    let (source, destination) = (SocketAddr::new(ip.source, ports.0), SocketAddr::new(ip.destination, ports.1));
    let is_tcp = key.carrier == Carrier::TCP;
    let conversation = &mut flow.conversation;
    let [low, high] = flow.sent;
    if low.payload.saturating_add(high.payload) == packet.payload_length as u64
        && let Some(found) = announced.find(source, destination, is_tcp)
    {
        *conversation = Conversation::announced(found);
    }
    let octets = Payload { bytes: packet.payload, length: packet.payload_length, ports, destination: ip.destination };
    let own = match &packet.transport {
        // SYN has a sequence number of its own.
        Transport::Tcp(tcp) => {
            let syn = u32::from(tcp.flags.syn() && !tcp.flags.ack());
            conversation.segment(&octets, side, tcp.sequence.wrapping_add(syn))
        }
        _ => conversation.datagram(&octets, side),
    };
    if let Some(protocol) = conversation.recognised() {
        announced.look(protocol, source, destination, packet.payload);
    }
    let place = place.filter(|place| !conversation.count(*place, own, bytes, packet.frame))?;
    let protocol = own.or_else(|| conversation.settled());
    Some(Settled { place, protocol, is_tcp, port: ports.0.min(ports.1), packets: 1, bytes, first_frame: packet.frame })
}
