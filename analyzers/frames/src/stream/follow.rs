//! Which packets are those of the conversation that is asked for, and what becomes of them.

use std::net::SocketAddr;

use mcpcap_analyzer::application::{Payload, Protocol, Settled, datagram};
use mcpcap_analyzer::decode::{Packet, Tcp, TcpFlags};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::{CloseReason, Connection, Endpoint, Event, Side, Taken};

use super::choice::{Choice, Kind};
use super::pieces::{Room, Wanted};
use super::slot::{End, Id, More, Slot};
use super::tunnel::echo::{self, Echo};
use super::tunnel::names;
use super::{ELSEWHERE, GetStream, SETTLED};
use crate::says::dns;

/// Keeps what some packets of the chosen conversation are.
pub(super) fn settle(settled: &mut Vec<Settled>, part: Settled) {
    if settled.len() < SETTLED {
        settled.push(part);
    }
}

/// Gives what a stream has next to the conversation it belongs to.
pub(super) fn deliver(
    slots: &mut BoundedMap<Id, Slot>,
    connection: &Connection,
    event: Event<'_>,
    wanted: &Wanted,
    room: &mut Room,
) {
    let Some(slot) = slots.get_mut(&Id::Tcp(connection.number)) else { return };
    // The roles may have been learnt since.
    let side = |slot: &Slot, from: Side| {
        let end = connection.endpoint(from);
        slot.side((end.address, Some(end.port)))
    };
    match event {
        Event::Data { from, bytes, frame, .. } => {
            let from = side(slot, from);
            slot.pieces.data(from, bytes, frame, false, wanted, room);
        }
        Event::Gap { from, missing, frame, .. } => {
            let from = side(slot, from);
            slot.pieces.hole(from, missing, frame, wanted, room);
        }
        Event::Conflict { .. } => slot.conflicting = slot.conflicting.saturating_add(1),
        Event::Fin { .. } => {}
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

    /// Makes room for what comes of a conversation, and a place for it where there is none. `whole`: nothing came of it before.
    fn prepare(&mut self, id: &Id, ends: (End, End), frame: u64, whole: bool, more: impl FnOnce() -> More) {
        let places = &mut self.places;
        let (slot, gone) = self.slots.get_or_insert_with(id.clone(), || {
            *places = places.saturating_add(1);
            Slot::new(ends.0, ends.1, frame, *places, whole, more())
        });
        slot.frames.1 = frame;
        if let Some((_, gone)) = gone {
            self.give_back(&gone);
        }
        // The one that was silent for longest goes first; the one asked for, or this one, never.
        while self.room.is_short() && self.slots.len() > 1 {
            let Some((oldest, slot)) = self.slots.pop_oldest() else { break };
            if Some(&oldest) == self.chosen.as_ref() || oldest == *id {
                self.slots.insert(oldest, slot);
                break;
            }
            self.give_back(&slot);
        }
    }

    fn give_back(&mut self, slot: &Slot) {
        self.room.give(slot.pieces.cost());
        self.evicted = self.evicted.saturating_add(1);
    }

    fn recognise(&mut self, packet: &Packet<'_>, place: u32) {
        let chosen = self.chosen.as_ref().and_then(|id| self.slots.get(id)).map(|slot| slot.place);
        let settled = &mut self.settled;
        self.protocols.push(packet, place, 0, &mut |part| {
            if Some(part.place) == chosen {
                settle(settled, part);
            }
        });
    }

    pub(super) fn segment(&mut self, packet: &Packet<'_>, tcp: &Tcp) -> Option<Id> {
        let ip = packet.ip.as_ref()?;
        if packet.copy_of.is_some() {
            return self.connections.current(ip, tcp).map(|connection| Id::Tcp(connection.id));
        }
        let (connection, taken) = self.connections.push(ip, tcp, packet.frame, &mut |_| {});
        let identity = *connection;
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
            self.fitting.push(|| identity.id);
        }
        if !self.is_asked(&id, client, server) {
            self.recognise(packet, ELSEWHERE);
            return Some(id);
        }
        let Taken { turned, .. } = taken;
        let whole = identity.first_frame == packet.frame;
        self.prepare(&id, (client, server), packet.frame, whole, || More::None);
        let slot = self.slots.get_mut(&id)?;
        if turned && slot.client == server {
            slot.turn();
        }
        slot.client_known = identity.client_known;
        let place = slot.place;
        self.recognise(packet, place);
        let is_first = matches!(self.choice, Choice::Connection(_))
            || (matches!(self.choice, Choice::Ends(..)) && packet.payload_length > 0);
        if self.chosen.is_none() && is_first {
            self.chosen = Some(id.clone());
        }
        Some(id)
    }

    pub(super) fn datagram(&mut self, packet: &Packet<'_>) -> Option<Id> {
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
        self.prepare(&id, ends, packet.frame, self.evicted == 0, || More::None);
        let Self { slots, wanted, room, .. } = self;
        let slot = slots.get_mut(&id)?;
        let (place, side) = (slot.place, slot.side(own));
        slot.pieces.data(side, packet.payload, packet.frame, true, wanted, room);
        let missing = packet.payload_length.saturating_sub(packet.payload.len()) as u64;
        if missing > 0 {
            slot.pieces.hole(side, missing, packet.frame, wanted, room);
        }
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

    pub(super) fn echo(&mut self, packet: &Packet<'_>) -> Option<Id> {
        let ip = packet.ip.as_ref()?;
        let echo = Echo::of(packet).filter(|_| self.looks_at(Kind::Icmp))?;
        let (first, second) = echo::pair(ip.source, ip.destination);
        let (id, own, other) = (Id::Icmp(first, second), (ip.source, None), (ip.destination, None));
        if !self.is_asked(&id, own, other) {
            return Some(id);
        }
        let ends = if echo.is_request { (own, other) } else { (other, own) };
        self.prepare(&id, ends, packet.frame, self.evicted == 0, || More::Echoes(Box::default()));
        let Self { slots, wanted, room, .. } = self;
        let slot = slots.get_mut(&id)?;
        let side = slot.side(own);
        let on_wire = packet.payload_length.saturating_sub(4);
        let carries = match &mut slot.more {
            More::Echoes(echoes) => echoes.take(side, &echo, on_wire),
            _ => false,
        };
        if carries {
            slot.pieces.data(side, echo.data, packet.frame, true, wanted, room);
        }
        Some(id)
    }

    /// DNS over UDP: the conversation is that of two hosts about one domain.
    fn names(&mut self, packet: &Packet<'_>) -> Option<Id> {
        let (ip, ports) = (packet.ip.as_ref()?, packet.ports()?);
        let octets =
            Payload { bytes: packet.payload, length: packet.payload_length, ports, destination: ip.destination };
        if datagram(&octets) != Some(Protocol::Dns) {
            return None;
        }
        let message = dns::Message::read(packet.payload)?;
        let (own, other): (End, End) = ((ip.source, None), (ip.destination, None));
        let (client, server) = if message.is_response() { (other, own) } else { (own, other) };
        let domain =
            message.question.as_ref().map(|(labels, _)| dns::joined(names::split(labels).1).to_ascii_lowercase())?;
        let id = Id::Dns(client.0, server.0, domain.into());
        if !self.is_asked(&id, client, server) {
            return Some(id);
        }
        self.prepare(&id, (client, server), packet.frame, self.evicted == 0, || More::Names(Box::default()));
        let Self { slots, wanted, room, .. } = self;
        let slot = slots.get_mut(&id)?;
        if let More::Names(names) = &mut slot.more
            && let Some((side, bytes)) = names.take(&message)
        {
            slot.pieces.data(side, &bytes, packet.frame, true, wanted, room);
        }
        Some(id)
    }

    /// Whether nothing that comes can change the report.
    pub(super) fn is_over(&self) -> bool {
        let is_one = !matches!(self.choice, Choice::Ends(..));
        let chosen = self.chosen.as_ref().filter(|_| is_one).and_then(|id| self.slots.get(id));
        chosen.is_some_and(|slot| {
            matches!(slot.closed, Some(CloseReason::Fin | CloseReason::Reused | CloseReason::Evicted))
        })
    }
}
