//! Whether two answers say the same.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use crate::message::cursor::Cursor;
use crate::message::fault::Malformed;
use crate::message::name::{self, Name};
use crate::message::{Message, Section, rdata};
use crate::question;

/// A hash of what a response says: response code and answer section. The order of records, their TTL and the case of letters in names do
/// not matter, since servers rotate, caches count down and resolvers mix case.
pub fn of(message: &Message<'_>) -> u64 {
    let mut names = Names::default();
    let records = message.section(Section::Answer).map(|record| {
        let owner = names.hash(message.octets(), message.owner_origin(record));
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(owner);
        hasher.write_u16(record.kind);
        hasher.write_u16(record.class);
        if record.data_valid && rdata::has_names(record.kind) {
            let mut text = Folded { hasher, names: &mut names };
            // Writing into a hash does not fail.
            let _ = rdata::write(message.octets(), record, &mut text);
            text.hasher.finish()
        } else {
            hasher.write(message.data(record));
            hasher.finish()
        }
    });
    records.fold(u64::from(message.rcode()), u64::wrapping_add)
}

/// Hashes of names by the place where their labels begin: a message may hold thousands of pointers to one name.
#[derive(Default)]
struct Names(HashMap<usize, u64>);

impl Names {
    fn hash(&mut self, message: &[u8], origin: usize) -> u64 {
        *self.0.entry(origin).or_insert_with(|| {
            let name = Name::read(message, origin, message.len()).ok();
            name.map_or(0, |(name, _)| question::hash(&name.fold()))
        })
    }
}

/// Text that goes into a hash.
struct Folded<'n> {
    hasher: DefaultHasher,
    names: &'n mut Names,
}

impl rdata::Output for Folded<'_> {
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        let at = cursor.position();
        // It was found valid before, so its own end is known: behind the root or the first pointer.
        cursor.jump(name::end(cursor.message(), at))?;
        let origin = name::origin(cursor.message(), at);
        self.hasher.write_u64(self.names.hash(cursor.message(), origin));
        Ok(())
    }
}

impl Write for Folded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.hasher.write(text.as_bytes());
        Ok(())
    }
}
