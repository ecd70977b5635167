//! The decoder: octets in, octets out, in any steps.

use crate::buffers::{Input, Output};
use crate::detect::{Compression, GZIP, detect};
use crate::fault::{Fault, Pause};
use crate::frames::Frames;
use crate::gzip::Gzip;

/// Decompresses one stream, step by step.
#[derive(Default)]
pub struct Decoder {
    state: State,
    /// Octets of the stream used so far.
    consumed: u64,
    /// Octets that have been returned.
    produced: u64,
    failed: Option<Fault>,
    done: bool,
}

#[derive(Default)]
enum State {
    /// Collects the first octets until they tell the compression.
    #[default]
    Start,
    Started(Vec<u8>),
    Gzip(Box<Gzip>),
    Frames(Box<Frames>),
}

/// One step of decompression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Octets of the input that are done with.
    pub consumed: usize,
    /// What they became.
    pub data: Vec<u8>,
    /// The stream is complete, and nothing follows that continues it.
    pub done: bool,
}

/// Why a stream cannot be decompressed further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No compression that this crate knows.
    UnknownFormat(String),
    /// It is damaged or ends early. Everything before that has been returned.
    Input {
        /// How many octets had been returned.
        offset: u64,
        /// What is wrong, and where in the compressed file.
        reason: String,
    },
    /// It asks for more memory than it gets.
    Limit {
        /// Which limit.
        limit: &'static str,
        /// What reached it.
        reason: String,
    },
}

impl Decoder {
    /// A decoder at the beginning of a stream. It finds out the compression by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decompresses on. `input` begins with the first octet not yet consumed; `last` says that nothing follows it; `room` is
    /// the most that is returned.
    pub fn decompress(&mut self, input: &[u8], last: bool, room: usize) -> Result<Step, Problem> {
        let mut input = Input::new(input);
        let mut output = Output::new(room);
        if self.failed.is_none() && !self.done {
            match self.run(&mut input, &mut output, last) {
                Ok(Pause::Complete) => self.done = true,
                Ok(Pause::Hungry) if last => match self.end() {
                    Ok(()) => self.done = true,
                    Err(fault) => self.failed = Some(fault),
                },
                Ok(_) => {}
                Err(fault) => self.failed = Some(fault),
            }
        }
        self.consumed = self.consumed.saturating_add(input.used() as u64);
        if let Some(fault) = &self.failed {
            // First everything from before the fault, then the fault.
            match &mut self.state {
                State::Gzip(gzip) => _ = gzip.flush(&mut output),
                State::Frames(frames) => frames.give_up(&mut output),
                State::Start | State::Started(_) => {}
            }
            if output.len() == 0 && room > 0 {
                return Err(self.problem(fault.clone()));
            }
        }
        self.produced = self.produced.saturating_add(output.len() as u64);
        Ok(Step { consumed: input.used(), data: output.into_octets(), done: self.done })
    }

    fn run(&mut self, input: &mut Input, output: &mut Output, last: bool) -> Result<Pause, Fault> {
        loop {
            match &mut self.state {
                State::Gzip(gzip) => return gzip.run(input, output),
                State::Frames(frames) => return frames.run(input, output),
                State::Start => self.state = State::Started(Vec::new()),
                State::Started(start) => {
                    start.extend_from_slice(input.take(4_usize.saturating_sub(start.len())));
                    if start.len() < 4 && !last && !start.starts_with(&GZIP) {
                        return Ok(Pause::Hungry);
                    }
                    let start = std::mem::take(start);
                    self.state = match detect(&start) {
                        Some(Compression::Gzip) => State::Gzip(Box::new(Gzip::new(&start))),
                        Some(Compression::Zstd | Compression::Lz4) => State::Frames(Box::new(Frames::new(&start))),
                        None => return Err(Fault::Unknown("neither gzip nor zstd nor lz4".to_owned())),
                    };
                }
            }
        }
    }

    /// The input has ended: is that where the stream may end?
    fn end(&self) -> Result<(), Fault> {
        let unfinished = match &self.state {
            State::Start | State::Started(_) => Some("magic number"),
            State::Gzip(gzip) => gzip.unfinished(),
            State::Frames(frames) => frames.unfinished(),
        };
        match unfinished {
            None => Ok(()),
            Some(part) => Err(Fault::Damaged(format!("it ends in the middle of {part}"))),
        }
    }

