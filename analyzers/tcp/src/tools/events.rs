//! The flagged frames of one connection.

use mcpcap_analyzer::stats::Part;
use mcpcap_analyzer::stream::Endpoint;

use crate::report::EventReport;
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::event::Event;

/// A part of them, in the order of the file.
pub struct Events {
    part: Part,
    total: u64,
    kept: Vec<Event>,
    /// Who is the client, as far as the segments so far tell.
    client: Option<Endpoint>,
}

impl Events {
    /// None yet.
    pub fn new(part: Part) -> Self {
        Self { part, total: 0, kept: Vec::new(), client: None }
    }

    /// Takes a segment of the connection.
    pub fn take(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        let client = seen.connection.client.endpoint;
        if self.client.replace(client).is_some_and(|known| known != client) {
            self.kept.iter_mut().for_each(|event| event.from = event.from.other());
        }
        let Some(event) = Event::of(segment.packet.frame, seen.side, seen.found, seen.again) else { return };
        let wanted = self.part.offset as u64..self.part.end() as u64;
        if wanted.contains(&self.total) {
            self.kept.push(event);
        }
        self.total = self.total.saturating_add(1);
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Those of the part.
    pub fn reports(&self) -> Vec<EventReport> {
        self.kept.iter().map(EventReport::new).collect()
    }
}
