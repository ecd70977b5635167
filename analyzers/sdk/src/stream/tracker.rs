//! Which TCP connection a segment belongs to, and its number: the same for every tool that follows connections.
//!
//! Connections are told apart by addresses and ports. A SYN with another sequence number, or after an end, begins another one. Which one a
//! SYN-ACK belongs to, and all that follows, tells the SYN that it acknowledges.

use super::{Endpoint, Key, Side};
use crate::decode::{Ip, Tcp};
use crate::stats::BoundedMap;

/// Connections that are followed. The one that was silent for longest makes room; when it goes on, it is a new one. All tools have the same
/// number, so that they number connections alike.
const CONNECTIONS: usize = 7168;
/// Unanswered attempts behind which the same ends tried again with another number, and whose answer may still come.
const EARLIER: usize = 128;
/// What is kept of at the most.
pub(super) const FOLLOWED: usize = CONNECTIONS + EARLIER + 1;

/// What one end sent, as far as it tells connections apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sent {
    /// The initial sequence number, or the best guess at it.
    base: Option<u32>,
    /// SYN without ACK.
    opened: bool,
    /// Anything else.
    other: bool,
}

/// The number and the ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Its place in the order of appearance, from 0.
    pub id: u64,
    /// The end that opened it, as far as is known.
    pub client: Endpoint,
    /// The other end.
    pub server: Endpoint,
    /// Whether SYN or SYN-ACK told who is who.
    pub client_known: bool,
    /// Its first frame.
    pub first_frame: u64,
    sent: [Sent; 2],
    /// Whether FIN or RST was seen.
    ended: bool,
}

/// How a segment stands to its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Who sent it.
    pub side: Side,
    /// It told that client and server are the other way round than they were taken for: they have changed places.
    pub turned: bool,
    /// It begins a connection between the ends of an earlier one.
    pub reused: bool,
    /// It answers a SYN with another initial sequence number than before.
    pub answers_anew: bool,
}

impl Identity {
    /// Of the connection that a segment from `source` begins.
    fn new(id: u64, source: Endpoint, destination: Endpoint, tcp: &Tcp, first_frame: u64) -> Self {
        let sender_opens = source.opens(destination, tcp.flags);
        let (client, server) = if sender_opens { (source, destination) } else { (destination, source) };
        let client_known = tcp.flags.syn();
        Self { id, client, server, client_known, first_frame, sent: [Sent::default(); 2], ended: false }
    }

    /// Which side an end is. A connection of an end with itself has only a client.
    pub fn side(&self, end: Endpoint) -> Side {
        if end == self.client { Side::Client } else { Side::Server }
    }

    /// The end of a side.
    pub fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }

    /// The initial sequence number of a side, or the best guess at it: as Wireshark reckons, relative numbers count from there.
    pub fn base(&self, side: Side) -> Option<u32> {
        self.sent(side).base
    }

    fn sent(&self, side: Side) -> &Sent {
        let [client, server] = &self.sent;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Whether a SYN begins another connection between the same ends: it has another sequence number, or this one was ended.
    fn is_reused_by(&self, side: Side, tcp: &Tcp) -> bool {
        let sent = self.sent(side);
        // The answer to a SYN that is captured before it does not end what the SYN begins.
        let ended = sent.opened && self.ended;
        tcp.flags.syn() && !tcp.flags.ack() && sent.base.is_some_and(|base| base != tcp.sequence || ended)
    }

    /// Of an attempt of which nothing but SYN was seen, the number that acknowledges it.
    fn awaited(&self) -> Option<u32> {
        let [client, server] = &self.sent;
        let is_attempt = client.opened && !client.other && !server.opened && !server.other;
        client.base.filter(|_| is_attempt).map(|base| base.wrapping_add(1))
    }

    /// Learns from a SYN or SYN-ACK who is who, where the roles were a guess. Whether they were the other way round.
    fn learn(&mut self, source: Endpoint, tcp: &Tcp) -> bool {
        if self.client_known || !tcp.flags.syn() {
            return false;
        }
        self.client_known = true;
        let turned = (self.client == source) == tcp.flags.ack() && self.client != self.server;
        if turned {
            std::mem::swap(&mut self.client, &mut self.server);
            self.sent.swap(0, 1);
        }
        turned
    }

    /// Takes a segment.
    fn take(&mut self, source: Endpoint, tcp: &Tcp, reused: bool) -> Taken {
        let turned = self.learn(source, tcp);
        let side = self.side(source);
        let [client, server] = &mut self.sent;
        let (own, other) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let (syn, ack) = (tcp.flags.syn(), tcp.flags.ack());
        let answers_anew = syn && ack && own.base.is_some_and(|base| base != tcp.sequence);
        if answers_anew {
            own.base = Some(tcp.sequence);
        }
        own.base.get_or_insert(if syn { tcp.sequence } else { tcp.sequence.wrapping_sub(1) });
        if ack {
            other.base.get_or_insert(tcp.acknowledgment.wrapping_sub(1));
        }
        let opens = syn && !ack;
        own.opened |= opens;
        own.other |= !opens;
        self.ended |= tcp.flags.rst() || (tcp.flags.fin() && ack);
        Taken { side, turned, reused, answers_anew }
    }
}

