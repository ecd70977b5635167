//! TLS in a TCP stream.

use mcpcap_analyzer::stream::{Connection, Side};

use super::Segment;
use crate::facts::{Encrypted, Facts, Mark};
use crate::fault::Fault;
use crate::out::Out;
use mcpcap_tls_hello::fingerprint::Carrier;
use mcpcap_tls_hello::{Ssl2Client, Ssl2Server};
use mcpcap_tls_records::handshake::Assembly;
use mcpcap_tls_records::records::{self, Head, Part, Records};
use mcpcap_tls_records::{Gather, Opened, Session, Told, Why};

/// One direction.
#[derive(Default)]
struct Half {
    records: Records,
    assembly: Assembly,
    /// The record that is begun.
    head: Head,
    /// Where it begins.
    begun: Mark,
    /// Where the handshake message begins that is not complete.
    message: Option<Mark>,
    /// Bytes of the record that were seen, and the first of them, of short records.
    seen: u16,
    first: [u8; 3],
    /// Whether its content is encrypted.
    encrypted: bool,
    /// The record, where it is to be decrypted.
    gather: Gather,
}

/// A connection of TLS.
pub struct Tls {
    /// Which end of TCP is the client of TLS.
    client: Side,
    halves: [Half; 2],
    facts: Facts,
    /// What decrypts it, where there is a key log.
    session: Option<Box<Session>>,
}

impl Tls {
    /// One that begins; `decrypts`: there is a key log.
    pub fn new(connection: &Connection, client: Side, mark: Mark, decrypts: bool) -> Self {
        let ends = (connection.endpoint(client), connection.endpoint(client.other()));
        let facts = Facts::new(Carrier::Tcp, connection.vlan, ends, mark);
        Self {
            client,
            halves: Default::default(),
            facts: Facts { connection: Some(connection.number), ..facts },
            session: decrypts.then(Box::default),
        }
    }

    /// Which protocol began it.
    pub fn set_starttls(&mut self, protocol: Option<&'static str>) {
        self.facts.starttls = protocol;
    }

    fn role(&self, from: Side) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    /// A client's hello of SSL 2.0.
    pub fn ssl2_client(&mut self, hello: &Ssl2Client<'_>, mark: Mark) {
        self.facts.ssl2_client(hello, mark);
    }

    /// A server's.
    pub fn ssl2_server(&mut self, hello: &Ssl2Server<'_>, mark: Mark, out: &mut Out) {
        self.facts.ssl2_server(hello, mark, out);
    }

    /// Takes bytes of a segment.
    pub fn data(&mut self, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let role = self.role(from);
        let [client, server] = &mut self.halves;
        let half = if role == Side::Client { client } else { server };
        let mut bytes = segment.bytes;
        if !half.records.is_synced() {
            if role == Side::Server
                && let Some((hello, behind)) =
                    Ssl2Server::parse(bytes).filter(|_| segment.starts && self.facts.choice.is_none())
            {
                self.facts.ssl2_server(&hello, segment.mark, out);
                bytes = behind;
            }
            if bytes.is_empty() || self.facts.is_ssl2() {
                return;
            }
            let begins = segment.starts && Head::parse(bytes).is_some_and(|head| head.length > 0);
            if !begins {
                out.skipped = out.skipped.saturating_add(bytes.len() as u64);
                if let Some(session) = &mut self.session {
                    session.gap(role, bytes.len() as u64);
                }
                return;
            }
            half.records.begin();
        }
        self.facts.last = segment.mark;
        // Behind it nothing grows that cannot be decrypted.
        let is_handshake = self.facts.established.is_none();
        let mut whole = Whole { role, facts: &mut self.facts, session: &mut self.session, out: &mut *out };
        while let Some(part) = half.records.next(&mut bytes) {
            match part {
                Part::Head(head) => half.head(head, segment.mark, &mut whole),
                Part::Content(content, ends) => half.content(content, ends, segment.mark, &mut whole),
                Part::Bad => {
                    if whole.facts.established.is_none() {
                        whole.facts.fault(Fault::NoRecord, segment.mark.frame);
                    }
                    whole.out.skipped = whole.out.skipped.saturating_add(bytes.len() as u64);
                    if let Some(session) = whole.session {
                        session.gap(role, bytes.len() as u64);
                    }
                }
            }
        }
        if is_handshake || self.session.is_some() {
            out.charge(&mut self.facts);
        }
    }

