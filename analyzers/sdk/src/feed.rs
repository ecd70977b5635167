//! A batch handed to a run: frames with their packets, and between them what happened in streams.

use crate::columns::{Events, Frames, Packets, Rows, Stacks, Streams};
use crate::{Flow, Link, Problem, Run};

/// What is fed at once.
pub struct Batch<'a> {
    /// Offset of the data in the capture.
    pub position: u64,
    /// The bytes that hold the frames.
    pub data: &'a [u8],
    /// The frames.
    pub frames: &'a Frames,
    /// Their packets.
    pub packets: &'a Packets,
    /// What happened in streams.
    pub streams: &'a Streams,
}

impl Batch<'_> {
    /// Hands all of it to a run, in the order of the file: an event stands behind the packet that brought it. `link` gives the link at a position.
    ///
    /// # Errors
    /// As the run fails; and when a number is not as the contract has it, which is a defect of the host.
    pub fn feed<'l>(&self, run: &mut dyn Run, link: impl Fn(u32) -> Option<&'l Link>) -> Result<Flow, Problem> {
        let stacks = Stacks::of(self.packets)?;
        let mut rows = Rows::new(self.frames, self.packets, &stacks, self.position, self.data);
        let mut events = Events::new(self.streams, self.data)?;
        loop {
            let next = rows.number();
            while let Some(arrival) = events.arrival() {
                if next.is_some_and(|number| number <= arrival) {
                    break;
                }
                let (connection, event) = events.take()?;
                if run.stream(connection, event)? == Flow::Enough {
                    return Ok(Flow::Enough);
                }
            }
            // Links live longer than the rows, which want theirs for as long as they live themselves.
            #[expect(clippy::redundant_closure, reason = "the function itself returns links for another life")]
            let Some(row) = rows.next(|place| link(place)) else {
                return Ok(Flow::More);
            };
            let (frame, packet) = row?;
            if run.packet(&frame, &packet)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
    }
}