    fn problem(&self, fault: Fault) -> Problem {
        match fault {
            Fault::Unknown(reason) => Problem::UnknownFormat(reason),
            Fault::Limit { limit, reason } => Problem::Limit { limit, reason },
            Fault::Damaged(reason) => {
                let name = match &self.state {
                    State::Gzip(_) => "gzip",
                    State::Frames(frames) => frames.name(),
                    State::Start | State::Started(_) => "compressed",
                };
                let (offset, consumed) = (self.produced, self.consumed);
                Problem::Input {
                    offset,
                    reason: format!("the {name} data cannot be read beyond its offset {consumed}: {reason}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{content, decode, decode_in};

    const FIXTURES: [(&str, &[u8]); 9] = [
        ("level9.gz", include_bytes!("../fixtures/level9.gz")),
        ("named.gz", include_bytes!("../fixtures/named.gz")),
        ("level3.zst", include_bytes!("../fixtures/level3.zst")),
        ("level19.zst", include_bytes!("../fixtures/level19.zst")),
        ("no_check.zst", include_bytes!("../fixtures/no_check.zst")),
        ("sized.zst", include_bytes!("../fixtures/sized.zst")),
        ("default.lz4", include_bytes!("../fixtures/default.lz4")),
        ("linked_64k.lz4", include_bytes!("../fixtures/linked_64k.lz4")),
        ("sized.lz4", include_bytes!("../fixtures/sized.lz4")),
    ];

    #[test]
    fn what_the_tools_made_in_steps_of_any_size() {
        let content = content();
        for (name, file) in FIXTURES {
            for (step, room) in
                [(usize::MAX, usize::MAX), (1, usize::MAX), (usize::MAX, 1), (1, 1), (7, 4_096), (1_000, 13)]
            {
                let outcome = decode_in(file, step, room);
                assert_eq!(outcome.problem, None, "{name}");
                assert!(outcome.data == content, "{name} in steps of {step} with room for {room}");
                assert_eq!(outcome.consumed, file.len(), "{name}");
            }
        }
    }

    #[test]
    fn streams_behind_each_other_are_one() {
        let content = content();
        for (name, file) in FIXTURES {
            assert_eq!(decode(&[file, file].concat()).data, [&content[..], &content[..]].concat(), "{name}");
        }
    }

    #[test]
    fn every_cut_gives_what_was_before_and_a_problem() {
        let content = content();
        for (name, file) in FIXTURES {
            let mut most = 0;
            for length in (4..file.len()).step_by(61).chain(file.len() - 12..file.len()) {
                let outcome = decode(&file[..length]);
                assert!(outcome.reason().contains("ends in the middle of"), "{name} {}", outcome.reason());
                assert!(content.starts_with(&outcome.data), "{name} cut at {length}");
                most = most.max(outcome.data.len());
                assert_eq!(decode_in(&file[..length], 5, 100).data.len(), outcome.data.len(), "{name} cut at {length}");
            }
            // Only a checksum or an end mark is missing in the last of them.
            assert!(most == content.len() || name == "no_check.zst", "{name}");
        }
    }

    #[test]
    fn damage_is_noticed_or_harmless_and_steps_do_not_matter() {
        let content = content();
        for (name, file) in FIXTURES {
            for position in (0..file.len()).step_by(23) {
                let mut file = file.to_vec();
                file[position] ^= 0x10;
                let outcome = decode(&file);
                let unchecked = ["no_check.zst", "sized.lz4"].contains(&name);
                assert!(outcome.problem.is_some() || outcome.data == content || unchecked, "{name} at {position}");
                let steps = decode_in(&file, 61, 1_000);
                assert_eq!(steps.problem, outcome.problem, "{name} at {position}");
                assert!(steps.data == outcome.data, "{name} at {position}");
            }
        }
    }

    #[test]
    fn what_is_no_stream() {
        for input in [&b""[..], b"\x1f", b"\xd4\xc3\xb2\xa1\x02\0\x04\0", b"text", b"\x28\xb5"] {
            for step in [1, usize::MAX] {
                let outcome = decode_in(input, step, 100);
                assert!(matches!(outcome.problem, Some(Problem::UnknownFormat(_))), "{input:?}");
            }
        }
    }

    #[test]
    fn no_room_is_no_end() {
        let mut decoder = Decoder::new();
        let step = decoder.decompress(FIXTURES[0].1, true, 0).unwrap();
        assert_eq!((step.data.len(), step.done), (0, false));
        let rest = decoder.decompress(&FIXTURES[0].1[step.consumed..], true, usize::MAX).unwrap();
        assert_eq!((rest.data.len(), rest.done), (content().len(), true));
    }
}
