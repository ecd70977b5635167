//! `get_stream`: its arguments, how the conversation is found, its report.

mod choice;
mod pieces;
mod slot;
mod tunnel;
mod what;

use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::application::{Conversations, Payload, Protocol, Settled, datagram};
use mcpcap_analyzer::decode::{Decoder, Packet, Tcp, TcpFlags, Transport};
use mcpcap_analyzer::schemars::{Schema, SchemaGenerator, json_schema};
use mcpcap_analyzer::stats::{BoundedMap, PageInfo};
use mcpcap_analyzer::stream::{
    CloseReason, Connection, Endpoint, Event, Identity, Side, Streams, Taken, Tracked, Tracker,
};
use mcpcap_analyzer::text::counted;
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window, schemars};
use serde::{Deserialize, Serialize};

use crate::says::dns;
use choice::{Choice, Kind};
use pieces::{Form, PieceReport, Room, Sent, Wanted};
use slot::{End, Id, More, Slot};
use tunnel::echo::{self, Echo};
use tunnel::names;
use what::What;

/// Conversations that are kept as long as it is not known which one is asked for.
const CANDIDATES: usize = 4096;
/// Memory in bytes for the pieces of all of them.
const ROOM: usize = 12 << 20;
/// Other connections between the same ends that are named.
const OTHERS: usize = 20;
/// The place of packets that are not asked for, in the recognition of protocols.
const ELSEWHERE: u32 = u32::MAX;

/// What may be asked of `get_stream`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// A TCP connection's `id`.
    #[serde(default)]
    pub connection: Option<u64>,
    /// Or a frame of it.
    #[serde(default)]
    pub frame: Option<u64>,
    /// Or one end, "ip:port" or "ip".
    #[serde(default)]
    pub client: Option<String>,
    /// The other end.
    #[serde(default)]
    pub server: Option<String>,
    /// icmp, dns: what a tunnel between two hosts carries.
    #[serde(default)]
    #[schemars(schema_with = "kinds")]
    pub protocol: Option<Kind>,
    /// Default text.
    #[serde(default, rename = "as")]
    #[schemars(schema_with = "forms")]
    pub form: Option<Form>,
}

/// Short schemas: what a model reads of a tool costs room in each conversation.
fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["tcp", "udp", "icmp", "dns"] })
}

fn forms(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["text", "hex"] })
}

/// What `get_stream` answers.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// What it is: the protocol by its bytes, and what both ends said first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// How that is known: signature (its bytes show it), announced (by another conversation), or port (only the port suggests it). Absent:
    /// not recognised.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recognised_by: Option<&'static str>,
    /// tcp, udp, icmp, or dns for what names carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Kind>,
    /// The TCP connection's `id`, as in analyze_tcp_connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// The end that began.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The other end.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The roles are a guess: the capture does not have the beginning.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub roles_guessed: bool,
    /// Its first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u64>,
    /// Its last frame, as far as was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<u64>,
    /// What the client sent in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_sent: Option<Sent>,
    /// What the server sent in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_sent: Option<Sent>,
    /// Segments that said otherwise about bytes that were there before: tampering, or a damaged capture.
    #[serde(skip_serializing_if = "is_zero")]
    pub conflicting_segments: u64,
    /// Numbers of other connections between these ends, the first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_connections: Vec<u64>,
    /// How many there are of those.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_connections_total: u64,
    /// Says that there is nothing, when there is nothing.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Says that pieces are not here for want of memory, and how to get them.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What both ends sent, in the order in which it was sent and acknowledged.
    pub pieces: Vec<PieceReport>,
    /// What part of `pieces` this is.
    pub pages: Vec<PageInfo>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A connection, as far as it is told apart.
struct Told(Identity);

impl Tracked for Told {
    fn open(identity: Identity, _: Side) -> Self {
        Self(identity)
    }
    fn identity(&self) -> &Identity {
        &self.0
    }
    fn identity_mut(&mut self) -> &mut Identity {
        &mut self.0
    }
}