    /// Bytes of a direction are not in the capture.
    pub fn gap(&mut self, from: Side, missing: u64, frame: u64, out: &mut Out) {
        let role = self.role(from);
        let [client, server] = &mut self.halves;
        let half = if role == Side::Client { client } else { server };
        self.facts.gaps = true;
        let mark = Mark { frame, time: None };
        let within_handshake = half.records.is_within() && half.head.kind == records::HANDSHAKE && !half.encrypted;
        let fits = half.records.skip(missing);
        if let Some(session) = &mut self.session {
            half.gather.lack(Why::MissingBytes);
            match fits {
                true if !half.records.is_within() => session.pass(role, half.head, Why::MissingBytes),
                true => {}
                // The rest of the record that was begun is among them.
                false => session.gap(role, missing),
            }
        }
        if fits && !within_handshake {
            return;
        }
        let (facts, begun) = (&mut self.facts, half.message.unwrap_or(mark));
        half.assembly.skip(missing, &mut |message| facts.message(role, &message, begun, mark, out));
    }

    /// Nothing more comes.
    pub fn close(mut self: Box<Self>, end: &'static str, out: &mut Out) {
        let last = self.facts.last;
        for (half, role) in self.halves.iter_mut().zip([Side::Client, Side::Server]) {
            let (facts, begun) = (&mut self.facts, half.message.unwrap_or(last));
            half.assembly.cut(&mut |message| facts.message(role, &message, begun, last, out));
        }
        self.facts.end = end;
        self.facts.decryption = match self.session {
            Some(session) => Some(session.told()),
            // The key log came when it had begun.
            None => (!out.key_log.is_empty()).then(|| Told::without_secret(self.facts.data_records())),
        };
        out.finish(self.facts);
    }

    /// Gives up messages and records that wait, for want of room.
    pub fn give_up(&mut self) {
        for half in &mut self.halves {
            half.assembly.give_up();
            half.gather.give_up();
        }
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        let of = |half: &Half| half.assembly.buffered().saturating_add(half.gather.memory());
        let [client, server] = &self.halves;
        of(client).saturating_add(of(server))
    }
}

/// What a record is read with besides its half.
struct Whole<'a> {
    /// Who sends it.
    role: Side,
    facts: &'a mut Facts,
    session: &'a mut Option<Box<Session>>,
    out: &'a mut Out,
}

impl Half {
    /// A record begins.
    fn head(&mut self, head: Head, mark: Mark, whole: &mut Whole<'_>) {
        whole.facts.record(head.kind);
        (self.head, self.begun, self.seen, self.first, self.encrypted) = (head, mark, 0, [0; 3], false);
        self.gather.begin(whole.session.as_ref().and_then(|session| session.needless(&whole.out.key_log)));
        if head.kind == records::HANDSHAKE {
            self.assembly.record();
        } else if self.assembly.is_within()
            && head.kind != records::ALERT
            // The message may go on in what is encrypted.
            && !(whole.session.is_some() && head.kind == records::APPLICATION_DATA)
        {
            whole.facts.fault(Fault::Interleaved, mark.frame);
        }
        if head.length == 0 && head.kind != records::APPLICATION_DATA {
            whole.facts.fault(Fault::EmptyRecord, mark.frame);
        }
        if head.kind == records::APPLICATION_DATA {
            self.encrypted = true;
        }
    }

