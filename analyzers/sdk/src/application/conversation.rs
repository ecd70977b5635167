//! One conversation: what it was found to be, and what of it was counted.

use smallvec::SmallVec;

use super::signature::{Rtp, is_client_hello, possible_stream, rtp, shared};
use super::{By, Payload, Protocol, Settled, datagram, is_opaque, ports, signature, stream};

/// Packets that are looked at for the form of a protocol before only the port is left.
const TRIES: u8 = 64;
/// Packets of one source, each with the next number, that make RTP.
const RTP_FITTING: u8 = 3;
/// Bytes with which a captured part of a datagram tells what it is not.
const JUDGED: usize = 12;
/// Bytes that are kept of a direction whose first segments are short.
const START: usize = 64;
/// A first segment below this may be only a part of what tells the protocol.
const SHORT: usize = 24;
/// Places and protocols that packets of one conversation are counted at.
const PARTS: usize = 8;

/// A protocol, and how it was recognised.
pub type Verdict = (Protocol, By);

/// What a conversation was found to be so far, and how many of its packets were counted where. [`Conversations`](super::Conversations) keeps many; who has a
/// table of flows keeps one for each of UDP and TCP.
#[derive(Debug, Default)]
pub struct Conversation {
    verdict: Option<Verdict>,
    /// What it went over to: TLS after STARTTLS, WebSocket after HTTP.
    now: Option<Protocol>,
    by_port: Option<Protocol>,
    tries: u8,
    /// What each direction may be.
    possible: [Option<Protocol>; 2],
    media: [Media; 2],
    starts: Option<Box<[Start; 2]>>,
    /// How many packets were counted where.
    parts: SmallVec<[Part; 1]>,
}

/// Packets at one place of the caller's, of one protocol.
#[derive(Debug, Clone, Copy)]
struct Part {
    place: u32,
    /// `None`: what the conversation turns out to be.
    protocol: Option<Verdict>,
    packets: u64,
    bytes: u64,
    first_frame: u64,
}

/// The last datagram of a direction that could be RTP, and how many before it fit.
#[derive(Debug, Clone, Copy, Default)]
struct Media {
    last: Option<Rtp>,
    fitting: u8,
}

/// The first bytes of a direction.
#[derive(Debug, Clone, Copy)]
struct Start {
    octets: [u8; START],
    used: usize,
    next: u32,
}

impl Default for Start {
    fn default() -> Self {
        Self { octets: [0; START], used: 0, next: 0 }
    }
}

impl Conversation {
    /// One that another conversation announced.
    pub fn announced(protocol: Protocol) -> Self {
        Self { verdict: Some((protocol, By::Announced)), ..Self::default() }
    }

    /// What its packets are by all that was seen of it; those that have no protocol of their own.
    pub fn settled(&self) -> Option<Verdict> {
        self.verdict.or(self.by_port.map(|protocol| (protocol, By::Port)))
    }

    /// What it was recognised as by its bytes, or by another conversation.
    pub fn recognised(&self) -> Option<Protocol> {
        self.verdict.map(|(protocol, _)| protocol)
    }

    /// Looks at a datagram; `side` is 0 or 1, by its sender. Its own protocol, where that is not what the conversation is or turns out to be.
    pub fn datagram(&mut self, octets: &Payload<'_>, side: usize) -> Option<Verdict> {
        match self.verdict {
            None => self.recognise_datagram(octets, side),
            // What was announced may be known by its form besides: LLMNR's answers are.
            Some((protocol, By::Announced)) if self.tries == 0 => {
                self.tries = 1;
                if datagram(octets) == Some(protocol) {
                    self.verdict = Some((protocol, By::Signature));
                }
            }
            Some(_) => {}
        }
        // RFC 3948 §2.2: ESP's index is never 0, which tells it from IKE, whichever comes first.
        let is_esp = (octets.ports.0 == 4500 || octets.ports.1 == 4500) && !octets.bytes.starts_with(&[0; 4]);
        if is_esp && octets.length > 4 && matches!(self.recognised(), None | Some(Protocol::Ike)) {
            return Some((Protocol::Esp, By::Port));
        }
        match self.recognised()? {
            // They share ports by design.
            known @ (Protocol::Stun | Protocol::Dtls | Protocol::Rtp | Protocol::Rtcp) => {
                shared(octets).filter(|protocol| *protocol != known).map(|protocol| (protocol, By::Signature))
            }
            _ => None,
        }
    }