/// One run of `get_stream`.
pub struct GetStream {
    decoder: Decoder,
    connections: Tracker<Told>,
    streams: Streams<u64, u64>,
    protocols: Conversations,
    choice: Choice,
    kind: Option<Kind>,
    wanted: Wanted,
    room: Room,
    slots: BoundedMap<Id, Slot>,
    places: u32,
    chosen: Option<Id>,
    /// What the packets of the chosen one are, as far as that is settled.
    settled: Vec<Settled>,
    /// Connections that fit, by number: the first, and how many.
    fitting: (Vec<u64>, u64),
}

impl Tool for GetStream {
    const NAME: &'static str = "get_stream";
    const TITLE: &'static str = "One conversation's data";
    const DESCRIPTION: &'static str = "Shows what both ends of one TCP connection or UDP conversation sent, put together and in order, with holes and \
        frame numbers, and says what it is (HTTP, TLS with server name, SSH, SMB, FTP ...). Use it to read a session that another tool names. \
        `protocol` icmp or dns looks into tunnels.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["pieces"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let (client, server) = (arguments.client.as_deref(), arguments.server.as_deref());
        let choice = Choice::read(arguments.connection, arguments.frame, client, server)?;
        if matches!(choice, Choice::Connection(_)) && arguments.protocol.is_some_and(|kind| kind != Kind::Tcp) {
            return Err(Problem::argument("protocol", "must be tcp, or absent, with `connection`"));
        }
        Ok(Self {
            decoder: Decoder::new(),
            connections: Tracker::new(),
            streams: Streams::new(),
            protocols: Conversations::new(),
            choice,
            kind: arguments.protocol,
            wanted: Wanted::new(arguments.form.unwrap_or_default(), &window),
            room: Room(ROOM),
            slots: BoundedMap::new(CANDIDATES),
            places: 0,
            chosen: None,
            settled: Vec::new(),
            fitting: (Vec::new(), 0),
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        let packet = self.decoder.decode(frame);
        let at = match &packet.transport {
            Transport::Tcp(tcp) => self.segment(&packet, tcp),
            _ if packet.copy_of.is_some() => None,
            Transport::Udp(_) => self.datagram(&packet),
            Transport::Icmp(_) | Transport::Icmpv6(_) => self.echo(&packet),
            _ => None,
        };
        if self.chosen.is_none() && self.choice == Choice::Frame(frame.number) {
            // A frame that belongs to no conversation ends it, too.
            self.chosen = at;
            if self.chosen.is_none() {
                return Ok(Flow::Enough);
            }
        }
        Ok(if self.is_over() { Flow::Enough } else { Flow::More })
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        let Self { streams, slots, wanted, room, .. } = &mut self;
        streams.finish(&mut |connection, id, event| deliver(slots, *id, connection, event, wanted, room));
        if self.chosen.is_none() && !matches!(self.choice, Choice::Frame(_)) {
            // The one that carries most, of the kind that comes first.
            let found = self
                .slots
                .iter()
                .rev()
                .max_by_key(|(id, slot)| (slot.pieces.bytes() > 0, id.kind(), slot.pieces.bytes()));
            self.chosen = found.map(|(id, _)| id.clone());
        }
        let chosen = self.chosen.take().and_then(|id| self.slots.remove(&id).map(|slot| (id, slot)));
        let Some((id, mut slot)) = chosen else {
            return Ok(Report {
                message: Some(self.nothing(capture)),
                pages: vec![self.page(0, 0)],
                ..Report::default()
            });
        };
        slot.pieces.close(&self.wanted, &mut self.room);
        let settled = &mut self.settled;
        self.protocols.finish(&mut |part| settled.extend((part.place == slot.place).then_some(part)));
        Ok(self.report(&id, &slot))
    }
}

/// Gives what a stream has next to the conversation it belongs to.
fn deliver(
    slots: &mut BoundedMap<Id, Slot>,
    id: u64,
    connection: &Connection,
    event: Event<'_>,
    wanted: &Wanted,
    room: &mut Room,
) {
    let Some(slot) = slots.get_mut(&Id::Tcp(id)) else { return };
    // The roles may have been learnt since.
    let side = |slot: &Slot, from: Side| {
        let end = connection.endpoint(from);
        slot.side((end.address, Some(end.port)))
    };
    match event {
        Event::Data { from, bytes, segment_frame, .. } => {
            let from = side(slot, from);
            slot.pieces.data(from, bytes, segment_frame, false, wanted, room);
        }
        Event::Gap { from, missing, frame } => {
            let from = side(slot, from);
            slot.pieces.hole(from, missing, frame, wanted, room);
        }
        Event::Closed { reason, .. } => slot.closed = Some(reason),
    }
}

impl GetStream {
    /// Whether packets of a kind are looked at.
    fn looks_at(&self, kind: Kind) -> bool {
        match self.kind {
            Some(asked) => asked == kind,
            None => kind != Kind::Dns && (kind == Kind::Tcp || !matches!(self.choice, Choice::Connection(_))),
        }
    }

