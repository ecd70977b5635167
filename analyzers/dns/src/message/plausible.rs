//! Whether a payload is DNS at all.

use super::cursor::Cursor;
use super::{HEADER_LENGTH, Header, Message, codes};

/// The fewest bytes of a question: the root's name, type and class.
const LEAST_QUESTION: usize = 5;
/// The fewest bytes of a record: the root's name, type, class, TTL and length.
const LEAST_RECORD: usize = 11;

impl Header {
    /// The fewest bytes that a message with these counts has.
    fn least_length(self) -> usize {
        let [questions, answers, authority, additional] = self.counts.map(usize::from);
        let records = answers.saturating_add(authority).saturating_add(additional).saturating_mul(LEAST_RECORD);
        HEADER_LENGTH.saturating_add(questions.saturating_mul(LEAST_QUESTION)).saturating_add(records)
    }

    /// Whether a message of so many bytes may begin with it: an assigned operation, no reserved bit, a response code in responses only,
    /// and one question or room for what it counts. Other protocols rarely have all of that in their first 12 bytes.
    pub fn is_plausible(self, length: usize) -> bool {
        use codes::operation::{DSO, IQUERY, NOTIFY, QUERY, STATUS, UPDATE};
        let known = matches!(self.opcode(), QUERY | IQUERY | STATUS | NOTIFY | UPDATE | DSO);
        // Broken messages end early; still nobody else has the number 1 there.
        let fits = self.counts.first() == Some(&1) || self.least_length() <= length;
        known && !self.reserved() && (self.is_response() || self.rcode() == 0) && fits
    }
}

impl Message<'_> {
    /// Whether it may be meant as a message, however broken. `whole` is how many bytes it had before something cut it.
    ///
    /// Without questions and records a header stands alone, unless it is an error's. Where the header cannot be one, a first question that
    /// can be read and has an assigned class still makes it one, and so does a message without any fault.
    pub fn is_plausible(&self, whole: usize) -> bool {
        if self.complete && self.fault.is_none() {
            return true;
        }
        let header = self.header;
        if header.counts == [0; 4] {
            return header.is_response() && (1..=5).contains(&header.rcode()) && header.is_plausible(whole);
        }
        let class = |class: u16| matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255);
        header.is_plausible(whole)
            || self.questions.first().is_some_and(|question| question.name_valid && class(question.class))
    }

    /// The fewest bytes that it has, by its header's counts and what was read so far.
    pub(super) fn least_length(&self, cursor: &Cursor<'_>) -> usize {
        let [questions, answers, authority, additional] = self.header.counts.map(usize::from);
        let questions = questions.saturating_sub(self.questions.len());
        let records = answers.saturating_add(authority).saturating_add(additional).saturating_sub(self.records.len());
        // The one that is read now has less to come: a question, while there are some.
        let records = records.saturating_sub(usize::from(questions == 0));
        let questions = questions.saturating_sub(1);
        let rest = questions.saturating_mul(LEAST_QUESTION).saturating_add(records.saturating_mul(LEAST_RECORD));
        cursor.wanted().saturating_add(rest)
    }
}
