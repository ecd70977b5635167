//! What was measured, before it is judged and written.

use crate::generate::Kind;

/// The tool that asks for no packet of TCP.
pub const NOTHING_OF_TCP: &str = "dhcp";

/// A capture that was measured on.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is made of.
    pub kind: Kind,
    /// Where it is.
    pub path: String,
    /// Frames.
    pub frames: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A tool on a capture.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name at the terminal.
    pub tool: &'static str,
    /// The capture.
    pub kind: Kind,
    /// Medians of the program: seconds, seconds of processor time, bytes of memory.
    pub wall: f64,
    /// Seconds of processor time.
    pub cpu: f64,
    /// The most memory in bytes.
    pub memory: u64,
    /// Frames of the capture.
    pub frames: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Seconds that Wireshark's program took, and the median of the ratios to it.
    pub rival: Option<(f64, f64)>,
    /// Seconds when the digests of the capture are known, as they are from the second question on.
    pub again: f64,
    /// The median of the ratios of Wireshark's program to that.
    pub again_rival: Option<f64>,
    /// The median of the ratios of processor time to the same code as native code.
    pub native: Option<f64>,
}

/// A tool and the Python project's.
#[derive(Debug, Clone)]
pub struct Python {
    /// Its name at the terminal.
    pub tool: &'static str,
    /// Frames a second of both.
    pub ours: f64,
    /// Frames a second of Python's.
    pub theirs: f64,
}

/// Memory of a tool on a small and a large capture, in bytes.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Its name at the terminal.
    pub tool: &'static str,
    /// Bytes of memory for each capture, in the order of [`Figures::sizes`].
    pub peaks: Vec<u64>,
}

/// Cost for each frame of a tool, by the length of the capture.
#[derive(Debug, Clone)]
pub struct Growth {
    /// Its name at the terminal.
    pub tool: &'static str,
    /// Frames, and nanoseconds of processor time for each of them without the start.
    pub points: Vec<(u64, f64)>,
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Figures {
    /// Captures that the tools were measured on.
    pub samples: Vec<Sample>,
    /// Rounds of each measurement.
    pub rounds: usize,
    /// Versions of those that it was compared with, or why there is none.
    pub rivals: Vec<String>,
    /// The tools.
    pub rows: Vec<Row>,
    /// The Python project.
    pub python: Vec<Python>,
    /// Nanoseconds of processor time a frame for reader, decoder and crossings, with an analyzer that has nothing to do.
    pub line: Option<f64>,
    /// Nanoseconds of processor time a frame that a tool takes beside another one in a pass, on a capture of TCP that has nothing of its protocol.
    pub foreign: Vec<(&'static str, &'static str, f64)>,
    /// All tools in one pass, as a multiple of the slowest alone; `None` if the program has no such command.
    pub one_pass: Option<f64>,
    /// Seconds until the first list of tools.
    pub start: Option<f64>,
    /// Seconds from the start to the first report on a capture of 38 frames.
    pub first_report: Option<f64>,
    /// Seconds for a page: the first, and a further one, with the frames of the capture.
    pub page: Option<(f64, f64)>,
    /// Bytes of the captures of [`Memory::peaks`].
    pub sizes: Vec<u64>,
    /// Memory by size.
    pub memory: Vec<Memory>,
    /// Cost by length.
    pub growth: Vec<Growth>,
    /// Reader and decoder as native code, in nanoseconds a frame of the mixed capture.
    pub parts: Vec<(&'static str, f64)>,
}