    /// Whether a conversation is the one asked for, or may be.
    fn is_asked(&self, id: &Id, client: End, server: End) -> bool {
        match (&self.chosen, self.choice) {
            (Some(chosen), _) => chosen == id,
            (None, Choice::Connection(number)) => *id == Id::Tcp(number),
            (None, choice) => choice.fits(client, server),
        }
    }

    /// What is kept of a conversation, made where it begins.
    fn slot(&mut self, id: &Id, ends: (End, End), frame: u64, more: impl FnOnce() -> More) -> &mut Slot {
        let places = &mut self.places;
        let (slot, _) = self.slots.get_or_insert_with(id.clone(), || {
            *places = places.saturating_add(1);
            Slot::new(ends.0, ends.1, frame, *places, more())
        });
        slot.frames.1 = frame;
        slot
    }

    fn recognise(&mut self, packet: &Packet<'_>, place: u32) {
        let chosen = self.chosen.as_ref().and_then(|id| self.slots.get(id)).map(|slot| slot.place);
        let settled = &mut self.settled;
        self.protocols.push(packet, place, 0, &mut |part| settled.extend((Some(part.place) == chosen).then_some(part)));
    }

    fn segment(&mut self, packet: &Packet<'_>, tcp: &Tcp) -> Option<Id> {
        let ip = packet.ip.as_ref()?;
        if packet.copy_of.is_some() {
            return self.connections.current(ip, tcp).map(|connection| Id::Tcp(connection.0.id));
        }
        let mut over = false;
        let chosen = &self.chosen;
        let ended = &mut |old: Told| over |= *chosen == Some(Id::Tcp(old.0.id));
        let (connection, taken) = self.connections.push(ip, tcp, packet.frame, ended);
        let identity = connection.0;
        if over && let Some(slot) = self.chosen.as_ref().and_then(|id| self.slots.get_mut(id)) {
            slot.closed = Some(CloseReason::Reused);
        }
        if !self.looks_at(Kind::Tcp) {
            self.recognise(packet, ELSEWHERE);
            return None;
        }
        let id = Id::Tcp(identity.id);
        let end = |end: Endpoint| (end.address, Some(end.port));
        let (client, server) = (end(identity.client), end(identity.server));
        if matches!(self.choice, Choice::Ends(..))
            && identity.first_frame == packet.frame
            && self.choice.fits(client, server)
        {
            self.fitting.1 = self.fitting.1.saturating_add(1);
            if self.fitting.0.len() <= OTHERS {
                self.fitting.0.push(identity.id);
            }
        }
        if !self.is_asked(&id, client, server) {
            self.recognise(packet, ELSEWHERE);
            return Some(id);
        }
        let Taken { turned, .. } = taken;
        let slot = self.slot(&id, (client, server), packet.frame, || More::None);
        if turned && slot.client == server {
            slot.turn();
        }
        slot.client_known = identity.client_known;
        let place = slot.place;
        self.recognise(packet, place);
        let Self { streams, slots, wanted, room, .. } = self;
        streams.push_to(identity.id, packet, || identity.id, &mut |connection, id, event| {
            deliver(slots, *id, connection, event, wanted, room);
        });
        let is_first = matches!(self.choice, Choice::Connection(_))
            || (matches!(self.choice, Choice::Ends(..)) && packet.payload_length > 0);
        if self.chosen.is_none() && is_first {
            self.chosen = Some(id.clone());
        }
        Some(id)
    }

