//! DNS over UDP (RFC 1035, RFC 6891): a query and its response.

use super::frame::Path;
use super::world::World;

/// Top level domains of the names.
const ENDS: [&str; 6] = ["com", "net", "org", "example", "io", "de"];
/// First labels.
const HOSTS: [&str; 8] = ["www", "api", "mail", "cdn", "img", "static", "login", "update"];
/// Types: A, AAAA, MX, TXT.
const TYPES: [u16; 8] = [1, 1, 1, 1, 28, 28, 15, 16];

/// A query and its response.
pub struct Lookup {
    path: Path,
    port: u16,
    id: u16,
    name: u32,
    query_type: u16,
    /// Whether the query was sent.
    asked: bool,
    is_answered: bool,
    exists: bool,
}

impl Lookup {
    /// About a name that is asked for more often the smaller its number is.
    pub fn new(world: &mut World) -> Self {
        let talk = world.talk();
        let resolver = world.below(3);
        let path = world.path(talk, resolver);
        let names = world.flows().names();
        let limit = world.below(names) + 1;
        let name = world.below(limit);
        let exists = !world.is_one_of(70);
        let place = world.below(8) as usize;
        Self {
            path,
            port: world.port(talk),
            id: world.below(65_536) as u16,
            // Names that do not exist are others.
            name: if exists { name } else { names + name },
            query_type: TYPES.get(place).copied().unwrap_or(1),
            asked: false,
            is_answered: !world.is_one_of(20),
            exists,
        }
    }

    /// As [`Talk::step`](super::talk::Talk::step).
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        if !self.asked {
            self.asked = true;
            world.counts.dns_queries += 1;
            let lookup = &*self;
            world.frame.udp(&self.path, (self.port, 53), |out| lookup.query(out));
            let pause = u64::from(world.between(300, 40_000));
            return self.is_answered.then_some(pause);
        }
        world.counts.dns_responses += 1;
        world.counts.nxdomain += u64::from(!self.exists);
        let lookup = &*self;
        world.frame.udp(&self.path.back(), (53, self.port), |out| lookup.response(out));
        None
    }

    fn query(&self, out: &mut Vec<u8>) {
        header(out, self.id, 0x0100, [1, 0, 0, 1]);
        self.question(out);
        options(out);
    }

    fn response(&self, out: &mut Vec<u8>) {
        if !self.exists {
            // NXDOMAIN, with the SOA of the domain behind the first label, which is what the pointer leads to.
            header(out, self.id, 0x8183, [1, 0, 1, 1]);
            let first = self.question(out);
            out.extend_from_slice(&(0xc000 | (12 + first)).to_be_bytes());
            record(out, 6, 900, |out| {
                out.extend_from_slice(b"\x03ns1\xc0\x0c\x05admin\xc0\x0c");
                for number in [2_026_010_100_u32, 7_200, 900, 1_209_600, 900] {
                    out.extend_from_slice(&number.to_be_bytes());
                }
            });
            return options(out);
        }
        let answers = if self.query_type == 1 || self.query_type == 28 { 1 + self.name % 3 } else { 1 };
        header(out, self.id, 0x8180, [1, answers as u16, 0, 1]);
        self.question(out);
        for answer in 0..answers {
            out.extend_from_slice(&[0xc0, 12]);
            let [_, high, middle, low] = self.name.to_be_bytes();
            record(out, self.query_type, 60 + self.name % 3_600, |out| match self.query_type {
                1 => out.extend_from_slice(&[203, high, middle, low.wrapping_add(answer as u8)]),
                28 => {
                    out.extend_from_slice(&[
                        0x20,
                        1,
                        0x0d,
                        0xb8,
                        0,
                        2,
                        0,
                        0,
                        0,
                        0,
                        0,
                        answer as u8,
                        0,
                        high,
                        middle,
                        low,
                    ]);
                }
                15 => out.extend_from_slice(b"\x00\x0a\x04mail\xc0\x0c"),
                _ => out.extend_from_slice(b"\x10v=spf1 mx a -all"),
            });
        }
        options(out);
    }

    /// The question section, and where its second label begins behind the header.
    fn question(&self, out: &mut Vec<u8>) -> u16 {
        let host = HOSTS.get(self.name as usize % HOSTS.len()).copied().unwrap_or_default();
        let end = ENDS.get(self.name as usize / 8 % ENDS.len()).copied().unwrap_or_default();
        label(out, host);
        let length = out.len();
        out.push(0);
        out.extend_from_slice(b"site");
        decimal(out, self.name / 8);
        let written = out.len() - length - 1;
        if let Some(place) = out.get_mut(length) {
            *place = written as u8;
        }
        label(out, end);
        out.push(0);
        out.extend_from_slice(&self.query_type.to_be_bytes());
        out.extend_from_slice(&[0, 1]);
        host.len() as u16 + 1
    }
}

/// The header of a message: id, flags, and the entries of its four sections.
pub fn header(out: &mut Vec<u8>, id: u16, flags: u16, counts: [u16; 4]) {
    for word in [id, flags].into_iter().chain(counts) {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

/// A label of a name.
pub fn label(out: &mut Vec<u8>, text: &str) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

/// A record of class IN behind its name.
pub fn record(out: &mut Vec<u8>, kind: u16, ttl: u32, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&ttl.to_be_bytes());
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    data(out);
    let length = (out.len() - at - 2) as u16;
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// A number in decimal.
pub fn decimal(out: &mut Vec<u8>, number: u32) {
    let mut unit = 1_u32;
    while number / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        out.push(b'0' + (number / unit % 10) as u8);
        unit /= 10;
    }
}

/// OPT of EDNS: messages of up to 1,232 bytes.
fn options(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
}
