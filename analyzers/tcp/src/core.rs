//! What all four tools do: from frames to segments in their connections, and the totals of all.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::{Packet, Transport};
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::stream::{self, Endpoint, Identity};
use mcpcap_analyzer::{Capture, Flow, Frame, Maximum};

use crate::filter::Filter;
use crate::findings::Watch;
use crate::report::{Evicted, Limits};
use crate::segment::Segment;
use crate::totals::Totals;
use crate::tracker::connection::Connection;
use crate::tracker::{Seen, Tracker};

/// What a tool keeps besides the totals.
pub trait View {
    /// Takes a segment.
    fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>);
    /// Takes a connection that ended, or that the capture says no more of.
    fn ended(&mut self, connection: &Connection);
}

/// The run that all tools share.
pub struct Core {
    tracker: Tracker,
    /// Numbers all connections where only some are asked for, so that each has the same number whatever is asked for.
    numbers: stream::Tracker<Identity>,
    /// The connections asked for.
    pub filter: Filter,
    maximum: Maximum,
    /// TCP segments, also those that do not fit the filter.
    all: u64,
    /// Totals of those that fit.
    pub totals: Totals,
    /// What the findings keep.
    pub watch: Watch,
}

impl Core {
    /// A run that analyses at most `maximum` segments. `lists`: what of them is asked for.
    pub fn new(filter: Filter, maximum: Option<NonZeroU64>, lists: &Lists) -> Self {
        Self {
            tracker: Tracker::new(),
            numbers: stream::Tracker::new(),
            filter,
            maximum: Maximum::new(maximum),
            all: 0,
            totals: Totals::default(),
            watch: Watch::new(lists),
        }
    }

    /// Takes a packet.
    pub fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, view: &mut impl View) -> Flow {
        let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) else { return Flow::More };
        if packet.copy_of.is_some() {
            self.tracker.copy(packet, ip, tcp);
            return Flow::More;
        }
        self.all = self.all.saturating_add(1);
        let (source, destination) = Endpoint::pair(ip, tcp);
        let id = (!self.filter.is_empty()).then(|| self.numbers.push(ip, tcp, packet.frame, &mut |_| {}).0.id);
        if !self.filter.fits(source, destination) {
            return Flow::More;
        }
        self.maximum.take();
        let Self { tracker, totals, watch, .. } = self;
        let mut ended = |connection: Box<Connection>| {
            totals.ended(&connection);
            watch.ended(&connection);
            view.ended(&connection);
        };
        let seen = tracker.push(packet, (ip, tcp), frame, id, &mut ended);
        let segment = Segment { packet, tcp, wire: frame.original };
        totals.segment(&segment, &seen);
        watch.segment(&segment, &seen);
        view.segment(&segment, &seen);
        self.maximum.flow()
    }

    /// Ends all connections.
    pub fn finish(&mut self, view: &mut impl View) {
        let Self { tracker, totals, watch, .. } = self;
        tracker.finish(&mut |connection: Box<Connection>| {
            totals.ended(&connection);
            watch.ended(&connection);
            view.ended(&connection);
        });
    }

    /// TCP segments of the connections that fit.
    pub fn found(&self) -> u64 {
        self.maximum.taken()
    }

    /// How many connections fit.
    pub fn connections(&self) -> u64 {
        self.tracker.seen()
    }

    /// The findings that are to be listed, and what was not kept and not decoded.
    pub fn findings(self, capture: &Capture, lists: &mut Lists) -> (Vec<Finding>, Limits) {
        let evicted = Evicted { connections: self.tracker.evicted(), parties: self.watch.evicted() };
        (self.watch.finish(lists), Limits { evicted, decoding: capture.decoder.limits(lists) })
    }

    /// Says that there is nothing, when there is nothing.
    pub fn message(&self, capture: &Capture) -> Option<String> {
        match (self.all, self.found()) {
            (0, _) => Some(capture.nothing_found("TCP packets", &capture.decoder.decoding)),
            (1, 0) => Some(format!("The only TCP packet does not fit {}", self.filter.text())),
            (all, 0) => Some(format!("None of the {all} TCP packets fits {}", self.filter.text())),
            _ => None,
        }
    }

    /// Says that `max_packets` ended reading.
    pub fn note(&self) -> Option<String> {
        self.maximum.note("TCP packets")
    }
}
