//! How decoding went, for the report.

use schemars::JsonSchema;
use serde::Serialize;

use super::Stop;

/// Frame numbers that are given for each reason.
const FRAMES_KEPT: usize = 10;

/// Frames that ended before the transport's payload, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StopCount {
    /// Why.
    pub reason: Stop,
    /// Whether it means that something in these frames could not be read; otherwise they hold what is not taken apart here.
    pub undecoded: bool,
    /// How many.
    pub count: u64,
    /// Numbers of the first of them.
    pub frames: Vec<u64>,
}

/// IP fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FragmentCounts {
    /// Frames that carry a fragment, also of packets within tunnels.
    pub frames: u64,
    /// Datagrams that were put together.
    pub completed: u64,
    /// Datagrams given up after their time.
    pub expired: u64,
    /// Datagrams given up for lack of memory.
    pub evicted: u64,
    /// Fragments that contradict others, reach beyond their datagram's end or have a length that none can have. Their datagrams are
    /// given up.
    pub refused: u64,
    /// Datagrams that are still incomplete.
    pub waiting: u64,
}

/// How decoding went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Statistics {
    /// Frames that were given to the decoder.
    pub frames: u64,
    /// Frames that were taken apart up to the transport's payload.
    pub decoded: u64,
    /// Frames that were not, by reason.
    pub stopped: Vec<StopCount>,
    /// IP fragments.
    pub fragments: FragmentCounts,
}

impl Statistics {
    pub(super) fn count(&mut self, frame: u64, stop: Option<Stop>) {
        self.frames = self.frames.saturating_add(1);
        let Some(reason) = stop else {
            self.decoded = self.decoded.saturating_add(1);
            return;
        };
        let entry = match self.stopped.iter().position(|entry| entry.reason >= reason) {
            Some(at) if self.stopped.get(at).is_some_and(|entry| entry.reason == reason) => self.stopped.get_mut(at),
            at => {
                let at = at.unwrap_or(self.stopped.len());
                self.stopped.insert(at, StopCount { reason, undecoded: reason.is_failure(), count: 0, frames: vec![] });
                self.stopped.get_mut(at)
            }
        };
        if let Some(entry) = entry {
            entry.count = entry.count.saturating_add(1);
            if entry.frames.len() < FRAMES_KEPT {
                entry.frames.push(frame);
            }
        }
    }
}
