//! From layer to layer, until the transport's payload or something that is not taken apart.

use super::content::Carried;
use super::copies::Copies;
use super::cursor::{Bound, Cursor};
use super::datagram::Piece;
use super::fragments::{Fragments, Key, Outcome};
use super::network::{self, Extension};
use super::step::{Next, Step, Tunnel};
use super::tunnel::{self, Inside};
use super::unread::{End, Unread};
use super::{
    Addresses, Decoded, Header, Ip, Layer, Layers, Packet, Stop, Tcp, Transport, ethertype, link, looks, mpls, ppp,
    transport,
};
use crate::Frame;
use crate::columns::Headers;

/// The most layers that are looked through; real frames have up to twelve.
const LAYERS_MAX: usize = 32;

/// Bytes of a TCP header without options (RFC 9293 3.1), of one of UDP (RFC 768), and of what all ICMP messages have in common (RFC 792).
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const ICMP_HEADER: usize = 4;

/// What was found in a frame, in memory that serves one frame after another.
#[derive(Default)]
pub(super) struct Found {
    layers: Layers,
    tunnels: Vec<Addresses>,
    ip: Option<Ip>,
    /// Without the options of TCP.
    transport: Transport<'static>,
    /// Bytes of the transport header that are there.
    header: usize,
    fragments: Vec<u64>,
    copy_of: Option<u64>,
    unread: Option<Unread>,
    /// The headers, where they are wanted.
    headers: Vec<Header>,
    /// What is carried on of a datagram that was put together: transport header and payload.
    joined: Vec<u8>,
}

impl Found {
    fn clear(&mut self) {
        self.layers.clear();
        self.tunnels.clear();
        self.fragments.clear();
        self.headers.clear();
        self.joined.clear();
        (self.ip, self.transport, self.header, self.copy_of, self.unread) = (None, Transport::None, 0, None, None);
    }

    /// Goes on to an IP header, which is within the one before, if there was one.
    fn enter(&mut self, ip: Ip) {
        if let Some(outer) = self.ip.replace(ip) {
            self.tunnels.push((outer.source, outer.destination));
        }
    }

    /// What is known of the packet while its frame is taken apart.
    fn packet<'p>(&'p self, frame: &Frame<'p>) -> Packet<'p> {
        Packet {
            frame: frame.number,
            timestamp: frame.timestamp,
            layers: &self.layers,
            ip: self.ip,
            tunnels: &self.tunnels,
            transport: self.transport,
            payload: &[],
            payload_length: 0,
            fragments: &self.fragments,
            copy_of: self.copy_of,
            stop: None,
            unread: self.unread,
            headers: Headers::default(),
            community: None,
        }
    }
}

/// A frame on its way through the layers.
pub(super) struct Walk<'f, 'p> {
    fragments: &'f mut Fragments,
    copies: Option<&'f mut Copies>,
    /// The bytes that frames lie in, if they stay.
    batch: Option<&'f [u8]>,
    found: &'p mut Found,
    /// Whether a packet is one of those that are wanted: copies are recognised among them.
    chosen: &'f dyn Fn(&Packet<'_>) -> bool,
    /// Whether the headers are wanted.
    headers: bool,
    /// Where the innermost IP header of the frame begins.
    header_at: usize,
    /// Where in the frame what it carries begins, its length, and how much longer that was on the wire; `None` behind fragments.
    carried: Option<(usize, usize, usize)>,
    /// Protocol of the transport header behind it, and where that begins in the frame.
    transport: Option<(u8, usize)>,
    whole: Option<Whole>,
    /// Whether the walk goes through a datagram that was put together, which is not in the frame.
    in_datagram: bool,
    /// Whether what is carried was put together.
    is_joined: bool,
    /// Where the bytes begin that the walk goes through.
    base: usize,
    /// Where in them the transport header begins.
    head: usize,
}

/// A datagram that was put together.
struct Whole {
    data: Vec<u8>,
    frames: Vec<u64>,
    protocol: u8,
}

/// What is left when a walk ends.
struct Left {
    /// Where it begins in the bytes that the walk went through.
    start: usize,
    /// Bytes of it that are there.
    captured: usize,
    /// Bytes that there were on the wire.
    length: usize,
    end: Option<End>,
}

