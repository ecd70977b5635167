//! DNS messages (RFC 1035) in brief: what is asked, and the first answers.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::text::printable;

/// Bytes of the header.
const HEADER: usize = 12;
/// Compression pointers that are followed in one name.
const POINTERS: usize = 16;
/// Bytes of a name (RFC 1035 §2.3.4).
const NAME: usize = 255;
/// Answers that are told.
const ANSWERS: usize = 3;
/// Characters of a text that is told.
const TEXT: usize = 48;

/// A record of the answer section.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// TYPE.
    pub kind: u16,
    /// Where its data begins in the message.
    pub at: usize,
    /// Bytes of the data.
    pub length: usize,
}

/// A message, as far as it is needed.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Identifier.
    pub id: u16,
    flags: u16,
    /// The labels and the type of the first question.
    pub question: Option<(Vec<&'a [u8]>, u16)>,
    answers: u16,
    /// Where the records begin.
    behind: Option<usize>,
}

impl<'a> Message<'a> {
    /// Reads the header and the first question.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let word = |at| u16_at(bytes, at);
        let (id, flags, questions, answers) = (word(0)?, word(2)?, word(4)?, word(6)?);
        let mut message = Self { bytes, id, flags, question: None, answers, behind: Some(HEADER) };
        word(10)?;
        for nth in 0..questions.min(ANSWERS as u16) {
            let read = message.behind.and_then(|at| labels(bytes, at));
            message.behind = read.as_ref().map(|(_, end)| end.saturating_add(4));
            if let (0, Some((labels, end))) = (nth, read)
                && let Some(kind) = u16_at(bytes, end)
            {
                message.question = Some((labels, kind));
            }
        }
        Some(message)
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// The records of the answer section, as far as they can be read.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let mut at = self.behind;
        (0..self.answers).map_while(move |_| {
            let (_, name_end) = labels(self.bytes, at?)?;
            let kind = u16_at(self.bytes, name_end)?;
            let length = usize::from(u16_at(self.bytes, name_end.checked_add(8)?)?);
            let data = name_end.checked_add(10)?;
            at = data.checked_add(length);
            Some(Record { kind, at: data, length })
        })
    }

    /// The data of a record.
    pub fn data(&self, record: Record) -> &'a [u8] {
        let rest = self.bytes.get(record.at..).unwrap_or_default();
        rest.get(..record.length).unwrap_or(rest)
    }

    /// The labels of a name in the data of a record.
    pub fn name_at(&self, at: usize) -> Option<Vec<&'a [u8]>> {
        labels(self.bytes, at).map(|(labels, _)| labels)
    }

    /// One line: `query 0x1a2b A example.com`, `response 0x1a2b A example.com: 192.0.2.1`.
    pub fn line(&self) -> String {
        let mut line = if self.is_response() { "response" } else { "query" }.to_owned();
        match self.flags >> 11 & 0xf {
            0 => {}
            1 => line += " (inverse)",
            2 => line += " (status)",
            4 => line += " (notify)",
            5 => line += " (update)",
            6 => line += " (stateful operation)",
            other => line += &format!(" (opcode {other})"),
        }
        line += &format!(" 0x{:04x}", self.id);
        if let Some((labels, kind)) = &self.question {
            line += &format!(" {} {}", type_name(*kind), joined(labels));
        }
        if !self.is_response() {
            return line;
        }
        match self.flags & 0xf {
            0 => {}
            code => line += &format!(" {}", response_code(code)),
        }
        if self.flags & 0x0200 != 0 {
            line += " truncated";
        }
        let told: Vec<String> = self.records().take(ANSWERS).map(|record| self.answer(record)).collect();
        if !told.is_empty() {
            line += &format!(": {}", told.join(", "));
            let more = usize::from(self.answers).saturating_sub(told.len());
            if more > 0 {
                line += &format!(" and {more} more");
            }
        } else if self.flags & 0xf == 0 {
            line += ": no answers";
        }
        line
    }

    fn answer(&self, record: Record) -> String {
        let data = self.data(record);
        let name =
            |skipped: usize| record.at.checked_add(skipped).and_then(|at| self.name_at(at)).map(|name| joined(&name));
        let value = match record.kind {
            1 => return address::<4>(data).map_or_else(|| "A".into(), |octets| Ipv4Addr::from(octets).to_string()),
            28 => {
                return address::<16>(data).map_or_else(|| "AAAA".into(), |octets| Ipv6Addr::from(octets).to_string());
            }
            2 | 5 | 12 | 39 => name(0),
            15 => name(2),
            33 => name(6).zip(u16_at(data, 4)).map(|(name, port)| format!("{name}:{port}")),
            // The first string.
            16 => data
                .split_first()
                .map(|(length, text)| printable(text.get(..usize::from(*length)).unwrap_or(text), TEXT)),
            _ => None,
        };
        let kind = type_name(record.kind);
        value.map_or_else(|| kind.clone().into_owned(), |value| format!("{kind} {value}"))
    }
}

