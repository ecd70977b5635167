//! Whether two answers say the same.

use std::hash::{DefaultHasher, Hasher};

use crate::hashes;
use crate::message::cursor::Cursor;
use crate::message::places::Places;
use crate::message::{HEADER_LENGTH, Message, Record, Section, name, rdata};
use crate::question::Asked;

/// A hash of what a response says: response code and answer section. The order of records, their TTL and the case of letters in names do
/// not matter, since servers rotate, caches count down and resolvers mix case. `asked` is its first question.
pub fn of(message: &Message<'_>, asked: Option<&Asked>) -> u64 {
    let mut names = Names(Places::default());
    if let Some(asked) = asked {
        names.0.insert(HEADER_LENGTH, asked.name.hash());
    }
    let records = message.section(Section::Answer).map(|record| names.record(message, record));
    records.fold(u64::from(message.rcode()), u64::wrapping_add)
}

/// Hashes of names by the place where their labels begin: a message may hold thousands of pointers to one name.
struct Names(Places<u64>);

impl Names {
    fn hash(&mut self, message: &[u8], origin: usize) -> u64 {
        self.0.get(origin).unwrap_or_else(|| {
            let hash = hashes::of_name(message, origin);
            self.0.insert(origin, hash);
            hash
        })
    }

    fn record(&mut self, message: &Message<'_>, record: &Record) -> u64 {
        let octets = message.octets();
        let mut hasher = DefaultHasher::new();
        let owner = record.place().map_or(0, |at| self.hash(octets, name::origin(octets, at)));
        hasher.write_u64(owner);
        hasher.write_u32(u32::from(record.kind) << 16 | u32::from(record.class));
        let mut from = record.data_at;
        let end = record.data_at.saturating_add(record.data_length.into());
        if record.data_valid && rdata::has_names(record.kind) {
            let mut names = rdata::NamesOnly(|cursor: &mut Cursor<'_>| {
                let at = cursor.position();
                hasher.write(octets.get(from..at).unwrap_or_default());
                hasher.write_u64(self.hash(octets, name::origin(octets, at)));
                // It was found valid before, so its own end is known: behind the root or the first pointer.
                from = name::end(octets, at);
                cursor.jump(from)
            });
            // What was found valid does not fail.
            let _ = rdata::write(octets, record, &mut names);
        }
        hasher.write(octets.get(from..end).unwrap_or_default());
        hasher.finish()
    }
}
