//! From layer to layer, until the transport's payload or something that is not taken apart.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::cursor::Cursor;
use super::fragments::{Fragments, Key, Outcome};
use super::network::{self, Inside};
use super::{Ip, Layer, Layers, Packet, Stop, Transport, link, transport, tunnel};
use crate::Frame;

/// The most layers that are looked through; real frames have up to twelve.
const LAYERS_MAX: usize = 32;

/// What the next octets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Link(u16),
    Ethernet,
    EtherType(u16),
    Llc,
    Ppp,
    PppoeSession,
    Mpls,
    /// IP of the version in the first nibble.
    Ip,
    Ipv4,
    Ipv6,
    /// A protocol by its IP number.
    Protocol(u8),
    Vxlan,
    VxlanGpe,
    Geneve,
    L2tp,
}

/// A frame on its way through the layers.
pub(super) struct Walk<'f> {
    pub(super) fragments: &'f mut Fragments,
    pub(super) fragment_frames: &'f mut u64,
}

/// What is known of the packet so far.
struct Found<'a> {
    at: Cursor<'a>,
    layers: Layers,
    ip: Option<Ip>,
    tunnels: SmallVec<[(std::net::IpAddr, std::net::IpAddr); 1]>,
    transport: Transport,
}

/// How a walk went on from one layer.
enum Step {
    Go(Next),
    /// The transport's payload is reached.
    Done,
    /// A datagram is whole; it goes on in its own octets.
    Whole { data: Vec<u8>, frames: Vec<u64>, protocol: u8 },
}