    fn datagram(&mut self, packet: &Packet<'_>) -> Option<Id> {
        let (ip, (from, to)) = (packet.ip.as_ref()?, packet.ports()?);
        if self.kind == Some(Kind::Dns) {
            return self.names(packet);
        }
        if !self.looks_at(Kind::Udp) {
            self.recognise(packet, ELSEWHERE);
            return None;
        }
        let (source, destination) = (SocketAddr::new(ip.source, from), SocketAddr::new(ip.destination, to));
        let id = Id::Udp(source.min(destination), source.max(destination));
        let (own, other) = ((ip.source, Some(from)), (ip.destination, Some(to)));
        if !self.is_asked(&id, own, other) {
            self.recognise(packet, ELSEWHERE);
            return Some(id);
        }
        let opens = Endpoint { address: ip.source, port: from }
            .opens(Endpoint { address: ip.destination, port: to }, TcpFlags(0));
        let ends = if opens { (own, other) } else { (other, own) };
        let (wanted, mut room) = (self.wanted, self.room);
        let slot = self.slot(&id, ends, packet.frame, || More::None);
        let (place, side) = (slot.place, slot.side(own));
        slot.pieces.data(side, &packet.payload, packet.frame, true, &wanted, &mut room);
        let missing = packet.payload_length.saturating_sub(packet.payload.len()) as u64;
        if missing > 0 {
            slot.pieces.hole(side, missing, packet.frame, &wanted, &mut room);
        }
        self.room = room;
        self.recognise(packet, place);
        // Without ends, a connection that carries something goes first.
        let has_ends = matches!(self.choice, Choice::Ends(client, server) if client.is_some() || server.is_some());
        if self.chosen.is_none()
            && packet.payload_length > 0
            && (has_ends || self.kind == Some(Kind::Udp))
            && !matches!(self.choice, Choice::Frame(_))
        {
            self.chosen = Some(id.clone());
        }
        Some(id)
    }

    fn echo(&mut self, packet: &Packet<'_>) -> Option<Id> {
        let ip = packet.ip.as_ref()?;
        let echo = Echo::of(packet).filter(|_| self.looks_at(Kind::Icmp))?;
        let (first, second) = echo::pair(ip.source, ip.destination);
        let (id, own, other) = (Id::Icmp(first, second), (ip.source, None), (ip.destination, None));
        if !self.is_asked(&id, own, other) {
            return Some(id);
        }
        let ends = if echo.is_request { (own, other) } else { (other, own) };
        let (wanted, mut room) = (self.wanted, self.room);
        let slot = self.slot(&id, ends, packet.frame, || More::Echoes(Box::default()));
        let side = slot.side(own);
        let on_wire = packet.payload_length.saturating_sub(4);
        let carries = match &mut slot.more {
            More::Echoes(echoes) => echoes.take(side, &echo, on_wire),
            _ => false,
        };
        if carries {
            slot.pieces.data(side, echo.data, packet.frame, true, &wanted, &mut room);
        }
        self.room = room;
        Some(id)
    }

    /// DNS over UDP: the conversation is that of two hosts about one domain.
    fn names(&mut self, packet: &Packet<'_>) -> Option<Id> {
        let (ip, ports) = (packet.ip.as_ref()?, packet.ports()?);
        let octets =
            Payload { bytes: &packet.payload, length: packet.payload_length, ports, destination: ip.destination };
        if datagram(&octets) != Some(Protocol::Dns) {
            return None;
        }
        let message = dns::Message::read(&packet.payload)?;
        let (own, other): (End, End) = ((ip.source, None), (ip.destination, None));
        let (client, server) = if message.is_response() { (other, own) } else { (own, other) };
        let domain =
            message.question.as_ref().map(|(labels, _)| dns::joined(names::split(labels).1).to_ascii_lowercase())?;
        let id = Id::Dns(client.0, server.0, domain.into());
        if !self.is_asked(&id, client, server) {
            return Some(id);
        }
        let (wanted, mut room) = (self.wanted, self.room);
        let slot = self.slot(&id, (client, server), packet.frame, || More::Names(Box::default()));
        if let More::Names(names) = &mut slot.more
            && let Some((side, bytes)) = names.take(&message)
        {
            slot.pieces.data(side, &bytes, packet.frame, true, &wanted, &mut room);
        }
        self.room = room;
        Some(id)
    }

