//! Runs an analyzer natively over a capture in memory, for unit tests: the same reader, the same order, no sandbox.

pub mod agreement;
pub mod lists;
pub mod rows;
mod run;
pub mod schema;
pub mod talk;

pub use run::{read_to, run, run_tool, run_with};

use serde_json::{Value, json};

use crate::columns;
use crate::{Flow, Frame, Link, Problem};

/// Windows of this size show whether an analyzer depends on where batches end.
const WINDOW: usize = 64 << 10;

/// Files of some folders below another one, each with its name, in order.
pub fn files(root: &str, folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let of = |folder: &&str| std::fs::read_dir(format!("{root}/{folder}")).expect("a folder");
    let files = folders.iter().flat_map(of).map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read(&path).expect("a file"));
    let mut files: Vec<_> = files.map(read).collect();
    files.sort();
    files
}

/// What the reader found in a window.
struct Batch<'a> {
    frames: columns::Frames,
    links: &'a [Link],
    position: u64,
    data: &'a [u8],
    /// TLS key logs in the file, each with a line end.
    key_log: Vec<u8>,
}

impl<'a> Batch<'a> {
    fn frame(&self, row: usize) -> Frame<'a> {
        let link = |position: u32| self.links.get(position as usize);
        self.frames.frame(row, self.position, self.data, link).expect("the reader's numbers are right")
    }
}

impl columns::Frames {
    fn push(&mut self, from: &Self, row: usize) {
        self.number.push(from.number[row]);
        self.timestamp.push(from.timestamp[row]);
        self.offset.push(from.offset[row]);
        self.captured.push(from.captured[row]);
        self.original.push(from.original[row]);
        self.link.push(from.link[row]);
        self.flags.push(from.flags[row]);
    }
}