    /// Bytes of it come.
    fn content(&mut self, bytes: &[u8], ends: bool, mark: Mark, whole: &mut Whole<'_>) {
        let starts = self.seen == 0;
        for (place, byte) in self.first.iter_mut().skip(usize::from(self.seen)).zip(bytes) {
            *place = *byte;
        }
        self.seen = self.seen.saturating_add(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        if self.head.kind == records::HANDSHAKE {
            if starts {
                self.encrypted = whole.facts.is_encrypted(whole.role, bytes);
            }
            if !self.encrypted {
                return self.handshake(bytes, starts, mark, whole);
            }
        }
        if whole.session.is_some() {
            self.gather.push(bytes, self.head, ends);
        }
        if ends && !self.decrypt(bytes, mark, whole) {
            self.ends(whole.role, mark, whole.facts);
        }
    }

    /// Reads what is encrypted in a record that ends with some bytes. Whether it could be decrypted.
    fn decrypt(&mut self, last: &[u8], mark: Mark, whole: &mut Whole<'_>) -> bool {
        let Some(session) = whole.session else { return false };
        let Out { key_log, plain, .. } = &mut *whole.out;
        match self.gather.open(last, (whole.role, self.head), session, key_log, plain) {
            Opened::Clear => false,
            Opened::Closed => {
                // What was in it may have been a part of a message.
                if self.assembly.is_within() {
                    self.lose_message(mark, whole);
                }
                false
            }
            Opened::Plain(kind) => {
                let plain = std::mem::take(&mut whole.out.plain);
                self.plain(kind, &plain, mark, whole);
                whole.out.plain = plain;
                true
            }
        }
    }

    /// Takes what was encrypted in a record.
    fn plain(&mut self, kind: u8, plain: &[u8], mark: Mark, whole: &mut Whole<'_>) {
        let is_data = kind == records::APPLICATION_DATA;
        let encrypted = match self.head.kind {
            // An alert ends a handshake, and finishes none.
            records::APPLICATION_DATA if kind == records::ALERT => Encrypted::Read,
            records::APPLICATION_DATA => Encrypted::Data(if is_data { self.head.length.into() } else { 0 }),
            records::HANDSHAKE => Encrypted::Handshake,
            _ => Encrypted::Read,
        };
        whole.facts.encrypted(whole.role, encrypted, self.begun);
        match kind {
            records::HANDSHAKE => {
                if self.head.kind != records::HANDSHAKE {
                    self.assembly.record();
                }
                self.handshake(plain, true, mark, whole);
            }
            records::ALERT => whole.facts.alert(whole.role, plain, mark.frame),
            _ if self.assembly.is_within() => whole.facts.fault(Fault::Interleaved, mark.frame),
            _ => {}
        }
    }

    fn handshake(&mut self, bytes: &[u8], starts: bool, mark: Mark, whole: &mut Whole<'_>) {
        if !self.assembly.is_within() {
            self.message = Some(mark);
        }
        let mut begun = self.message.unwrap_or(mark);
        let Whole { role, facts, session, out } = whole;
        self.assembly.push(bytes, starts, &mut |message| {
            if let Some(session) = session.as_mut().filter(|_| message.is_whole()) {
                session.message(*role, message.kind, message.body, &out.key_log);
            }
            facts.message(*role, &message, begun, mark, out);
            begun = mark;
        });
        self.message = Some(begun);
    }

    /// The message that is begun goes on in what is not here.
    fn lose_message(&mut self, mark: Mark, whole: &mut Whole<'_>) {
        let begun = self.message.unwrap_or(mark);
        let Whole { role, facts, out, .. } = whole;
        self.assembly.skip(u64::MAX, &mut |message| facts.message(*role, &message, begun, mark, out));
    }

    /// A record ends that could not be decrypted.
    fn ends(&self, role: Side, mark: Mark, facts: &mut Facts) {
        let length = self.head.length;
        match self.head.kind {
            records::CHANGE_CIPHER_SPEC => facts.change_cipher_spec(role),
            records::ALERT if facts.side(role).changed && length > 2 || length >= 16 => {
                facts.encrypted(role, Encrypted::Alert, mark);
            }
            records::ALERT => {
                let bytes = self.first.get(..usize::from(length)).unwrap_or(&self.first);
                facts.alert(role, bytes, mark.frame);
            }
            records::HANDSHAKE => facts.encrypted(role, Encrypted::Handshake, self.begun),
            records::APPLICATION_DATA => facts.encrypted(role, Encrypted::Data(length.into()), self.begun),
            records::HEARTBEAT if !facts.side(role).changed => {
                facts.letter(role, 'b');
                let [kind, high, low] = self.first;
                // Type, length and at least 16 bytes of padding (RFC 6520 §4).
                let asked = u32::from(u16::from_be_bytes([high, low])).saturating_add(3 + 16);
                if kind == 1 && asked > u32::from(length) {
                    facts.fault(Fault::HeartbeatLength, mark.frame);
                }
            }
            _ => {}
        }
    }
}
