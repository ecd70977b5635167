//! Whether two answers say the same.

use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use crate::message::{Message, Section, rdata};

/// A hash of what a response says: response code and answer section. The order of records, their TTL and the case of letters do not
/// matter, since servers rotate, caches count down and resolvers mix case.
pub fn of(message: &Message<'_>) -> u64 {
    let records = message.section(Section::Answer).map(|record| {
        let mut text = Folded(DefaultHasher::new());
        if let Some(owner) = message.owner_name(record) {
            // Writing into a hash does not fail.
            let _ = write!(text, "{owner} ");
        }
        let _ = write!(text, "{} {} ", record.kind, record.class);
        let _ = rdata::write(message.octets(), record, &mut text);
        text.0.finish()
    });
    records.fold(u64::from(message.rcode()), u64::wrapping_add)
}

/// Text that goes into a hash in lower case.
struct Folded(DefaultHasher);

impl Write for Folded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|octet| self.0.write_u8(octet.to_ascii_lowercase()));
        Ok(())
    }
}