/// What is kept of a connection: by each tool something else.
pub trait Tracked {
    /// A connection that begins with a segment from `sender`, which was not taken yet.
    fn open(identity: Identity, sender: Side) -> Self;
    /// Its identity.
    fn identity(&self) -> &Identity;
    /// Its identity, for the tracker.
    fn identity_mut(&mut self) -> &mut Identity;
}

/// Where nothing but numbers and ends is wanted.
impl Tracked for Identity {
    fn open(identity: Identity, _: Side) -> Self {
        identity
    }
    fn identity(&self) -> &Identity {
        self
    }
    fn identity_mut(&mut self) -> &mut Identity {
        self
    }
}

/// Follows all connections.
pub struct Tracker<C> {
    connections: BoundedMap<Key, C>,
    /// Unanswered attempts behind which another one came, by what acknowledges their SYN.
    earlier: BoundedMap<(Key, u32), C>,
    seen: u64,
}

impl<C: Tracked> Default for Tracker<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Tracked> Tracker<C> {
    /// No connections yet.
    pub fn new() -> Self {
        Self { connections: BoundedMap::new(CONNECTIONS), earlier: BoundedMap::new(EARLIER), seen: 0 }
    }

    /// How many connections there were.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many of them had to make room.
    pub fn evicted(&self) -> u64 {
        self.connections.evicted()
    }

    /// Takes a segment. `ended` is given each connection that ends by it: one whose ends it uses again, or one that makes room.
    pub fn push(&mut self, ip: &Ip, tcp: &Tcp, frame: u64, ended: &mut impl FnMut(C)) -> (&mut C, Taken) {
        let (source, destination) = Endpoint::pair(ip, tcp);
        let (key, _) = Key::new(ip, tcp);
        let is_reused = |known: &C| known.identity().is_reused_by(known.identity().side(source), tcp);
        // Most segments are no SYN, and are looked up once.
        let may_begin = tcp.flags.syn() && !tcp.flags.ack();
        let reused = may_begin && self.connections.get(&key).is_some_and(is_reused);
        if reused && let Some(old) = self.connections.remove(&key) {
            self.set_aside(key, old, ended);
        } else if tcp.flags.syn() && tcp.flags.ack() {
            self.resume(key, source, tcp, ended);
        }
        let id = self.seen;
        let mut made = false;
        let (connection, gone) = self.connections.get_or_insert_with(key, || {
            made = true;
            let identity = Identity::new(id, source, destination, tcp, frame);
            C::open(identity, identity.side(source))
        });
        if let Some((_, old)) = gone {
            ended(old);
        }
        self.seen = self.seen.saturating_add(made.into());
        let taken = connection.identity_mut().take(source, tcp, reused);
        (connection, taken)
    }

    /// Keeps an attempt that was not answered so far; any other connection is over.
    fn set_aside(&mut self, key: Key, old: C, ended: &mut impl FnMut(C)) {
        let Some(number) = old.identity().awaited() else { return ended(old) };
        if let Some(same) = self.earlier.remove(&(key, number)) {
            ended(same);
        }
        if let Some((_, gone)) = self.earlier.insert((key, number), old) {
            ended(gone);
        }
    }

    /// Goes on with the attempt whose SYN a SYN-ACK acknowledges, where that is not the last one.
    fn resume(&mut self, key: Key, source: Endpoint, tcp: &Tcp, ended: &mut impl FnMut(C)) {
        let waits = self.connections.get(&key).is_some_and(|current| {
            let current = current.identity();
            current.client != source && current.awaited().is_some_and(|number| number != tcp.acknowledgment)
        });
        if !waits {
            return;
        }
        let Some(earlier) = self.earlier.remove(&(key, tcp.acknowledgment)) else { return };
        if let Some(current) = self.connections.remove(&key) {
            self.set_aside(key, current, ended);
        }
        self.connections.insert(key, earlier);
    }

