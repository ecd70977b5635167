//! DNS between two hosts about one domain: what names and answers carry.

use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::text::{counted, printable};

use super::codec::Codec;
use crate::says::dns::{Message, joined, type_name};
use crate::stream::what::{What, carried};

/// Bytes of each direction that are looked at.
const START: usize = 1024;
/// Messages of each direction that are looked at, and bytes of each.
const FIRSTS: usize = 8;
const FIRST: usize = 256;
/// Letters that the labels of a tunnel have at least on average: names of hosts have fewer.
const LONG: u64 = 16;
/// Queries from which on a tunnel is told from a single long name.
const FEW: u64 = 4;
/// Characters of a domain.
const DOMAIN: usize = 120;

/// The labels of a name before its domain, and the domain: of which a tunnel has one. Nobody registers below a domain of the first level with
/// two letters and a short one of the second (`co.uk`).
pub fn split<'a, 'b>(labels: &'b [&'a [u8]]) -> (&'b [&'a [u8]], &'b [&'a [u8]]) {
    // dnscat2 without a domain of its own.
    if labels.first().is_some_and(|first| first.eq_ignore_ascii_case(b"dnscat")) {
        return labels.split_at_checked(1).map_or((labels, &[]), |(domain, rest)| (rest, domain));
    }
    let domain = match labels {
        [.., second, first] if first.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    let at = labels.len().saturating_sub(domain);
    labels.split_at_checked(at).unwrap_or((labels, &[]))
}

/// What is known of it.
#[derive(Default)]
pub struct Names {
    domain: String,
    queries: u64,
    letters: u64,
    /// Labels that all names have at their end, in front of the domain.
    common: Option<Vec<Vec<u8>>>,
    /// Whether the labels fit each encoding.
    unfit: [bool; Codec::ALL.len()],
    kinds: Vec<u16>,
    last: Option<(u16, Vec<u8>)>,
    iodine: Iodine,
    dnscat: Dnscat,
    /// Data of the first packets of dnscat2.
    starts: [Vec<u8>; 2],
    /// What the first messages carry, as it is.
    firsts: [Vec<Vec<u8>>; 2],
}

#[derive(Default)]
struct Iodine {
    version: Option<u32>,
    acknowledged: bool,
    settings: Option<String>,
}

#[derive(Default)]
struct Dnscat {
    /// Packets by type: SYN, MSG, FIN, ENC, PING, and others.
    packets: [u64; 6],
    session: Option<u16>,
    sessions_differ: bool,
}

impl Names {
    /// Takes a message, and gives what it carries: the labels of a query before the domain, or the data of an answer. `None` where that was
    /// there before, or there is nothing.
    pub fn take(&mut self, message: &Message<'_>) -> Option<(Side, Vec<u8>)> {
        let (labels, kind) = message.question.as_ref()?;
        let (data, domain) = split(labels);
        if self.domain.is_empty() {
            self.domain = joined(domain);
        }
        if message.is_response() {
            let answer = self.answer(message)?;
            self.keep_first(Side::Server, &answer);
            return Some((Side::Server, answer));
        }
        let text = data.join(&b'.');
        // Resolvers ask again.
        let key = (message.id, text.clone());
        if self.last.as_ref() == Some(&key) {
            return None;
        }
        self.last = Some(key);
        self.queries = self.queries.saturating_add(1);
        if self.kinds.len() < 8 && !self.kinds.contains(kind) {
            self.kinds.push(*kind);
        }
        let first = data.first().copied().unwrap_or_default();
        self.letters = self.letters.saturating_add(first.len() as u64);
        for (codec, unfit) in Codec::ALL.iter().zip(&mut self.unfit) {
            *unfit |= !codec.fits(first);
        }
        self.keep_common(data);
        if let [b'v' | b'V', rest @ ..] = first {
            let decoded = Codec::Base32Iodine.decode(rest);
            if let Some([0, 0, 5, minor]) = decoded.first_chunk::<4>() {
                self.iodine.version = Some(u32::from_be_bytes([0, 0, 5, *minor]));
            }
        }
        self.dnscat.take(Side::Client, &hex_of(data), &mut self.starts);
        self.keep_first(Side::Client, &text);
        Some((Side::Client, text))
    }

    fn keep_first(&mut self, from: Side, bytes: &[u8]) {
        let [client, server] = &mut self.firsts;
        let firsts = if from == Side::Client { client } else { server };
        if firsts.len() < FIRSTS {
            firsts.push(bytes.get(..FIRST).unwrap_or(bytes).to_vec());
        }
    }

    fn answer(&mut self, message: &Message<'_>) -> Option<Vec<u8>> {
        let mut carried = Vec::new();
        for record in message.records() {
            let data = message.data(record);
            match record.kind {
                // Strings, each behind its length.
                16 => {
                    let mut rest = data;
                    while let Some((length, behind)) = rest.split_first() {
                        let (text, next) = behind.split_at_checked((*length).into()).unwrap_or((behind, &[]));
                        carried.extend_from_slice(text);
                        rest = next;
                    }
                }
                5 | 15 | 33 => {
                    let skipped = match record.kind {
                        5 => 0,
                        15 => 2,
                        _ => 6,
                    };
                    if let Some(labels) = message.name_at(record.at.saturating_add(skipped)) {
                        carried.extend(split(&labels).0.join(&b'.'));
                    }
                }
                _ => carried.extend_from_slice(data),
            }
        }
        self.iodine.acknowledged |= carried.starts_with(b"VACK");
        if self.iodine.version.is_some() && self.iodine.settings.is_none() && is_settings(&carried) {
            self.iodine.settings = Some(printable(&carried, 64));
        }
        let labels: Vec<&[u8]> = carried.split(|byte| *byte == b'.').collect();
        self.dnscat.take(Side::Server, &hex_of(&labels), &mut self.starts);
        (!carried.is_empty()).then_some(carried)
    }

    /// Keeps of the labels before the domain those that all names end with. The first label is never one of them.
    fn keep_common(&mut self, data: &[&[u8]]) {
        let tail = data.get(1..).unwrap_or_default();
        match &mut self.common {
            None => self.common = Some(tail.iter().map(|label| label.to_ascii_lowercase()).collect()),
            Some(common) => {
                let pairs = common.iter().rev().zip(tail.iter().rev());
                let same = pairs.take_while(|(known, label)| known.eq_ignore_ascii_case(label)).count();
                common.drain(..common.len().saturating_sub(same));
            }
        }
    }

    /// Whether the names look like those of a tunnel.
    fn is_tunnel(&self) -> bool {
        let average = self.letters.checked_div(self.queries).unwrap_or(0);
        self.queries >= FEW && average >= LONG
    }

    /// The encoding that the labels fit.
    fn codec(&self) -> Option<Codec> {
        let is_tool = self.dnscat.is_one(self.queries);
        if is_tool {
            return Some(Codec::Hex);
        }
        let fitting = Codec::ALL.iter().zip(self.unfit).find(|(_, unfit)| !unfit).map(|(codec, _)| *codec);
        fitting.filter(|_| self.is_tunnel() && self.iodine.version.is_none())
    }

    /// What a piece says, decoded where its encoding is known.
    pub fn read(&self, from: Side, bytes: &[u8]) -> Vec<u8> {
        let Some(codec) = self.codec() else { return bytes.to_vec() };
        let mut labels: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
        let common = self.common.as_deref().unwrap_or_default();
        if from == Side::Client {
            labels.truncate(labels.len().saturating_sub(common.len()).max(1));
        }
        let text = labels.concat();
        if codec.fits(&text) && !text.is_empty() { codec.decode(&text) } else { bytes.to_vec() }
    }

    /// What it is.
    pub fn what(&self) -> What {
        let mut domain = self.domain.clone();
        for label in self.common.iter().flatten().rev() {
            domain = format!("{}.{domain}", printable(label, 63));
        }
        let domain = printable(domain.as_bytes(), DOMAIN);
        let kinds: Vec<_> = self.kinds.iter().map(|kind| type_name(*kind)).collect();
        let kinds = kinds.join(", ");
        if let Some(version) = self.iodine.version {
            let mut text = format!("a DNS tunnel of iodine, version 0x{version:08x}, under {domain} ({kinds})");
            if self.iodine.acknowledged {
                text += ", accepted by the server";
            }
            if let Some(settings) = &self.iodine.settings {
                text += &format!(", addresses and MTU {settings}");
            }
            return What::sure(text + "; the IP packets that it carries are compressed and not taken apart");
        }
        if self.dnscat.is_one(self.queries) {
            let session = self.dnscat.session.map(|id| format!(", session 0x{id:04x}")).unwrap_or_default();
            let text = format!("a DNS tunnel of dnscat2 under {domain} ({kinds}){session}");
            let [.., encrypted, _, _] = self.dnscat.packets;
            if encrypted > 0 {
                return What::sure(text + "; it is encrypted");
            }
            let said = self.said();
            let said = said.map_or("not recognised".to_owned(), |said| format!("readable; it carries {said}"));
            return What::sure(format!("{text}; its data is {said}"));
        }
        let average = self.letters.checked_div(self.queries).unwrap_or(0);
        if self.queries == 0 {
            return What::unknown(format!(
                "not recognised as a tunnel: only answers about {domain} are in the capture"
            ));
        }
        if !self.is_tunnel() {
            return What::unknown(format!(
                "not recognised as a tunnel: {} about {domain} ({kinds}), whose first labels have {} on average",
                counted(self.queries, "query"),
                counted(average, "letter"),
            ));
        }
        let Some(codec) = self.codec() else {
            return What::unknown(format!(
                "perhaps a DNS tunnel under {domain} ({kinds}): {}, {average} letters on average, in no known encoding",
                counted(self.queries, "query"),
            ));
        };
        let decoded = [Side::Client, Side::Server].into_iter().zip(&self.firsts).map(|(from, firsts)| {
            let read: Vec<Vec<u8>> = firsts.iter().map(|first| self.read(from, first)).collect();
            read.concat()
        });
        let said: Vec<String> = decoded.filter_map(|start| carried(&start)).collect();
        let text = format!(
            "perhaps a DNS tunnel under {domain} ({kinds}): {}, {average} letters on average, which decode as {}",
            counted(self.queries, "query"),
            codec.name(),
        );
        match said.is_empty() {
            true => What::unknown(text + "; what they carry is not recognised"),
            false => What::sure(format!("{text}; they carry {}", said.join(" / "))),
        }
    }

    fn said(&self) -> Option<String> {
        let said: Vec<String> = self.starts.iter().filter_map(|start| carried(start)).collect();
        (!said.is_empty()).then(|| said.join(" / "))
    }
}

/// The bytes of labels that are hexadecimal digits, up to the first label that is not.
fn hex_of(labels: &[&[u8]]) -> Vec<u8> {
    let digits: Vec<&[u8]> = labels.iter().copied().take_while(|label| Codec::Hex.fits(label)).collect();
    Codec::Hex.decode(&digits.concat())
}

/// What iodine's server answers to a login: its address, the client's, MTU and netmask, with hyphens between.
fn is_settings(text: &[u8]) -> bool {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'-').collect();
    let is_address = |part: &[u8]| part.split(|byte| *byte == b'.').count() == 4;
    parts.len() == 4
        && parts.first().is_some_and(|part| is_address(part))
        && parts.get(1).is_some_and(|part| is_address(part))
}

