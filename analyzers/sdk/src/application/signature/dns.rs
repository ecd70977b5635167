//! DNS messages (RFC 1035 §4) and their relatives.

use std::net::{IpAddr, Ipv4Addr};

use super::Payload;

const HEADER: usize = 12;
/// Least bytes of a question (the root's name, type, class), and of a record.
const QUESTION_MIN: usize = 5;
const RECORD_MIN: usize = 11;

/// The header's fields that are looked at.
struct Header {
    response: bool,
    opcode: u8,
    reserved: bool,
    code: u8,
    questions: usize,
    answers: usize,
    authorities: usize,
    additional: usize,
}

impl Header {
    fn of(message: &[u8]) -> Option<Self> {
        let [_, _, high, low, q1, q2, a1, a2, n1, n2, r1, r2] = *message.first_chunk::<HEADER>()?;
        let number = |high, low| usize::from(u16::from_be_bytes([high, low]));
        Some(Self {
            response: high & 0x80 != 0,
            opcode: high >> 3 & 0xf,
            reserved: low & 0x40 != 0,
            code: low & 0xf,
            questions: number(q1, q2),
            answers: number(a1, a2),
            authorities: number(n1, n2),
            additional: number(r1, r2),
        })
    }

    fn records(&self) -> usize {
        self.answers.saturating_add(self.authorities).saturating_add(self.additional)
    }

    /// Whether as much as it counts fits into a message. A single question may be cut short: that is damage, and still DNS.
    fn fits(&self, length: usize) -> bool {
        if self.questions == 1 && self.records() == 0 {
            return length > HEADER;
        }
        let least =
            self.questions.saturating_mul(QUESTION_MIN).saturating_add(self.records().saturating_mul(RECORD_MIN));
        HEADER.saturating_add(least) <= length
    }
}

/// Whether a message has a plausible header. Its names may be damaged: that is for those to tell who read them.
pub(super) fn is_plausible(message: &[u8], length: usize) -> bool {
    let Some(header) = Header::of(message) else { return false };
    if header.reserved || !matches!(header.opcode, 0 | 2 | 4 | 5) || !header.fits(length) {
        return false;
    }
    match (header.response, header.questions) {
        // An answer may leave the question out: FORMERR, all but the first message of a zone transfer.
        (true, 0) => header.records() > 0 || (header.code > 0 && length == HEADER),
        (true, _) => true,
        (false, questions) => questions > 0 && header.code == 0,
    }
}

/// Whether it is a message with one standard question whose every byte is accounted for: certain on any port.
pub(super) fn is_certain(message: &[u8], length: usize) -> bool {
    let Some(header) = Header::of(message) else { return false };
    if message.len() < length || header.opcode != 0 || header.questions != 1 || !is_plausible(message, length) {
        return false;
    }
    let Some((kind, class, end)) = question(message) else { return false };
    let rest = message.get(end..).unwrap_or_default();
    let is_known = matches!(kind, 1..=65 | 99 | 249..=261) && matches!(class, 1 | 3 | 255);
    // A query has at most an OPT record (RFC 6891) behind its question.
    let query = header.answers == 0
        && header.authorities == 0
        && matches!((header.additional, rest), (0, []) | (1, [0, 0, 41, ..]));
    let response = if header.records() == 0 { rest.is_empty() } else { rest.len() >= RECORD_MIN };
    is_known && if header.response { response } else { query }
}

/// Type and class of the first question, and where it ends.
fn question(message: &[u8]) -> Option<(u16, u16, usize)> {
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        // No compression: nothing stands before the first name. RFC 1035 §2.3.4: 255 bytes.
        if length > 63 || at > HEADER.saturating_add(255) {
            return Some((0, 0, at));
        }
        at = at.saturating_add(1).saturating_add(length);
        if length == 0 {
            break;
        }
    }
    let [t1, t2, c1, c2] = *message.get(at..)?.first_chunk::<4>()?;
    Some((u16::from_be_bytes([t1, t2]), u16::from_be_bytes([c1, c2]), at.saturating_add(4)))
}

/// RFC 6762: to its group, or between two ends that both have port 5353 (§5.5, §11). Unicast DNS may use the port too.
pub(super) fn is_mdns(octets: &Payload<'_>) -> bool {
    let group = match octets.destination {
        IpAddr::V4(address) => address == Ipv4Addr::new(224, 0, 0, 251),
        IpAddr::V6(address) => matches!(address.segments(), [0xff00..=0xff0f, 0, 0, 0, 0, 0, 0, 0xfb]),
    };
    let Some(header) = Header::of(octets.bytes) else { return false };
    let sound = header.opcode == 0 && !header.reserved && header.fits(octets.length);
    let holds = header.questions.saturating_add(header.records()) > 0;
    sound && holds && ((group && octets.ports.1 == 5353) || octets.ports == (5353, 5353))
}

/// NetBIOS names (RFC 1002 §4.2): the header of DNS, and a name of 32 letters from A to P in the first place.
pub(super) fn is_netbios(octets: &Payload<'_>) -> bool {
    let name = octets.bytes.get(HEADER.saturating_add(1)..HEADER.saturating_add(33));
    octets.u8(HEADER) == Some(32) && name.is_some_and(|name| name.iter().all(|letter| matches!(letter, b'A'..=b'P')))
}

/// The first message of a segment, behind its length (RFC 1035 §4.2.2).
pub(super) fn in_tcp<'a>(octets: &Payload<'a>) -> Option<(&'a [u8], usize)> {
    let length = octets.u16(0).filter(|length| *length >= HEADER)?;
    let rest = octets.bytes.get(2..)?;
    Some((rest.get(..length).unwrap_or(rest), length))
}