    /// The connection that a segment belongs to, which is not taken: it makes no difference to which connection makes room.
    pub fn current(&mut self, ip: &Ip, tcp: &Tcp) -> Option<&mut C> {
        self.connections.peek_mut(&Key::new(ip, tcp).0)
    }

    /// Ends all connections, in the order of their last segment.
    pub fn finish(&mut self, ended: &mut impl FnMut(C)) {
        while let Some((_, connection)) = self.earlier.pop_oldest() {
            ended(connection);
        }
        while let Some((_, connection)) = self.connections.pop_oldest() {
            ended(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoder, TcpFlags, Transport};
    use crate::harness::{self, build};
    use crate::{Flow, stream};

    const CLIENT: (&str, u16) = ("192.0.2.1", 4000);
    const SERVER: (&str, u16) = ("192.0.2.2", 8000);

    /// The connection of each segment, and the numbers of the segment relative to it.
    fn numbered(segments: Vec<Vec<u8>>) -> Vec<(u64, Side, [u32; 2])> {
        let frames: Vec<(u64, Vec<u8>)> = segments.into_iter().zip(1_u64..).map(|(s, n)| (n * 1_000_000, s)).collect();
        let (mut decoder, mut tracker, mut found) = (Decoder::new(), Tracker::<Identity>::new(), Vec::new());
        harness::frames(&build::pcap(&frames), |frame| {
            let packet = decoder.decode(frame);
            let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) else { panic!("not TCP") };
            let (connection, taken) = tracker.push(ip, tcp, frame.number, &mut |_| {});
            let relative =
                |number: u32, side: stream::Side| connection.base(side).map_or(0, |base| number.wrapping_sub(base));
            let acknowledgment = if tcp.flags.ack() { relative(tcp.acknowledgment, taken.side.other()) } else { 0 };
            found.push((connection.id, taken.side, [relative(tcp.sequence, taken.side), acknowledgment]));
            Ok(Flow::More)
        })
        .unwrap();
        found
    }

    fn from_client(flags: u16, numbers: (u32, u32)) -> Vec<u8> {
        build::tcp(CLIENT, SERVER, flags, numbers, b"")
    }

    fn from_server(flags: u16, numbers: (u32, u32)) -> Vec<u8> {
        build::tcp(SERVER, CLIENT, flags, numbers, b"")
    }

    const SYN: u16 = TcpFlags::SYN;
    const ACK: u16 = TcpFlags::ACK;
    const FIN: u16 = TcpFlags::FIN;

    #[test]
    fn ends_that_are_used_again_make_another_connection() {
        let found = numbered(vec![
            from_client(SYN, (1000, 0)),
            from_server(SYN | ACK, (u32::MAX, 1001)),
            from_client(ACK, (1001, 0)),
            from_client(FIN | ACK, (1001, 0)),
            from_client(SYN, (9000, 0)),
        ]);
        let (client, server) = (Side::Client, Side::Server);
        let expected =
            [(0, client, [0, 0]), (0, server, [0, 1]), (0, client, [1, 1]), (0, client, [1, 1]), (1, client, [0, 0])];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_answer_goes_to_the_attempt_that_it_acknowledges() {
        let found = numbered(vec![
            from_client(SYN, (1000, 0)),
            from_client(SYN, (5000, 0)),
            from_server(SYN | ACK, (7000, 1001)),
            from_client(ACK, (1001, 7001)),
        ]);
        assert_eq!(found.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [0, 1, 0, 0]);
    }

    #[test]
    fn who_opened_a_connection_is_learnt_late() {
        let found = numbered(vec![
            from_server(ACK, (7001, 1001)),
            from_server(SYN | ACK, (7000, 1001)),
            from_client(ACK, (1001, 7001)),
        ]);
        assert_eq!(
            found.iter().map(|(_, side, _)| *side).collect::<Vec<_>>(),
            [Side::Client, Side::Server, Side::Client]
        );
    }

    #[test]
    fn connections_are_numbered_alike_where_they_had_to_make_room() {
        let syn = |n: u16| build::tcp(("192.0.2.1", n), SERVER, SYN, (1, 0), b"");
        let most = u16::try_from(CONNECTIONS).unwrap();
        let found = numbered((0..=most).chain([0, 2]).map(|n| syn(n + 1)).collect());
        // The first one made room for the last, and is another one when it goes on; so does the second for it.
        assert_eq!(found[CONNECTIONS + 1].0, CONNECTIONS as u64 + 1);
        assert_eq!(found[CONNECTIONS + 2].0, 2);
    }
}