    fn recognise_datagram(&mut self, octets: &Payload<'_>, side: usize) {
        if self.tries >= TRIES {
            return;
        }
        self.tries = self.tries.saturating_add(1);
        if let Some(protocol) = datagram(octets) {
            self.verdict = Some((protocol, By::Signature));
            return;
        }
        if let Some(media) = self.media.get_mut(side)
            && media.is_stream(rtp(octets))
        {
            self.verdict = Some((Protocol::Rtp, By::Signature));
            return;
        }
        let by_port = of_ports(octets.ports, ports::udp);
        let judged = octets.bytes.len() >= JUDGED.min(octets.length);
        self.by_port = self.by_port.or(by_port.filter(|protocol| !judged || is_opaque(*protocol, octets)));
    }

    /// Looks at a segment with payload, whose first byte has a sequence number. As [`Self::datagram`].
    pub fn segment(&mut self, octets: &Payload<'_>, side: usize, sequence: u32) -> Option<Verdict> {
        if self.verdict.is_none() {
            self.recognise_segment(octets, side, sequence);
        }
        let mut known = self.recognised()?;
        if known == Protocol::Tls && signature::is_tor_certificate(octets) {
            known = Protocol::Tor;
            self.verdict = Some((known, By::Signature));
        }
        let here = self.now.unwrap_or(known);
        let (here, behind) = goes_over(here, octets);
        self.now = Some(behind).filter(|protocol| *protocol != known);
        (here != known).then_some((here, By::Signature))
    }

    fn recognise_segment(&mut self, octets: &Payload<'_>, side: usize, sequence: u32) {
        if self.by_port.is_none() {
            self.by_port = of_ports(octets.ports, ports::tcp);
        }
        if self.tries >= TRIES {
            self.starts = None;
            return;
        }
        self.tries = self.tries.saturating_add(1);
        let found =
            stream(octets).or_else(|| self.agreed(octets, side)).or_else(|| self.started(octets, side, sequence));
        if let Some(protocol) = found {
            self.verdict = Some((protocol, By::Signature));
            self.starts = None;
        }
    }

    /// What both directions may be.
    fn agreed(&mut self, octets: &Payload<'_>, side: usize) -> Option<Protocol> {
        let here = possible_stream(octets)?;
        *self.possible.get_mut(side)? = Some(here);
        let there = (*self.possible.get(1_usize.saturating_sub(side))?)?;
        match (here, there) {
            // FTP greets as SMTP does, and its clients give their name as those of POP3.
            (Protocol::Ftp, Protocol::Smtp) | (Protocol::Smtp, Protocol::Ftp) => Some(Protocol::Ftp),
            (Protocol::Ftp, Protocol::Pop3) | (Protocol::Pop3, Protocol::Ftp) => Some(Protocol::Pop3),
            _ => (here == there).then_some(here),
        }
    }

    /// Puts short first segments of a direction together.
    fn started(&mut self, octets: &Payload<'_>, side: usize, sequence: u32) -> Option<Protocol> {
        if self.starts.is_none() && (self.tries > 2 || octets.bytes.len() >= SHORT) {
            return None;
        }
        let start = self.starts.get_or_insert_default().get_mut(side)?;
        let follows = start.used > 0 && start.next == sequence;
        if !(follows || (start.used == 0 && octets.bytes.len() < SHORT)) {
            return None;
        }
        let room = start.octets.get_mut(start.used..)?;
        let taken = octets.bytes.len().min(room.len());
        room.get_mut(..taken)?.copy_from_slice(octets.bytes.get(..taken)?);
        start.used = start.used.saturating_add(taken);
        start.next = sequence.wrapping_add(u32::try_from(octets.length).unwrap_or(u32::MAX));
        if !follows || taken == 0 {
            return None;
        }
        let payload = start.octets.get(..start.used)?;
        // What the last segment has beyond the room is not there to be looked at, and yet sent.
        let length = start.used.saturating_add(octets.bytes.len().saturating_sub(taken));
        stream(&Payload { bytes: payload, length, ..*octets })
    }

