//! The reader: windows in, positions out.

use crate::classic::Classic;
use crate::detect::{Format, detect};
use crate::facts::Facts;
use crate::page::Parts;
use crate::pcapng::Pcapng;
use crate::summary::Summary;
use crate::types::{Break, BreakKind, Index, Problem, Progress};
use crate::window::{Stop, Window};

/// Reads one capture file, window by window.
///
/// The windows must follow each other: each begins with the first octet that the last one left unconsumed. What is found
/// does not depend on where they are cut.
#[derive(Debug, Default)]
pub struct Reader {
    state: State,
    /// Offset in the file of the next window.
    position: u64,
    /// Frames in the last window: a guess at the next.
    expected: usize,
    end: Option<Break>,
    facts: Facts,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    Classic(Classic),
    Pcapng(Pcapng),
}

impl Reader {
    /// A reader at the beginning of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with options: a JSON object, of which `wit/README.md` has the members.
    ///
    /// # Errors
    /// [`Problem::Options`] for an option that is unknown or makes no sense.
    pub fn open(options: &str) -> Result<Self, Problem> {
        Ok(Self { facts: Facts::new(Parts::read(options)?), ..Self::default() })
    }

    /// Finds the frames in the next window. `last` says that nothing follows it.
    ///
    /// When `wanted` in the answer is not 0, the next window must have that many octets, or be the last.
    pub fn index_window(&mut self, octets: &[u8], last: bool) -> Result<Progress, Problem> {
        let mut progress = Progress { frames: Index::with_capacity(self.expected), ..Progress::default() };
        if self.end.is_some() {
            progress.end.clone_from(&self.end);
            return Ok(progress);
        }
        // Offsets in a window are 32-bit numbers.
        let (octets, last) = match octets.get(..u32::MAX as usize) {
            Some(start) if octets.len() > start.len() => (start, false),
            _ => (octets, last),
        };
        let mut window = Window::new(octets);
        let stop = self.read(&mut window, last, &mut progress)?;
        progress.consumed = window.at();
        self.position = self.position.saturating_add(u64::from(progress.consumed));
        self.expected = progress.frames.len();
        let left = window.rest().len();
        match stop {
            Stop::Wanted { .. } if left == 0 && (!last || self.position > 0) => {}
            Stop::Wanted { octets, .. } if !last => progress.wanted = octets as u32,
            Stop::Wanted { octets, what } => {
                let reason = format!("the file ends after {left} of the {octets} bytes of this {what}");
                self.end = Some(Break { offset: self.position, kind: BreakKind::CutShort, reason });
            }
            Stop::Broken { kind, reason } => self.end = Some(Break { offset: self.position, kind, reason }),
        }
        progress.end.clone_from(&self.end);
        Ok(progress)
    }

    fn read(&mut self, window: &mut Window, last: bool, progress: &mut Progress) -> Result<Stop, Problem> {
        loop {
            match &mut self.state {
                State::Classic(classic) => return Ok(classic.index(window, &mut progress.frames, &mut self.facts)),
                State::Pcapng(pcapng) => return pcapng.index(window, self.position, progress, &mut self.facts),
                State::Start => {
                    let format = match detect(window.rest(), last)? {
                        Ok(format) => format,
                        Err(stop) => return Ok(stop),
                    };
                    let (order, nanoseconds, modified) = match format {
                        Format::Pcap { order, nanoseconds } => (order, nanoseconds, false),
                        Format::ModifiedPcap { order } => (order, false, true),
                        Format::Pcapng => {
                            self.state = State::Pcapng(Pcapng::default());
                            continue;
                        }
                    };
                    match Classic::open(order, nanoseconds, modified, window, &mut self.facts)? {
                        Ok((classic, link)) => {
                            progress.links.push(link);
                            self.state = State::Classic(classic);
                        }
                        Err(stop) => return Ok(stop),
                    }
                }
            }
        }
    }