/// Gives each frame of a capture to a function, until it has enough. The number of frames, the reader's summary, and why reading ended
/// early, if it did.
///
/// # Errors
/// As the function fails, and [`Problem::Input`] when the reader does not know the bytes.
pub fn frames(
    capture: &[u8],
    mut each: impl FnMut(&Frame<'_>) -> Result<Flow, Problem>,
) -> Result<(u64, Value, Option<Value>), Problem> {
    batches(capture, &json!({}), |batch| {
        for row in 0..batch.frames.number.len() {
            if each(&batch.frame(row))? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::More)
    })
}

/// The same, batch by batch. `page`: the part of a list that is asked for.
fn batches(
    capture: &[u8],
    page: &Value,
    mut each: impl FnMut(&Batch<'_>) -> Result<Flow, Problem>,
) -> Result<(u64, Value, Option<Value>), Problem> {
    let options = json!({ "page": page }).to_string();
    let mut reader = mcpcap_reader::Reader::open(&options).map_err(|problem| input(&problem.to_string()))?;
    let mut links: Vec<Link> = Vec::new();
    let (mut at, mut size, mut number, mut end) = (0_usize, WINDOW, 0_u64, None);
    loop {
        let rest = capture.get(at..).unwrap_or_default();
        let last = rest.len() <= size;
        let window = rest.get(..size).unwrap_or(rest);
        let found = reader.index_window(window, last).map_err(|problem| input(&problem.to_string()))?;
        links.extend(found.links.into_iter().map(|link| Link {
            link_type: link.link_type,
            fcs_length: link.fcs_length,
            snap_length: link.snap_length,
            section: link.section,
            interface_id: link.interface_id,
            name: link.name,
        }));
        let index = found.frames;
        let first = number + 1;
        number += index.len() as u64;
        let frames = columns::Frames {
            number: (first..=number).collect(),
            timestamp: index.timestamp,
            offset: index.offset,
            captured: index.captured,
            original: index.original,
            link: index.link,
            flags: index.flags,
        };
        let range = |range: &mcpcap_reader::Range| window.get(range.offset as usize..)?.get(..range.length as usize);
        let key_log = found.key_logs.iter().filter_map(range).flat_map(|text| [text, b"\n"].concat()).collect();
        if each(&Batch { frames, links: &links, position: at as u64, data: window, key_log })? == Flow::Enough {
            end = Some(json!({ "reason": "enough", "offset": at, "message": "enough" }));
            break;
        }
        at += found.consumed as usize;
        size = WINDOW.max(found.wanted as usize);
        if let Some(broken) = found.end {
            let reason = match broken.kind {
                mcpcap_reader::BreakKind::CutShort => "cut-short",
                mcpcap_reader::BreakKind::Damaged => "damaged",
            };
            end = Some(json!({ "reason": reason, "offset": broken.offset, "message": broken.reason }));
            break;
        }
        if last {
            break;
        }
    }
    let summary = serde_json::to_value(reader.summary()).map_err(|error| input(&error.to_string()))?;
    Ok((number, summary, end))
}

fn input(reason: &str) -> Problem {
    Problem::Input { offset: None, frame: None, reason: reason.into() }
}

/// Copies of a capture in which some bytes behind the first 24 (the file header of pcap) are others; the same ones for the same seed.
pub fn changed(capture: &[u8], seed: u64, copies: usize, changes: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(seed);
    (0..copies).map(move |_| {
        let mut copy = capture.to_vec();
        for _ in 0..changes {
            let at = random.below(copy.len().saturating_sub(24)).saturating_add(24);
            if let Some(octet) = copy.get_mut(at) {
                *octet = random.below(256) as u8;
            }
        }
        copy
    })
}

/// Numbers that look random and are the same each time (xorshift64*, Vigna 2016).
pub struct Random(u64);

impl Random {
    /// A sequence for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`, or 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize;
        number.checked_rem(limit).unwrap_or_default()
    }
}

pub mod build {
    //! Synthetic frames and captures.

    use std::net::IpAddr;

    use etherparse::PacketBuilder;

    use crate::decode::TcpFlags;

    /// An Ethernet frame with a UDP datagram.
    pub fn udp(source: (&str, u16), destination: (&str, u16), payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        let builder = ip(source.0, destination.0).udp(source.1, destination.1);
        builder.write(&mut frame, payload).expect("a Vec takes all");
        frame
    }

    /// An Ethernet frame with a TCP segment. `flags` are the bits of [`TcpFlags`]; `numbers` are sequence and acknowledgment number.
    pub fn tcp(
        source: (&str, u16),
        destination: (&str, u16),
        flags: u16,
        numbers: (u32, u32),
        payload: &[u8],
    ) -> Vec<u8> {
        let mut builder = ip(source.0, destination.0).tcp(source.1, destination.1, numbers.0, 65_535);
        let bits = TcpFlags(flags);
        if bits.syn() {
            builder = builder.syn();
        }
        if bits.fin() {
            builder = builder.fin();
        }
        if bits.rst() {
            builder = builder.rst();
        }
        if bits.ack() {
            builder = builder.ack(numbers.1);
        }
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).expect("a Vec takes all");
        frame
    }

    fn ip(source: &str, destination: &str) -> etherparse::PacketBuilderStep<etherparse::IpHeaders> {
        let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        match (source.parse().expect("an address"), destination.parse().expect("an address")) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => ethernet.ipv4(source.octets(), destination.octets(), 64),
            (IpAddr::V6(source), IpAddr::V6(destination)) => ethernet.ipv6(source.octets(), destination.octets(), 64),
            _ => panic!("both addresses must be of the same version"),
        }
    }

    /// A frame with VLAN tags, outermost first.
    pub fn tagged(frame: &[u8], ids: &[u16]) -> Vec<u8> {
        let (addresses, rest) = frame.split_at(12);
        let tags = ids.iter().flat_map(|id| [[0x81, 0x00], id.to_be_bytes()].concat());
        addresses.iter().copied().chain(tags).chain(rest.iter().copied()).collect()
    }

    /// A pcap file of Ethernet frames, each with its time in microseconds since 1970.
    pub fn pcap(frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        for (time, frame) in frames {
            let length = u32::try_from(frame.len()).expect("a small frame");
            let seconds = u32::try_from(time / 1_000_000).expect("before 2106");
            let microseconds = u32::try_from(time % 1_000_000).expect("below a million");
            for word in [seconds, microseconds, length, length] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(frame);
        }
        file
    }
}

/// The captures of a folder of tests.
#[cfg(test)]
pub(crate) fn folder(name: &str) -> Vec<std::path::PathBuf> {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_in_order_with_their_bytes() {
        let frame = build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"hello");
        let capture = build::pcap(&[(1_000_000, frame.clone()), (2_500_000, frame.clone())]);
        let mut seen = Vec::new();
        let (count, summary, end) = frames(&capture, |f| {
            assert_eq!(f.data, frame);
            seen.push((f.number, f.timestamp));
            Ok(Flow::More)
        })
        .unwrap();
        assert_eq!((count, end), (2, None));
        assert_eq!(seen, [(1, Some(1_000_000_000)), (2, Some(2_500_000_000))]);
        assert_eq!(summary["format"], "pcap");
    }
}
