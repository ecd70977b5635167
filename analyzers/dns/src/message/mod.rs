//! The wire format of DNS messages (RFC 1035 §4), read leniently: as far as it goes, with what is wrong named.
//!
//! mDNS (RFC 6762 §18) and LLMNR (RFC 4795 §2.1) use the same format. No crate of the field reads a broken message as far as it
//! goes and says what is wrong with it, so this is written here: a cursor that cannot leave the message, names, and positions of
//! questions and records. Record data is written out only when somebody asks ([`rdata`]).

pub mod codes;
pub mod cursor;
pub mod edns;
pub mod fault;
mod loc;
pub mod name;
pub mod places;
mod plausible;
pub mod rdata;
mod service;
mod targets;
#[cfg(test)]
pub mod work;

use cursor::Cursor;
use edns::Edns;
use fault::{Fault, Malformed};
use name::Name;
use smallvec::SmallVec;
use targets::Targets;

/// Bytes of the header (RFC 1035 §4.1.1).
pub const HEADER_LENGTH: usize = 12;

/// The header (RFC 1035 §4.1.1; AD and CD: RFC 4035 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Identifier that an answer repeats.
    pub id: u16,
    flags: u16,
    /// How many questions, answers, authority and additional records there should be.
    pub counts: [u16; 4],
}

#[allow(missing_docs, reason = "the names are the bits'")]
impl Header {
    pub fn is_response(self) -> bool {
        self.flags & 0x8000 != 0
    }
    pub fn opcode(self) -> u8 {
        ((self.flags >> 11) & 0xf) as u8
    }
    pub fn authoritative(self) -> bool {
        self.flags & 0x0400 != 0
    }
    pub fn truncated(self) -> bool {
        self.flags & 0x0200 != 0
    }
    pub fn recursion_desired(self) -> bool {
        self.flags & 0x0100 != 0
    }
    pub fn recursion_available(self) -> bool {
        self.flags & 0x0080 != 0
    }
    pub fn reserved(self) -> bool {
        self.flags & 0x0040 != 0
    }
    /// The three bits before the response code, of which AD and CD are two.
    pub fn z(self) -> u8 {
        ((self.flags >> 4) & 7) as u8
    }
    pub fn authentic_data(self) -> bool {
        self.flags & 0x0020 != 0
    }
    pub fn checking_disabled(self) -> bool {
        self.flags & 0x0010 != 0
    }
    /// The four bits of the header; OPT may extend them.
    pub fn rcode(self) -> u16 {
        self.flags & 0xf
    }
}

/// A question (RFC 1035 §4.1.2). In an update, the zone (RFC 2136 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    name_at: usize,
    name_valid: bool,
    /// Right behind its name.
    pub name_end: usize,
    /// QTYPE.
    pub kind: u16,
    /// QCLASS, with the top bit that mDNS gives another meaning.
    pub class: u16,
}

impl Question {
    /// Where its name stands; `None` when that is not valid.
    pub fn place(&self) -> Option<usize> {
        self.name_valid.then_some(self.name_at)
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the sections'")]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

/// A resource record (RFC 1035 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    name_at: usize,
    name_valid: bool,
    /// Its section.
    pub section: Section,
    /// TYPE.
    pub kind: u16,
    /// CLASS, with the top bit that mDNS gives another meaning.
    pub class: u16,
    /// Seconds.
    pub ttl: u32,
    /// Where the record data begins.
    pub data_at: usize,
    /// RDLENGTH.
    pub data_length: u16,
    /// Whether the data fits the type.
    pub data_valid: bool,
}

impl Record {
    /// Where its owner's name stands; `None` when that is not valid.
    pub fn place(&self) -> Option<usize> {
        self.name_valid.then_some(self.name_at)
    }
}

/// A message, as far as it could be read.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    octets: &'a [u8],
    /// The header.
    pub header: Header,
    /// The questions that were read.
    pub questions: SmallVec<[Question; 1]>,
    /// The records that were read, of all sections, in their order; OPT too.
    pub records: SmallVec<[Record; 4]>,
    /// The first OPT record.
    pub edns: Option<Edns>,
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
    /// Whether all that the header announces was found.
    pub complete: bool,
}

/// Why a message's end is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// Bytes that the message had.
    pub whole: usize,
    /// What took its end away.
    pub reason: Malformed,
}

impl<'a> Message<'a> {
    /// Reads a message. `short` says that its end is not there.
    ///
    /// # Errors
    /// When there is no complete header.
    #[inline]
    pub fn parse(octets: &'a [u8], short: Option<Short>) -> Result<Self, Malformed> {
        let header = header_of(octets).ok_or(match short {
            Some(short) if short.whole >= HEADER_LENGTH => short.reason,
            _ => Malformed::HeaderTooShort,
        })?;
        let mut message = Self {
            octets,
            header,
            questions: SmallVec::new(),
            records: SmallVec::new(),
            edns: None,
            fault: None,
            complete: false,
        };
        message.read(short);
        Ok(message)
    }

    /// Reads all behind the header.
    fn read(&mut self, short: Option<Short>) {
        let mut cursor = Cursor::new(self.octets, HEADER_LENGTH, self.octets.len());
        match self.sections(&mut cursor, &mut Targets::default()) {
            Ok(()) => {
                self.complete = true;
                if cursor.left() > 0 {
                    self.note(Malformed::TrailingOctets, cursor.position());
                }
            }
            // Only what would have had room in the whole message was taken away.
            Err(Malformed::EndsEarly) => match short.filter(|short| self.least_length(&cursor) <= short.whole) {
                Some(short) => self.note(short.reason, self.octets.len()),
                None => self.note(Malformed::EndsEarly, cursor.position()),
            },
            Err(reason) => self.note(reason, cursor.position()),
        }
    }