fn address<const N: usize>(data: &[u8]) -> Option<[u8; N]> {
    data.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk::<2>().map(|word| u16::from_be_bytes(*word))
}

/// The labels of a name, and where what follows it begins. Names that are longer than a name may be, or point in a circle, are none.
fn labels(message: &[u8], start: usize) -> Option<(Vec<&[u8]>, usize)> {
    let (mut at, mut end, mut pointers, mut length) = (start, None, 0_usize, 0_usize);
    let mut labels = Vec::new();
    loop {
        let first = *message.get(at)?;
        match first >> 6 {
            0 => {
                let from = at.checked_add(1)?;
                let to = from.checked_add(first.into())?;
                at = to;
                length = length.checked_add(usize::from(first).checked_add(1)?).filter(|length| *length <= NAME)?;
                if first == 0 {
                    return Some((labels, end.unwrap_or(to)));
                }
                labels.push(message.get(from..to)?);
            }
            3 => {
                let word = u16_at(message, at)?;
                end.get_or_insert(at.checked_add(2)?);
                pointers = pointers.checked_add(1).filter(|pointers| *pointers <= POINTERS)?;
                at = usize::from(word & 0x3fff);
            }
            _ => return None,
        }
    }
}

/// A name as text; `.` for the root.
pub fn joined(labels: &[&[u8]]) -> String {
    if labels.is_empty() {
        return ".".into();
    }
    let labels: Vec<String> = labels.iter().map(|label| printable(label, 63)).collect();
    labels.join(".")
}

/// The name of a type (IANA registry "Resource Record (RR) TYPEs").
pub fn type_name(kind: u16) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        24 => "SIG",
        25 => "KEY",
        28 => "AAAA",
        29 => "LOC",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        257 => "CAA",
        other => return format!("TYPE{other}").into(),
    })
}

fn response_code(code: u16) -> Cow<'static, str> {
    Cow::Borrowed(match code {
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        other => return format!("RCODE{other}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1035 §4.1.4: F.ISI.ARPA at 20, and a pointer to it behind the label FOO at 40.
    #[test]
    fn names_are_read_as_the_rfc_has_them() {
        let mut message = vec![0; 20];
        message.extend(b"\x01F\x03ISI\x04ARPA\x00");
        message.resize(40, 0);
        message.extend(b"\x03FOO\xc0\x14");
        let (found, end) = labels(&message, 40).unwrap();
        assert_eq!((joined(&found).as_str(), end), ("FOO.F.ISI.ARPA", 46));
        // A pointer to itself, and a label that is not there.
        assert!(labels(&[0xc0, 0], 0).is_none() && labels(&[5, b'a'], 0).is_none() && labels(&[0x40], 0).is_none());
        assert_eq!(joined(&labels(&[0], 0).unwrap().0), ".");
    }

    #[test]
    fn a_line_tells_question_and_answers() {
        let query = b"\x1a\x2b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01";
        assert_eq!(Message::read(query).unwrap().line(), "query 0x1a2b A example.com");
        let mut response = query.to_vec();
        response[2] = 0x81;
        response[7] = 2;
        response.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03www\xc0\x0c");
        response.extend(b"\xc0\x29\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07");
        let line = Message::read(&response).unwrap().line();
        assert_eq!(line, "response 0x1a2b A example.com: CNAME www.example.com, 192.0.2.7");
        response[3] = 3;
        response[7] = 0;
        assert_eq!(Message::read(&response).unwrap().line(), "response 0x1a2b A example.com NXDOMAIN");
        for end in 0..response.len() {
            let _ = Message::read(&response[..end]).map(|message| message.line());
        }
    }
}
