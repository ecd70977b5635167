//! For tests: a builder of captures, and a driver that feeds them in windows.

use crate::Reader;
use crate::fields::Order;
use crate::summary::Summary;
use crate::types::{Break, BreakKind, Link, Problem, Range};

/// A capture file in the making.
#[derive(Clone)]
pub(crate) struct File {
    pub octets: Vec<u8>,
    order: Order,
}

impl File {
    fn new(order: Order) -> Self {
        Self { octets: Vec::new(), order }
    }

    pub fn u16(mut self, number: u16) -> Self {
        let octets = if self.order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.octets.extend(octets);
        self
    }

    pub fn u32(mut self, number: u32) -> Self {
        let octets = if self.order == Order::Little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.octets.extend(octets);
        self
    }

    pub fn raw(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self
    }

    /// A classic header of version 2.4 and snap length 65,535.
    pub fn pcap(magic: u32, order: Order, network: u32) -> Self {
        Self::pcap_version(magic, order, network, 2, 4)
    }

    pub fn pcap_version(magic: u32, order: Order, network: u32, major: u16, minor: u16) -> Self {
        Self::new(order).u32(magic).u16(major).u16(minor).u32(0).u32(0).u32(65_535).u32(network)
    }

    pub fn record(self, seconds: u32, fraction: u32, packet: &[u8]) -> Self {
        self.u32(seconds).u32(fraction).u32(packet.len() as u32).u32(packet.len() as u32).raw(packet)
    }

    /// Begins a section.
    pub fn section(order: Order, options: &[Opt]) -> Self {
        Self::new(order).next_section(order, options)
    }

    pub fn next_section(mut self, order: Order, options: &[Opt]) -> Self {
        self.order = order;
        let body = Self::new(order).u32(0x1a2b_3c4d).u16(1).u16(0).raw(&[0xff; 8]).options(options);
        self.block(0x0a0d_0d0a, &body.octets)
    }

    /// A block: the body is padded, the length is right.
    pub fn block(self, kind: u32, body: &[u8]) -> Self {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = body.len() as u32 + 12;
        self.u32(kind).u32(length).raw(&body).u32(length)
    }

    /// A block whose body is built in the order of the section.
    pub fn body(self, kind: u32, body: impl Fn(Self) -> Self) -> Self {
        let octets = body(Self::new(self.order)).octets;
        self.block(kind, &octets)
    }

    pub fn interface(self, link_type: u16, snap_length: u32, options: &[Opt]) -> Self {
        self.body(1, |body| body.u16(link_type).u16(0).u32(snap_length).options(options))
    }

    pub fn enhanced(self, interface: u32, ticks: u64, packet: &[u8], options: &[Opt]) -> Self {
        self.body(6, |body| {
            let body = body.u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
            body.u32(packet.len() as u32).u32(packet.len() as u32).padded(packet).options(options)
        })
    }

    fn padded(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self
    }

    /// Options with the end marker, or nothing.
    pub fn options(self, options: &[Opt]) -> Self {
        if options.is_empty() {
            return self;
        }
        let mut file = self;
        for (code, value) in options {
            let octets = value.octets(file.order);
            file = file.u16(*code).u16(octets.len() as u16).padded(&octets);
        }
        file.u16(0).u16(0)
    }
}

pub(crate) type Opt<'a> = (u16, Value<'a>);

/// Value of an option.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Raw(&'a [u8]),
    U32(u32),
    I64(i64),
    /// A timestamp: high half first.
    Time(u64),
}

impl Value<'_> {
    fn octets(self, order: Order) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Raw(octets) => octets.to_vec(),
            Self::U32(number) => File::new(order).u32(number).octets,
            Self::I64(number) if order == Order::Little => number.to_le_bytes().to_vec(),
            Self::I64(number) => number.to_be_bytes().to_vec(),
            Self::Time(time) => File::new(order).u32((time >> 32) as u32).u32(time as u32).octets,
        }
    }
}

/// All that came of reading a file, with offsets in the file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub frames: Vec<Row>,
    pub links: Vec<Link>,
    /// TLS key logs: their offset in the file, and their length.
    pub key_logs: Vec<(u64, u32)>,
    pub end: Option<Break>,
    pub summary: Summary,
}

/// A frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub timestamp: u64,
    pub offset: u64,
    pub captured: u32,
    pub original: u32,
    pub link: u32,
    pub flags: u32,
}

impl Outcome {
    /// Kind and offset of the break, and its reason.
    pub fn broken(&self) -> (BreakKind, u64, &str) {
        let end = self.end.as_ref().expect("a break");
        (end.kind, end.offset, &end.reason)
    }

    pub fn times(&self) -> Vec<u64> {
        self.frames.iter().map(|frame| frame.timestamp).collect()
    }
}

/// Reads a file in one window.
pub(crate) fn read(octets: &[u8]) -> Outcome {
    read_in(octets, usize::MAX).expect("a capture")
}

/// Reads a file that is refused.
pub(crate) fn refused(octets: &[u8]) -> Problem {
    read_in(octets, usize::MAX).expect_err("a problem")
}

/// Reads a file that arrives in steps of so many octets, as the host does: what was not consumed comes again, with more.
pub(crate) fn read_in(octets: &[u8], step: usize) -> Result<Outcome, Problem> {
    read_with(Reader::new(), octets, step)
}

/// Reads a file with options.
pub(crate) fn summary_with(options: &str, octets: &[u8]) -> Summary {
    let reader = Reader::open(options).expect("options");
    read_with(reader, octets, usize::MAX).expect("a capture").summary
}

fn read_with(mut reader: Reader, octets: &[u8], step: usize) -> Result<Outcome, Problem> {
    let mut outcome = Outcome::default();
    let (mut done, mut arrived) = (0, 0_usize);
    loop {
        arrived = octets.len().min(arrived.saturating_add(step));
        let last = arrived == octets.len();
        let progress = reader.index_window(&octets[done..arrived], last)?;
        let index = &progress.frames;
        for row in 0..index.len() {
            assert!(
                index.offset[row] + index.captured[row] <= progress.consumed,
                "frames end where the consumed bytes do"
            );
            outcome.frames.push(Row {
                timestamp: index.timestamp[row],
                offset: done as u64 + u64::from(index.offset[row]),
                captured: index.captured[row],
                original: index.original[row],
                link: index.link[row],
                flags: index.flags[row],
            });
        }
        let place = |range: &Range| (done as u64 + u64::from(range.offset), range.length);
        outcome.key_logs.extend(progress.key_logs.iter().map(place));
        done += progress.consumed as usize;
        outcome.links.extend(progress.links);
        outcome.end = progress.end;
        if last || outcome.end.is_some() {
            assert!(outcome.end.is_some() || done == octets.len(), "with the last window all is consumed");
            break;
        }
        assert!(progress.wanted == 0 || progress.wanted as usize > arrived - done, "what is wanted is not there");
        assert!(arrived == done || progress.wanted > 0, "what is left is a part of something");
    }
    outcome.summary = reader.summary();
    Ok(outcome)
}