    /// What the file says about itself, as far as it has been read.
    pub fn summary(&self) -> Summary {
        self.facts.summary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Order;
    use crate::testing::{File, Value, read_in};

    /// One of everything, whole and broken in every way.
    fn captures() -> Vec<Vec<u8>> {
        let mut files = vec![b"".to_vec(), b"ab".to_vec(), b"only text in here, and no capture".to_vec()];
        for order in [Order::Little, Order::Big] {
            for (magic, extra) in [(0xa1b2_c3d4, 0), (0xa1b2_3c4d, 0), (0xa1b2_cd34, 8)] {
                let mut file = File::pcap(magic, order, 0x2400_0001);
                for length in [0, 1, 60, 250] {
                    let packet = vec![length; length.into()];
                    file = file.u32(1).u32(2).u32(length.into()).u32(1_500).raw(&vec![0; extra]).raw(&packet);
                }
                files.push(file.octets);
            }
            files.push(File::pcap_version(0xa1b2_c3d4, order, 1, 1, 0).octets);
            let comment = [(1, Value::Text("a comment that makes this block longer"))];
            let pcapng = File::section(order, &comment)
                .interface(1, 0, &[(2, Value::Text("eth0")), (9, Value::Raw(&[9]))])
                .enhanced(0, 1_700_000_000_000_000_000, &[7; 61], &comment)
                .block(0x0bad, &[0; 40])
                .body(3, |body| body.u32(5).raw(b"12345"))
                .next_section(if order == Order::Big { Order::Little } else { Order::Big }, &[])
                .interface(101, 64, &[(14, Value::I64(-5))])
                .body(2, |body| body.u32(0).u32(0).u32(9_000_000).u32(2).u32(3).raw(b"ab"))
                .body(5, |body| body.u32(0).u32(0).u32(0).options(&comment))
                .body(4, |body| body.u16(1).u16(6).raw(b"\x01\x02\x03\x04a\0\0\0").u32(0))
                .body(10, |body| body.u32(0x544c_534b).u32(0));
            files.push(pcapng.clone().enhanced(1, 0, b"no such interface", &[]).octets);
            files.push(pcapng.clone().u32(6).u32(0xffff_ffff).octets);
            files.push(pcapng.octets);
        }
        files.push(File::pcap(0xa1b2_c3d4, Order::Little, 1).u32(0).u32(0).u32(300_000).u32(0).octets);
        files
    }

    #[test]
    fn windows_of_any_size_find_the_same() {
        for (number, file) in captures().into_iter().enumerate() {
            let whole = read_in(&file, usize::MAX);
            for step in [1, 2, 3, 4, 5, 7, 12, 16, 17, 31, 64, 100, 333] {
                assert_eq!(read_in(&file, step), whole, "capture {number} in windows of {step}");
            }
        }
    }

    #[test]
    fn every_prefix_is_cut_short_or_whole_and_keeps_the_frames_before() {
        for file in captures() {
            let Ok(whole) = read_in(&file, usize::MAX) else { continue };
            for octets in 4..file.len() {
                let Ok(part) = read_in(&file[..octets], usize::MAX) else { continue };
                assert!(whole.frames.starts_with(&part.frames));
                if let Some(end) = part.end.filter(|end| Some(end) != whole.end.as_ref()) {
                    assert_eq!(end.kind, BreakKind::CutShort);
                    assert!(end.offset < octets as u64);
                }
            }
        }
    }

    #[test]
    fn any_octet_changed_is_survived_and_windows_still_do_not_matter() {
        for file in captures() {
            for position in 0..file.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut file = file.clone();
                    file[position] ^= change;
                    assert_eq!(read_in(&file, usize::MAX), read_in(&file, 50), "{change:#x} at {position}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_read_behind_a_break() {
        let mut reader = Reader::new();
        let file = File::section(Order::Little, &[]).enhanced(0, 0, b"x", &[]).octets;
        let first = reader.index_window(&file, false).unwrap();
        assert_eq!((first.consumed, first.end.as_ref().map(|end| end.offset)), (28, Some(28)));
        let second = reader.index_window(&file[28..], true).unwrap();
        assert_eq!((second.consumed, second.frames.len(), second.end), (0, 0, first.end));
    }

    #[test]
    fn what_is_wanted_is_the_whole_record() {
        let mut reader = Reader::new();
        let file = File::pcap(0xa1b2_c3d4, Order::Little, 1).record(0, 0, &[0; 1_000]).octets;
        assert_eq!(reader.index_window(&file[..3], false).unwrap().wanted, 4);
        assert_eq!(reader.index_window(&file[..20], false).unwrap().wanted, 24);
        let progress = reader.index_window(&file[..30], false).unwrap();
        assert_eq!((progress.consumed, progress.wanted), (24, 16));
        assert_eq!(reader.index_window(&file[24..100], false).unwrap().wanted, 1_016);
        let progress = reader.index_window(&file[24..], false).unwrap();
        assert_eq!((progress.consumed, progress.wanted, progress.frames.offset), (1_016, 0, vec![16]));
        assert_eq!(reader.index_window(&[], true).unwrap(), Progress::default());
    }

    #[test]
    fn the_summary_of_a_classic_file_has_no_fields_of_pcapng() {
        let file = File::pcap(0xa1b2_c3d4, Order::Little, 1).record(0, 0, b"x").octets;
        let summary = read_in(&file, usize::MAX).unwrap().summary;
        assert_eq!(
            serde_json::to_value(&summary).unwrap(),
            serde_json::json!({
                "format": "pcap", "byte_order": "little", "version": "2.4", "time_digits": 6, "snap_length": 65_535,
                "interfaces": [{ "section": 0, "id": 0, "link_type": 1, "snap_length": 65_535, "time_digits": 6,
                                 "ticks_per_second": 1_000_000, "time_offset_seconds": 0, "frames": 1 }],
                "frames": 1, "frames_without_time": 0,
            })
        );
    }
}
