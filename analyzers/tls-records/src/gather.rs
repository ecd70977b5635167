//! A record whose bytes come in parts.

use mcpcap_analyzer::stream::Side;

use crate::key_log::KeyLog;
use crate::records::Head;
use crate::session::{Opened, Session, Why};

/// The record that is begun in one direction, as far as it is here. One that comes in one part is not copied.
#[derive(Debug, Default)]
pub struct Gather {
    bytes: Vec<u8>,
    /// Why not all of it is here, or need be.
    lacking: Option<Why>,
    /// Whether nothing of it came yet.
    is_new: bool,
}

impl Gather {
    /// A record begins; `needless`: why its bytes are not wanted.
    pub fn begin(&mut self, needless: Option<Why>) {
        *self = Self { bytes: Vec::new(), lacking: needless, is_new: true };
    }

    /// Its next bytes come.
    pub fn push(&mut self, bytes: &[u8], head: Head, ends: bool) {
        if self.lacking.is_none() && !(self.is_new && ends) {
            if self.is_new {
                self.bytes.reserve_exact(head.length.into());
            }
            self.bytes.extend_from_slice(bytes);
        }
        self.is_new = false;
    }

    /// Not all of it will be here.
    pub fn lack(&mut self, why: Why) {
        (self.bytes, self.lacking) = (Vec::new(), self.lacking.or(Some(why)));
    }

    /// Gives up what waits, for want of room. Whether something did.
    pub fn give_up(&mut self) -> bool {
        let waited = !self.bytes.is_empty();
        if waited {
            self.lack(Why::NoRoom);
        }
        waited
    }

    /// Opens it: the last bytes that were pushed are its end. What is in it, where it is not encrypted.
    pub fn open(
        &mut self,
        last: &[u8],
        (from, head): (Side, Head),
        session: &mut Session,
        log: &KeyLog,
        plain: &mut Vec<u8>,
    ) -> Opened {
        let waited = std::mem::take(&mut self.bytes);
        match self.lacking.take() {
            Some(why) => {
                session.pass(from, head, why);
                plain.clear();
                Opened::Closed
            }
            None => {
                let record = if waited.is_empty() { last } else { &waited };
                let opened = session.open(from, head, record, log, plain);
                if opened == Opened::Clear {
                    plain.clear();
                    plain.extend_from_slice(record);
                }
                opened
            }
        }
    }

    /// Memory of what waits, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }
}
