//! From layer to layer, until the transport's payload or something that is not taken apart.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::content::Sight;
use super::copies::Copies;
use super::cursor::{Bound, Cursor};
use super::datagram::Piece;
use super::fragments::{Fragments, Key, Outcome};
use super::network::{self, Extension};
use super::tunnel::{self, Inside, Tunnel};
use super::unread::{End, Unread};
use super::{
    Decoded, Header, Ip, Layer, Layers, Packet, Stop, Transport, ethertype, link, looks, mpls, ppp, transport,
};
use crate::Frame;
use crate::columns::Headers;

/// The most layers that are looked through; real frames have up to twelve.
const LAYERS_MAX: usize = 32;

/// Bytes of a TCP header without options (RFC 9293 3.1).
const TCP_HEADER: usize = 20;

/// What the next bytes are. Four bytes in size, so that it stays in a register on its way from layer to layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Link(u16),
    Ethernet,
    EtherType(u16),
    Llc,
    Ieee80211 {
        padded: bool,
        swapped: bool,
    },
    CiscoHdlc,
    FrameRelay,
    Ppp,
    PppoeSession,
    Mpls,
    /// IP of the version in the first nibble.
    Ip,
    Ipv4,
    Ipv6,
    /// A protocol by its IP number.
    Protocol(u8),
    Tunnel(Tunnel),
    /// What the transport carries.
    Payload,
    /// The start of the datagram that was just put together, in [`Walk::whole`].
    Datagram,
}

/// What one step leads to, or why it is the last.
pub(super) type Step = Result<Next, End>;

/// A frame on its way through the layers.
pub(super) struct Walk<'f> {
    fragments: &'f mut Fragments,
    copies: Option<&'f mut Copies>,
    /// Whether a packet is one of those that are wanted: copies are recognised among them.
    chosen: &'f dyn Fn(&Packet<'_>) -> bool,
    /// Where the innermost IP header of the frame begins.
    header_at: usize,
    /// Where in the frame what it carries begins, its length, and how much longer that was on the wire; `None` behind fragments.
    carried: Option<(usize, usize, usize)>,
    /// Protocol of the transport header behind it, and where that begins in the frame.
    transport: Option<(u8, usize)>,
    whole: Option<Whole>,
    /// The headers, where they are wanted.
    headers: Option<Vec<Header>>,
    /// Whether the walk goes through a datagram that was put together, which is not in the frame.
    in_datagram: bool,
    /// Where the bytes begin that the walk goes through.
    base: usize,
    /// Where in them the transport header begins.
    head: usize,
    /// What is carried on of a datagram that was put together: transport header and payload.
    joined: Option<Vec<u8>>,
}

/// A datagram that was put together.
struct Whole {
    data: Vec<u8>,
    frames: Vec<u64>,
    protocol: u8,
}

/// What is left when a walk ends.
struct Left<'a> {
    payload: Cow<'a, [u8]>,
    length: usize,
    end: Option<End>,
}