impl Walk<'_> {
    /// Takes a frame apart.
    pub(super) fn frame<'a>(&mut self, frame: &Frame<'a>) -> Packet<'a> {
        let fcs = frame.fcs_length();
        // A frame that was cut has lost its check sequence first.
        let kept = if frame.is_cut() { frame.data.len() } else { frame.data.len().saturating_sub(fcs) };
        let at = Cursor { rest: frame.data.get(..kept).unwrap_or(frame.data), missing: (frame.original as usize).saturating_sub(frame.data.len()) };
        let found = Found {
            at,
            layers: Layers::new(),
            ip: None,
            tunnels: SmallVec::new(),
            transport: Transport::None,
        };
        self.run(frame, Next::Link(frame.link.link_type), found)
    }

    fn run<'a>(&mut self, frame: &Frame<'_>, mut next: Next, mut found: Found<'a>) -> Packet<'a> {
        let stop = loop {
            if found.layers.len() >= LAYERS_MAX {
                break Some(Stop::TooDeep);
            }
            match self.step(frame, next, &mut found) {
                Ok(Step::Go(inner)) => next = inner,
                Ok(Step::Done) => break None,
                Ok(Step::Whole { data, frames, protocol }) => return self.whole(frame, data, frames, protocol, found),
                Err(stop) => break Some(stop),
            }
        };
        let payload = found.at.rest;
        Packet {
            frame: frame.number,
            timestamp: frame.timestamp,
            layers: found.layers,
            ip: found.ip,
            tunnels: found.tunnels,
            transport: found.transport,
            payload: Cow::Borrowed(payload),
            payload_length: payload.len().saturating_add(found.at.missing),
            fragments: Vec::new(),
            stop,
        }
    }

    /// Goes on in a datagram that was put together.
    fn whole<'a>(
        &mut self,
        frame: &Frame<'_>,
        data: Vec<u8>,
        frames: Vec<u64>,
        protocol: u8,
        found: Found<'_>,
    ) -> Packet<'a> {
        let inner = Found { at: Cursor { rest: &data, missing: 0 }, ..found };
        let packet = self.run(frame, Next::Protocol(protocol), inner);
        // Fragments within fragments: the outer ones are named too.
        let mut fragments = frames;
        fragments.extend_from_slice(&packet.fragments);
        Packet {
            frame: packet.frame,
            timestamp: packet.timestamp,
            layers: packet.layers,
            ip: packet.ip,
            tunnels: packet.tunnels,
            transport: packet.transport,
            payload: Cow::Owned(packet.payload.into_owned()),
            payload_length: packet.payload_length,
            fragments,
            stop: packet.stop,
        }
    }

    fn step(&mut self, frame: &Frame<'_>, next: Next, found: &mut Found<'_>) -> Result<Step, Stop> {
        let (at, layers) = (&mut found.at, &mut found.layers);
        let inner = match next {
            Next::Link(link_type) => link::link(at, link_type, layers)?,
            Next::Ethernet => link::ethernet(at, layers)?,
            Next::EtherType(kind) => tunnel::ethertype(at, kind, layers)?,
            Next::Llc => link::llc(at, layers)?,
            Next::Ppp => tunnel::ppp(at, layers)?,
            Next::PppoeSession => tunnel::pppoe(at, layers)?,
            Next::Mpls => tunnel::mpls(at, layers)?,
            Next::Vxlan => tunnel::vxlan(at, layers)?,
            Next::VxlanGpe => tunnel::vxlan_gpe(at, layers)?,
            Next::Geneve => tunnel::geneve(at, layers)?,
            Next::L2tp => tunnel::l2tp(at, layers)?,
            Next::Ip => match at.peek(0).map(|octet| octet >> 4) {
                Some(4) => Next::Ipv4,
                Some(6) => Next::Ipv6,
                Some(_) => return Err(Stop::Malformed),
                None => return Err(at.shortage()),
            },
            Next::Ipv4 => {
                let (ip, inside) = network::ipv4(at, layers)?;
                return self.ip(frame, ip, inside, found);
            }
            Next::Ipv6 => {
                let (ip, inside) = network::ipv6(at, layers)?;
                return self.ip(frame, ip, inside, found);
            }
            Next::Protocol(protocol) => return protocol_step(protocol, found),
        };
        Ok(Step::Go(inner))
    }

    fn ip(&mut self, frame: &Frame<'_>, ip: Ip, inside: Inside, found: &mut Found<'_>) -> Result<Step, Stop> {
        if let Some(outer) = found.ip.replace(ip) {
            found.tunnels.push((outer.source, outer.destination));
            // A tunnel over UDP: its header is not the packet's.
            found.transport = Transport::None;
        }
        let piece = match inside {
            Inside::Next(next) => return Ok(Step::Go(next)),
            Inside::Fragment(piece) => piece,
        };
        *self.fragment_frames = self.fragment_frames.saturating_add(1);
        if found.at.is_cut() {
            // It can never be put together, but the first fragment holds the transport header.
            return if piece.offset == 0 { Ok(Step::Go(Next::Protocol(piece.protocol))) } else { Err(Stop::Cut) };
        }
        let vlan = found.layers.iter().find_map(|layer| match layer {
            Layer::Vlan(id) => Some(*id),
            _ => None,
        });
        let key = Key::new(&ip, piece.protocol, vlan);
        match self.fragments.add(key, piece, found.at.rest, frame.number, frame.timestamp) {
            Outcome::Kept => Err(Stop::FragmentKept),
            Outcome::Refused => Err(Stop::FragmentRefused),
            Outcome::Whole(data, frames) => Ok(Step::Whole { data, frames, protocol: piece.protocol }),
        }
    }
}

fn protocol_step(protocol: u8, found: &mut Found<'_>) -> Result<Step, Stop> {
    let (at, layers) = (&mut found.at, &mut found.layers);
    // Assigned Internet Protocol Numbers (IANA).
    match protocol {
        17 | 136 => {
            let udp = transport::udp(at, layers)?;
            if let Transport::Udp(header) = &udp
                && let Some(inner) = tunnel::tunnel([header.destination, header.source], at.rest)
            {
                return Ok(Step::Go(inner));
            }
            found.transport = udp;
            Ok(Step::Done)
        }
        6 => {
            found.transport = transport::tcp(at, layers)?;
            Ok(Step::Done)
        }
        1 => {
            found.transport = transport::icmp(at, layers, false)?;
            Ok(Step::Done)
        }
        58 => {
            found.transport = transport::icmp(at, layers, true)?;
            Ok(Step::Done)
        }
        4 => Ok(Step::Go(Next::Ipv4)),
        41 => Ok(Step::Go(Next::Ipv6)),
        47 => tunnel::gre(at, layers).map(Step::Go),
        51 => network::authentication(at, layers).map(Step::Go),
        137 => Ok(Step::Go(Next::Mpls)),
        other => {
            layers.push(match other {
                2 => Layer::Igmp,
                132 => Layer::Sctp,
                _ => Layer::OtherIp(other),
            });
            Err(Stop::OtherTransport)
        }
    }
}