impl<'f, 'p> Walk<'f, 'p> {
    pub(super) fn new(
        fragments: &'f mut Fragments,
        copies: Option<&'f mut Copies>,
        batch: Option<&'f [u8]>,
        found: &'p mut Found,
        headers: bool,
        chosen: &'f dyn Fn(&Packet<'_>) -> bool,
    ) -> Self {
        found.clear();
        Self {
            fragments,
            copies,
            batch,
            found,
            chosen,
            headers,
            header_at: 0,
            carried: None,
            transport: None,
            whole: None,
            in_datagram: false,
            is_joined: false,
            base: 0,
            head: 0,
        }
    }

    /// Keeps what a step went over.
    fn keep(&mut self, frame: &Frame<'_>, before: &[u8], behind: &[u8], known: usize) {
        // Steps take from the front, and cut padding off the end: where the rest begins tells how much a header had.
        let length = behind.as_ptr().addr().saturating_sub(before.as_ptr().addr());
        let offset = before.as_ptr().addr().checked_sub(frame.data.as_ptr().addr()).filter(|_| !self.in_datagram);
        let mut octets = before.get(..length).unwrap_or_default().to_vec();
        for layer in self.found.layers.get(known..).unwrap_or_default() {
            self.found.headers.push(Header { layer: *layer, offset, octets: std::mem::take(&mut octets) });
        }
    }

    /// Takes a frame apart.
    pub(super) fn frame(mut self, frame: &Frame<'p>, bound: Bound) -> Decoded<'p> {
        self.base = frame.data.as_ptr().addr();
        let missing = (frame.original as usize).saturating_sub(frame.data.len());
        let mut at = Cursor::new(frame.data, missing, bound);
        at.drop_tail(frame.fcs_length());
        let left = self.run(frame, Next::Link(frame.link.link_type), at);
        let Self { found, chosen, copies, batch, is_joined, .. } = self;
        let sight = Carried { header_at: self.header_at, carried: self.carried, transport: self.transport };
        let found: &'p Found = found;
        let head = if found.header > 0 && !is_joined { self.head } else { 0 };
        let area: &'p [u8] = if is_joined { &found.joined } else { frame.data };
        let behind = head.saturating_add(found.header);
        let start = match (is_joined, left.captured) {
            (true, captured) => area.len().saturating_sub(captured),
            // What is empty may stand nowhere.
            (false, 0) => behind,
            (false, _) => left.start,
        };
        let mut packet = found.packet(frame);
        packet.payload = area.get(start..start.saturating_add(left.captured)).unwrap_or_default();
        packet.payload_length = left.length;
        if let Transport::Tcp(tcp) = &mut packet.transport {
            tcp.options = area.get(head.saturating_add(TCP_HEADER)..behind).unwrap_or_default();
        }
        if let Some(end) = left.end {
            packet.stop = Some(end.stop);
            packet.unread = end.unread;
        }
        let is_chosen = chosen(&packet);
        if let (true, Some(ip), None, Some(copies)) = (is_chosen, packet.ip, packet.copy_of, copies) {
            packet.copy_of = sight.of(frame, &ip, None).and_then(|sight| copies.take(frame, &packet, &sight, batch));
        }
        let header = (head, u32::try_from(found.header).unwrap_or(u32::MAX));
        let joined = is_joined.then_some(area);
        Decoded { packet, headers: &found.headers, header, payload: start, joined, is_chosen }
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

    fn run(&mut self, frame: &Frame<'_>, mut next: Next, mut at: Cursor<'_>) -> Left {
        let end = loop {
            match next {
                Next::Payload => break None,
                Next::Datagram => match self.whole.take() {
                    Some(whole) => return self.datagram(frame, &whole),
                    None => break None,
                },
                _ if self.found.layers.len() >= LAYERS_MAX => break Some(Stop::TooDeep.into()),
                _ => {}
            }
            let (before, known) = (at.rest, self.found.layers.len());
            let inner = self.step(frame, next, &mut at);
            if self.headers {
                self.keep(frame, before, at.rest, known);
            }
            match inner {
                Ok(inner) => next = inner,
                Err(end) => break Some(end),
            }
        };
        let start = at.rest.as_ptr().addr().saturating_sub(self.base);
        Left { start, captured: at.rest.len(), length: at.length(), end }
    }

    /// Goes on in a datagram that was put together.
    fn datagram(&mut self, frame: &Frame<'_>, whole: &Whole) -> Left {
        let is_first = self.found.fragments.is_empty();
        self.found.fragments.extend_from_slice(&whole.frames);
        if !is_first {
            // Fragments within fragments: all frames are named.
            self.found.fragments.sort_unstable();
            self.found.fragments.dedup();
        }
        self.in_datagram = true;
        let base = std::mem::replace(&mut self.base, whole.data.as_ptr().addr());
        let at = Cursor::new(&whole.data, 0, Bound::Header);
        let left = self.run(frame, Next::Protocol(whole.protocol), at);
        // One within another has set it already.
        if !self.is_joined {
            self.is_joined = true;
            let payload = left.start.min(whole.data.len());
            // Of a header without a payload nobody knows where the latter stands.
            let end = if left.captured == 0 { whole.data.len() } else { payload.saturating_add(left.captured) };
            let start = if self.found.header == 0 { payload } else { self.head };
            self.found.joined.extend_from_slice(whole.data.get(start..end).unwrap_or_default());
        }
        self.base = base;
        left
    }

    fn step(&mut self, frame: &Frame<'_>, next: Next, at: &mut Cursor<'_>) -> Step {
        let layers = &mut self.found.layers;
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
                self.found.enter(ip);
                self.note(frame, before, at);
                return match piece {
                    None => Ok(Next::Protocol(ip.protocol)),
                    Some(piece) => self.fragment(frame, at, &ip, piece),
                };
            }
            Next::Ipv6 => {
                let before = at.rest;
                let ip = network::ipv6(at, layers)?;
                self.found.enter(ip);
                self.note(frame, before, at);
                Next::Protocol(ip.protocol)
            }
            Next::Protocol(protocol) => return self.protocol(frame, protocol, at),
            // Where a walk ends, and never a step.
            Next::Payload | Next::Datagram => next,
        };
        Ok(inner)
    }

    fn fragment(&mut self, frame: &Frame<'_>, at: &Cursor<'_>, ip: &Ip, piece: Piece) -> Step {
        let packet = self.found.packet(frame);
        if (self.chosen)(&packet) {
            let carried =
                Carried { header_at: self.header_at, carried: self.carried.take(), transport: self.transport };
            let sight = carried.of(frame, ip, Some(piece));
            let (copies, batch) = (self.copies.as_mut(), self.batch);
            self.found.copy_of = sight.and_then(|sight| copies?.take(frame, &packet, &sight, batch));
        }
        if self.found.copy_of.is_some() {
            self.fragments.pass_over();
            return Err(Stop::FragmentKept.into());
        }
        if at.is_cut() {
            // It can never be put together, but the first fragment holds the transport header.
            self.fragments.pass_over();
            return if piece.offset == 0 { Ok(Next::Protocol(piece.protocol)) } else { Err(Stop::Cut.into()) };
        }
        let key = Key::new(ip, piece.protocol, &self.found.layers);
        match self.fragments.add(key, piece, at.rest, frame.number, frame.timestamp) {
            Outcome::Kept => Err(Stop::FragmentKept.into()),
            Outcome::Refused => Err(Stop::FragmentRefused.into()),
            Outcome::Whole(data, frames) => {
                self.whole = Some(Whole { data, frames, protocol: piece.protocol });
                Ok(Next::Datagram)
            }
        }
    }

    fn protocol(&mut self, frame: &Frame<'_>, protocol: u8, at: &mut Cursor<'_>) -> Step {
        self.head = at.rest.as_ptr().addr().saturating_sub(self.base);
        if matches!(protocol, 6 | 17) && self.carried.is_some() {
            let at = at.rest.as_ptr().addr().saturating_sub(frame.data.as_ptr().addr());
            self.transport = Some((protocol, at));
        }
        let Found { layers, ip, transport, header, unread, .. } = &mut *self.found;
        // Assigned Internet Protocol Numbers (IANA).
        match protocol {
            6 => {
                let (tcp, stop) = transport::tcp(at, layers)?;
                *header = TCP_HEADER.saturating_add(tcp.options.len());
                *transport = Transport::Tcp(Tcp { options: &[], ..tcp });
                return stop.map_or(Ok(Next::Payload), |stop| Err(stop.into()));
            }
            17 => {
                let udp = transport::udp(at, layers)?;
                match tunnel::over_udp(&udp, at) {
                    Inside::Tunnel(inner) => return Ok(inner),
                    Inside::Unread(inner) => *unread = Some(inner),
                    Inside::Payload => {}
                }
                (*transport, *header) = (Transport::Udp(udp), UDP_HEADER);
                return Ok(Next::Payload);
            }
            1 => {
                (*transport, *header) = (Transport::Icmp(transport::icmp(at, layers, Layer::Icmp)?), ICMP_HEADER);
                return Ok(Next::Payload);
            }
            58 => {
                (*transport, *header) = (Transport::Icmpv6(transport::icmp(at, layers, Layer::Icmpv6)?), ICMP_HEADER);
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
        if let Some(ip) = ip
            && let Some(extension) = network::extension(at, layers, ip, protocol)?
        {
            return match extension {
                Extension::Protocol(next) => Ok(Next::Protocol(next)),
                Extension::Fragment(piece) => {
                    let ip = *ip;
                    self.fragment(frame, at, &ip, piece)
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