impl<'f> Walk<'f> {
    pub(super) fn new(
        fragments: &'f mut Fragments,
        copies: Option<&'f mut Copies>,
        headers: bool,
        chosen: &'f dyn Fn(&Packet<'_>) -> bool,
    ) -> Self {
        Self {
            fragments,
            copies,
            chosen,
            header_at: 0,
            carried: None,
            transport: None,
            whole: None,
            headers: headers.then(Vec::new),
            in_datagram: false,
            base: 0,
            head: 0,
            joined: None,
        }
    }

    /// Keeps what a step went over.
    fn keep(&mut self, frame: &Frame<'_>, before: &[u8], behind: &[u8], layers: &[Layer]) {
        let Some(headers) = &mut self.headers else { return };
        // Steps take from the front, and cut padding off the end: where the rest begins tells how much a header had.
        let length = behind.as_ptr().addr().saturating_sub(before.as_ptr().addr());
        let offset = before.as_ptr().addr().checked_sub(frame.data.as_ptr().addr()).filter(|_| !self.in_datagram);
        let mut octets = before.get(..length).unwrap_or_default().to_vec();
        for layer in layers {
            headers.push(Header { layer: *layer, offset, octets: std::mem::take(&mut octets) });
        }
    }

    /// Takes a frame apart.
    pub(super) fn frame<'a>(mut self, frame: &Frame<'a>, bound: Bound) -> Decoded<'a> {
        self.base = frame.data.as_ptr().addr();
        let missing = (frame.original as usize).saturating_sub(frame.data.len());
        let mut at = Cursor::new(frame.data, missing, bound);
        at.drop_tail(frame.fcs_length());
        let mut packet = Packet {
            frame: frame.number,
            timestamp: frame.timestamp,
            layers: Layers::new(),
            ip: None,
            tunnels: SmallVec::new(),
            transport: Transport::None,
            payload: Cow::Borrowed(&[]),
            payload_length: 0,
            fragments: Vec::new(),
            copy_of: None,
            stop: None,
            unread: None,
            headers: Headers::default(),
        };
        let left = self.run(frame, Next::Link(frame.link.link_type), at, &mut packet);
        (packet.payload, packet.payload_length) = (left.payload, left.length);
        if let Some(end) = left.end {
            packet.stop = Some(end.stop);
            packet.unread = end.unread;
        }
        let is_chosen = (self.chosen)(&packet);
        if let Some(ip) = packet.ip.filter(|_| is_chosen) {
            packet.copy_of = packet.copy_of.or_else(|| self.copy(frame, &packet, &ip, None));
        }
        let length = match &packet.transport {
            Transport::None => 0,
            Transport::Udp(_) => 8,
            Transport::Tcp(tcp) => TCP_HEADER.saturating_add(tcp.options.len()),
            Transport::Icmp(_) | Transport::Icmpv6(_) => 4,
        };
        let head = if length > 0 { self.head } else { 0 };
        let payload = match (&self.joined, length) {
            (Some(joined), _) => joined.len().saturating_sub(packet.payload.len()),
            // What is empty may stand nowhere.
            (None, _) if packet.payload.is_empty() => head.saturating_add(length),
            (None, _) => packet.payload.as_ptr().addr().saturating_sub(self.base),
        };
        let header = (if self.joined.is_some() { 0 } else { head }, u32::try_from(length).unwrap_or(u32::MAX));
        Decoded { packet, headers: self.headers.unwrap_or_default(), header, payload, joined: self.joined, is_chosen }
    }

    /// The frame that has the innermost packet first, if this one is a copy. Of a fragment, that is asked before it is put together.
    fn copy(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, ip: &Ip, piece: Option<Piece>) -> Option<u64> {
        let (start, length, missing) = self.carried.take()?;
        let before = frame.data.get(..self.header_at)?;
        let carried = frame.data.get(start..start.saturating_add(length))?;
        let transport = self.transport.and_then(|(protocol, at)| Some((protocol, at.checked_sub(start)?)));
        let sight = Sight { ip, piece, before, carried, missing, transport };
        self.copies.as_mut()?.take(frame, packet, &sight)
    }

    /// Remembers where an IP header lies, which `before` begins with and `at` is behind.
    fn note(&mut self, frame: &Frame<'_>, before: &[u8], at: &Cursor<'_>) {
        if self.copies.is_none() || self.in_datagram {
            return;
        }
        let start = frame.data.as_ptr().addr();
        self.header_at = before.as_ptr().addr().saturating_sub(start);
        self.carried = Some((at.rest.as_ptr().addr().saturating_sub(start), at.rest.len(), at.missing));
        self.transport = None;
    }

    fn run<'d>(&mut self, frame: &Frame<'_>, mut next: Next, mut at: Cursor<'d>, packet: &mut Packet<'_>) -> Left<'d> {
        let end = loop {
            match next {
                Next::Payload => break None,
                Next::Datagram => match self.whole.take() {
                    Some(whole) => return self.datagram(frame, whole, packet),
                    None => break None,
                },
                _ if packet.layers.len() >= LAYERS_MAX => break Some(Stop::TooDeep.into()),
                _ => {}
            }
            let (before, known) = (at.rest, packet.layers.len());
            let inner = self.step(frame, next, &mut at, packet);
            if self.headers.is_some() {
                self.keep(frame, before, at.rest, packet.layers.get(known..).unwrap_or_default());
            }
            match inner {
                Ok(inner) => next = inner,
                Err(end) => break Some(end),
            }
        };
        Left { payload: Cow::Borrowed(at.rest), length: at.length(), end }
    }

    /// Goes on in a datagram that was put together.
    fn datagram<'d>(&mut self, frame: &Frame<'_>, whole: Whole, packet: &mut Packet<'_>) -> Left<'d> {
        if packet.fragments.is_empty() {
            packet.fragments = whole.frames;
        } else {
            // Fragments within fragments: all frames are named.
            packet.fragments.extend_from_slice(&whole.frames);
            packet.fragments.sort_unstable();
            packet.fragments.dedup();
        }
        self.in_datagram = true;
        let base = std::mem::replace(&mut self.base, whole.data.as_ptr().addr());
        let at = Cursor::new(&whole.data, 0, Bound::Header);
        let left = self.run(frame, Next::Protocol(whole.protocol), at, packet);
        // One within another has set it already.
        if self.joined.is_none() {
            let payload = left.payload.as_ptr().addr().saturating_sub(self.base).min(whole.data.len());
            let end = payload.saturating_add(left.payload.len());
            let start = if packet.transport == Transport::None { payload } else { self.head };
            // Of a header without a payload nobody knows where the latter stands.
            let end = if left.payload.is_empty() { whole.data.len() } else { end };
            let joined = whole.data.get(start..end).unwrap_or_default();
            self.joined = Some(joined.to_vec());
        }
        self.base = base;
        Left { payload: Cow::Owned(left.payload.into_owned()), ..left }
    }

    fn step(&mut self, frame: &Frame<'_>, next: Next, at: &mut Cursor<'_>, packet: &mut Packet<'_>) -> Step {
        let layers = &mut packet.layers;
        let inner = match next {
            Next::Link(link_type) => link::link(at, link_type, frame.fcs_length() > 0, layers)?,
            Next::Ethernet => link::ethernet(at, layers)?,
            Next::Ieee80211 { padded, swapped } => link::ieee80211(at, padded, swapped, layers)?,
            Next::CiscoHdlc => link::cisco_hdlc(at, layers)?,
            Next::FrameRelay => link::frame_relay(at, layers)?,
            Next::EtherType(kind) => ethertype::ethertype(at, kind, layers)?,
            Next::Llc => link::llc(at, layers)?,
            Next::Ppp => ppp::ppp(at, layers)?,
            Next::PppoeSession => ppp::pppoe(at, layers)?,
            Next::Mpls => mpls::mpls(at, layers)?,
            Next::Tunnel(tunnel) => tunnel::header(tunnel, at, layers)?,
            Next::Ip => match at.peek(0).map(|octet| octet >> 4) {
                Some(4) => Next::Ipv4,
                Some(6) => Next::Ipv6,
                Some(_) => return Err(Stop::Malformed.into()),
                None => return Err(at.shortage().into()),
            },
            Next::Ipv4 => {
                let before = at.rest;
                let (ip, piece) = network::ipv4(at, layers)?;
                enter(packet, ip);
                self.note(frame, before, at);
                return match piece {
                    None => Ok(Next::Protocol(ip.protocol)),
                    Some(piece) => self.fragment(frame, at, &ip, piece, packet),
                };
            }
            Next::Ipv6 => {
                let before = at.rest;
                let ip = network::ipv6(at, layers)?;
                enter(packet, ip);
                self.note(frame, before, at);
                Next::Protocol(ip.protocol)
            }
            Next::Protocol(protocol) => return self.protocol(frame, protocol, at, packet),
            // Where a walk ends, and never a step.
            Next::Payload | Next::Datagram => next,
        };
        Ok(inner)
    }

    fn fragment(&mut self, frame: &Frame<'_>, at: &Cursor<'_>, ip: &Ip, piece: Piece, packet: &mut Packet<'_>) -> Step {
        if (self.chosen)(packet) {
            packet.copy_of = self.copy(frame, packet, ip, Some(piece));
        }
        if packet.copy_of.is_some() {
            self.fragments.pass_over();
            return Err(Stop::FragmentKept.into());
        }
        if at.is_cut() {
            // It can never be put together, but the first fragment holds the transport header.
            self.fragments.pass_over();
            return if piece.offset == 0 { Ok(Next::Protocol(piece.protocol)) } else { Err(Stop::Cut.into()) };
        }
        let key = Key::new(ip, piece.protocol, &packet.layers);
        match self.fragments.add(key, piece, at.rest, frame.number, frame.timestamp) {
            Outcome::Kept => Err(Stop::FragmentKept.into()),
            Outcome::Refused => Err(Stop::FragmentRefused.into()),
            Outcome::Whole(data, frames) => {
                self.whole = Some(Whole { data, frames, protocol: piece.protocol });
                Ok(Next::Datagram)
            }
        }
    }

    fn protocol(&mut self, frame: &Frame<'_>, protocol: u8, at: &mut Cursor<'_>, packet: &mut Packet<'_>) -> Step {
        let layers = &mut packet.layers;
        self.head = at.rest.as_ptr().addr().saturating_sub(self.base);
        if matches!(protocol, 6 | 17) && self.carried.is_some() {
            let at = at.rest.as_ptr().addr().saturating_sub(frame.data.as_ptr().addr());
            self.transport = Some((protocol, at));
        }
        // Assigned Internet Protocol Numbers (IANA).
        match protocol {
            6 => {
                let (tcp, stop) = transport::tcp(at, layers)?;
                packet.transport = Transport::Tcp(tcp);
                return stop.map_or(Ok(Next::Payload), |stop| Err(stop.into()));
            }
            17 => {
                let udp = transport::udp(at, layers)?;
                match tunnel::over_udp(&udp, at) {
                    Inside::Tunnel(inner) => return Ok(inner),
                    Inside::Unread(unread) => packet.unread = Some(unread),
                    Inside::Payload => {}
                }
                packet.transport = Transport::Udp(udp);
                return Ok(Next::Payload);
            }
            1 => {
                packet.transport = Transport::Icmp(transport::icmp(at, layers, Layer::Icmp)?);
                return Ok(Next::Payload);
            }
            58 => {
                packet.transport = Transport::Icmpv6(transport::icmp(at, layers, Layer::Icmpv6)?);
                return Ok(Next::Payload);
            }
            4 | 94 => return Ok(Next::Ipv4),
            41 => return Ok(Next::Ipv6),
            47 => return tunnel::gre(at, layers),
            97 => {
                layers.push(Layer::EtherIp);
                at.skip(2)?;
                return Ok(Next::Ethernet);
            }
            // A register message (RFC 7761 4.9.3) holds the packet that is sent to a group.
            103 if at.peek(0) == Some(0x21) && at.behind(8).is_some_and(|inner| looks::ip(&inner)) => {
                layers.push(Layer::Pim);
                at.skip(8)?;
                return Ok(Next::Ip);
            }
            115 => return Ok(Next::Tunnel(Tunnel::L2tp3Ip)),
            137 => return Ok(Next::Mpls),
            // RFC 8986.
            143 => return Ok(Next::Ethernet),
            _ => {}
        }
        if let Some(ip) = &mut packet.ip
            && let Some(extension) = network::extension(at, layers, ip, protocol)?
        {
            return match extension {
                Extension::Protocol(next) => Ok(Next::Protocol(next)),
                Extension::Fragment(piece) => {
                    let ip = *ip;
                    self.fragment(frame, at, &ip, piece, packet)
                }
            };
        }
        layers.push(match protocol {
            2 => Layer::Igmp,
            132 => Layer::Sctp,
            other => Layer::OtherIp(other),
        });
        Err(if carries_no_packets(protocol, at) {
            Stop::OtherTransport.into()
        } else {
            Unread::IpProtocol(protocol).into()
        })
    }
}

/// Goes on to an IP header, which is within the one before, if there was one.
fn enter(packet: &mut Packet<'_>, ip: Ip) {
    if let Some(outer) = packet.ip.replace(ip) {
        packet.tunnels.push((outer.source, outer.destination));
    }
}

/// Protocols that are what they are, and hold no packets of others: IGMP, EGP, RSVP, none at all, EIGRP, OSPF, VRRP, mobility, HIP,
/// Shim6, and PIM but for its register messages.
fn carries_no_packets(protocol: u8, at: &Cursor<'_>) -> bool {
    const REGISTER: u8 = 0x21;
    match protocol {
        2 | 8 | 46 | 59 | 88 | 89 | 112 | 135 | 139 | 140 => true,
        103 => at.peek(0) != Some(REGISTER),
        _ => false,
    }
}