impl Dnscat {
    /// Takes a packet by the protocol's document: identifier, type, session, and of MSG two numbers and data.
    fn take(&mut self, from: Side, packet: &[u8], starts: &mut [Vec<u8>; 2]) {
        let Some(([_, _, kind, high, low], rest)) = packet.split_first_chunk::<5>() else { return };
        let place = match kind {
            0..=3 => usize::from(*kind),
            0xff => 4,
            _ => 5,
        };
        if let Some(count) = self.packets.get_mut(place) {
            *count = count.saturating_add(1);
        }
        if place >= 4 {
            return;
        }
        let session = u16::from_be_bytes([*high, *low]);
        self.sessions_differ |= *self.session.get_or_insert(session) != session;
        if *kind == 1 {
            let [client, server] = starts;
            let start = if from == Side::Client { client } else { server };
            start.extend(rest.iter().skip(4).take(START.saturating_sub(start.len())));
        }
    }

    /// Whether that is what it is: all packets have its types, in one session, and there are enough of them.
    fn is_one(&self, queries: u64) -> bool {
        let [syn, msg, fin, enc, ping, other] = self.packets;
        let known = [syn, msg, fin, enc, ping].iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
        !self.sessions_differ && self.session.is_some() && other == 0 && known >= FEW.max(queries)
    }
}