    /// Counts a packet with `bytes` at a place of the caller's, as of a protocol of its own or else of what the conversation turns out to be; `false` when it
    /// has no room for another place.
    pub fn count(&mut self, place: u32, protocol: Option<Verdict>, bytes: u64, frame: u64) -> bool {
        let known = self.parts.iter_mut().find(|part| part.place == place && part.protocol == protocol);
        if let Some(part) = known {
            part.packets = part.packets.saturating_add(1);
            part.bytes = part.bytes.saturating_add(bytes);
            return true;
        }
        if self.parts.len() >= PARTS {
            return false;
        }
        self.parts.push(Part { place, protocol, packets: 1, bytes, first_frame: frame });
        true
    }
}

impl Conversation {
    /// Gives what was counted, with what the packets turned out to be. `ports` are those of both ends.
    pub fn settle(&self, is_tcp: bool, ports: (u16, u16), settle: &mut impl FnMut(Settled)) {
        for part in &self.parts {
            let protocol = part.protocol.or_else(|| self.settled());
            settle(Settled {
                place: part.place,
                protocol,
                is_tcp,
                port: server_port(is_tcp, ports, protocol),
                packets: part.packets,
                bytes: part.bytes,
                first_frame: part.first_frame,
            });
        }
    }
}

/// The server's port, as far as that can be told: the protocol's, else the lower one.
pub(super) fn server_port(is_tcp: bool, ports: (u16, u16), protocol: Option<Verdict>) -> u16 {
    let (low, high) = (ports.0.min(ports.1), ports.0.max(ports.1));
    let of = if is_tcp { ports::tcp } else { ports::udp };
    let is = |port: u16| protocol.is_some_and(|(protocol, _)| of(port) == Some(protocol));
    if is(high) && !is(low) { high } else { low }
}

impl Media {
    /// Whether a datagram is one too many to fit by chance. One that was captured twice says nothing further.
    fn is_stream(&mut self, header: Option<Rtp>) -> bool {
        if header.is_some() && header == self.last {
            return false;
        }
        let follows = self.last.zip(header).is_some_and(|(last, header)| {
            last.source == header.source && header.sequence == last.sequence.wrapping_add(1)
        });
        self.fitting = match header {
            Some(_) if follows => self.fitting.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.last = header;
        self.fitting >= RTP_FITTING
    }
}

/// The lower port is the server's more often than not, where both are registered.
fn of_ports((source, destination): (u16, u16), of: fn(u16) -> Option<Protocol>) -> Option<Protocol> {
    of(source.min(destination)).or_else(|| of(source.max(destination)))
}

/// What a segment of a protocol is, and what the next ones are: some protocols hand the connection over to another.
fn goes_over(protocol: Protocol, octets: &Payload<'_>) -> (Protocol, Protocol) {
    let both = |protocol| (protocol, protocol);
    match (protocol, octets.bytes) {
        (Protocol::Tls | Protocol::Tor | Protocol::Websocket | Protocol::Http2, _) => both(protocol),
        (_, [22, 3, ..]) if is_client_hello(octets) => both(Protocol::Tls),
        // RFC 6455 §4.2.2: this answer is the last of HTTP.
        (Protocol::Http, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', b'1', b'0', b'1', ..]) => {
            let head = octets.bytes.get(..2_048).unwrap_or(octets.bytes);
            let websocket = head.windows(9).any(|word| word.eq_ignore_ascii_case(b"websocket"));
            (protocol, if websocket { Protocol::Websocket } else { protocol })
        }
        (Protocol::Http, [b'P', b'R', b'I', ..]) if octets.bytes.starts_with(b"PRI * HTTP/2.0\r\n") => {
            both(Protocol::Http2)
        }
        // The negotiation of SMB 2 may begin in version 1; NetBIOS sessions carry both.
        (Protocol::Nbss | Protocol::Smb, [0, ..]) => match stream(octets) {
            Some(found @ (Protocol::Smb | Protocol::Smb2)) => both(found),
            _ => both(protocol),
        },
        // What is relayed begins as it does elsewhere.
        (Protocol::Socks, _) => both(signature::stream(octets).unwrap_or(protocol)),
        _ => both(protocol),
    }
}