    /// Whether nothing that comes can change the report.
    fn is_over(&self) -> bool {
        let is_one = !matches!(self.choice, Choice::Ends(..));
        let chosen = self.chosen.as_ref().filter(|_| is_one).and_then(|id| self.slots.get(id));
        chosen.is_some_and(|slot| matches!(slot.closed, Some(CloseReason::Fin | CloseReason::Reused)))
    }

    fn nothing(&self, capture: &Capture) -> String {
        let decoding = self.decoder.statistics();
        match self.choice {
            Choice::Connection(id) if self.connections.seen() > 0 => {
                let seen = self.connections.seen();
                format!("There is no connection {id} among the {}, counted from 0", counted(seen, "TCP connection"))
            }
            Choice::Frame(frame) => {
                format!("Frame {frame} is not there, or belongs to no conversation of the kind that is asked for")
            }
            _ => capture.nothing_found("such conversations", &decoding),
        }
    }

    fn page(&self, total: u64, returned: u64) -> PageInfo {
        PageInfo { list: "pieces", total, offset: self.wanted.offset(), returned }
    }

    fn report(&self, id: &Id, slot: &Slot) -> Report {
        let What { text, by } = match &slot.more {
            More::None => what::conversation(slot.pieces.starts(), &self.settled),
            More::Echoes(echoes) => echoes.what(),
            More::Names(names) => names.what(),
        };
        let form = self.wanted.form;
        let pieces = match &slot.more {
            More::Names(names) => slot.pieces.report(form, |from, bytes| names.read(from, bytes)),
            _ => slot.pieces.report(form, |_, bytes| bytes.to_vec()),
        };
        let number = if let Id::Tcp(number) = id { Some(*number) } else { None };
        let (total, lost) = slot.pieces.totals();
        // Until it is known which one is asked for, others take room too.
        let evicted = if matches!(self.choice, Choice::Connection(_)) { 0 } else { self.slots.evicted() };
        let note = (lost > 0 || evicted > 0).then(|| {
            let again = number.map_or("client and server".to_owned(), |id| format!("connection {id}"));
            format!(
                "{} had no room, and {} that may be this one had to make room: {again} instead of other arguments gives all",
                counted(lost, "piece"),
                counted(evicted, "conversation"),
            )
        });
        let [client_sent, server_sent] = slot.pieces.sent();
        let (fitting, all) = &self.fitting;
        let is_other = |other: &&u64| Some(**other) != number;
        let others: Vec<u64> = fitting.iter().filter(is_other).take(OTHERS).copied().collect();
        Report {
            what: Some(text),
            recognised_by: by,
            protocol: Some(id.kind()),
            connection: number,
            client: Some(named(slot.client)),
            server: Some(named(slot.server)),
            roles_guessed: number.is_some() && !slot.client_known,
            first_frame: Some(slot.frames.0),
            last_frame: Some(slot.frames.1),
            client_sent: Some(client_sent),
            server_sent: Some(server_sent),
            conflicting_segments: if self.slots.is_empty() { self.streams.statistics().conflicting } else { 0 },
            other_connections_total: if others.is_empty() { 0 } else { all.saturating_sub(1) },
            other_connections: others,
            message: None,
            note,
            pages: vec![self.page(total, pieces.len() as u64)],
            pieces,
        }
    }
}

/// `192.0.2.1:80`, or an address alone.
fn named((address, port): (IpAddr, Option<u16>)) -> String {
    port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
}