    fn sections(&mut self, cursor: &mut Cursor<'a>, targets: &mut Targets) -> Result<(), Malformed> {
        let [questions, answers, authority, additional] = self.header.counts;
        for _ in 0..questions {
            let (name_at, name_valid) = self.owner(cursor, targets)?;
            let name_end = cursor.position();
            let question = Question { name_at, name_valid, name_end, kind: cursor.u16()?, class: cursor.u16()? };
            self.questions.push(question);
        }
        let sections = [(Section::Answer, answers), (Section::Authority, authority), (Section::Additional, additional)];
        for (section, count) in sections {
            for _ in 0..count {
                let record = self.record(cursor, section, targets)?;
                self.records.push(record);
            }
        }
        Ok(())
    }

    fn owner(&mut self, cursor: &mut Cursor<'a>, targets: &mut Targets) -> Result<(usize, bool), Malformed> {
        let at = cursor.position();
        let extent = targets.extent(self.octets, at, self.octets.len())?;
        if let Some(reason) = extent.fault {
            self.note(reason, at);
        }
        cursor.jump(extent.end)?;
        Ok((at, extent.fault.is_none()))
    }

    fn record(
        &mut self,
        cursor: &mut Cursor<'a>,
        section: Section,
        targets: &mut Targets,
    ) -> Result<Record, Malformed> {
        let (name_at, name_valid) = self.owner(cursor, targets)?;
        let kind = cursor.u16()?;
        let class = cursor.u16()?;
        let ttl = cursor.u32()?;
        let data_length = cursor.u16()?;
        let data_at = cursor.position();
        cursor.take(data_length.into())?;
        let data_valid = false;
        let mut record = Record { name_at, name_valid, section, kind, class, ttl, data_at, data_length, data_valid };
        if kind == codes::kind::OPT {
            self.opt(&record);
        } else {
            match rdata::check(self.octets, &record, targets) {
                Ok(()) => record.data_valid = true,
                Err(reason) => self.note(reason, data_at),
            }
        }
        Ok(record)
    }

    fn opt(&mut self, record: &Record) {
        let at_root = self.octets.get(record.name_at) == Some(&0);
        if self.edns.is_some() || record.section != Section::Additional || !at_root {
            self.note(Malformed::BadOpt, record.name_at);
        }
        if self.edns.is_none() {
            let (edns, fault) = Edns::read(self.octets, record);
            self.edns = Some(edns);
            if let Some(reason) = fault {
                self.note(reason, record.data_at);
            }
        }
    }

    fn note(&mut self, reason: Malformed, offset: usize) {
        self.fault.get_or_insert(Fault { reason, offset });
    }

    /// Bytes of the message.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The name asked for; `None` when it is not valid.
    pub fn question_name(&self, question: &Question) -> Option<Name> {
        self.name(question.place()?)
    }

    /// Where the owner's labels begin: records with the same origin have the same owner.
    pub fn owner_origin(&self, record: &Record) -> usize {
        name::origin(self.octets, record.name_at)
    }

    /// The owner of a record; `None` when it is not valid.
    pub fn owner_name(&self, record: &Record) -> Option<Name> {
        self.name(record.place()?)
    }

    fn name(&self, at: usize) -> Option<Name> {
        Name::read(self.octets, at, self.octets.len()).ok().map(|(name, _)| name)
    }

    /// The records of a section, without OPT.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.section == section && record.kind != codes::kind::OPT)
    }

    /// The response code with the eight bits that OPT puts in front (RFC 6891 §6.1.3).
    pub fn rcode(&self) -> u16 {
        let high = self.edns.as_ref().map_or(0, |edns| u16::from(edns.extended_rcode));
        (high << 4) | self.header.rcode()
    }

    /// Whether it is beyond doubt a DNS message, so that it is one on any port: the whole payload is used up, nothing is wrong,
    /// and all numbers are ones that are in use.
    pub fn is_strict(&self) -> bool {
        let header = self.header;
        let class = |class: u16| matches!(class, 1 | 3 | 4 | 254 | 255);
        self.complete
            && self.fault.is_none()
            && !header.reserved()
            && matches!(header.opcode(), codes::operation::QUERY | codes::operation::NOTIFY | codes::operation::UPDATE)
            && self.questions.len() <= 1
            && (header.is_response() || header.rcode() == 0)
            && self.questions.iter().all(|question| class(question.class) && question.kind != 0)
            && self.records.iter().all(|record| record.kind == codes::kind::OPT || class(record.class))
    }
}

/// The header at the front of a message; `None` when that is not all there.
pub fn header_of(octets: &[u8]) -> Option<Header> {
    let [id, flags, questions, answers, authority, additional] = octets
        .first_chunk::<HEADER_LENGTH>()?
        .as_chunks()
        .0
        .try_into()
        .ok()
        .map(|words: [[u8; 2]; 6]| words.map(u16::from_be_bytes))?;
    Some(Header { id, flags, counts: [questions, answers, authority, additional] })
}

#[cfg(test)]
mod tests;
