//! What is done with each connection.

use mcpcap_analyzer::decode::{self, CopyReport};
use mcpcap_analyzer::stats::{Lists, Page};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::{Answer, Capture, Ending, Flow, Maximum, Window, time};

use crate::connection::Datagram;
use crate::counts::Counts;
use crate::details::ConnectionReport;
use crate::facts::{Facts, Mark};
use crate::findings::Watch;
use crate::out::Out;
use crate::report::{Limits, Report};
use crate::rows;
use crate::table::Table;
use crate::tool::Arguments;

/// The state of a run.
pub struct Analysis {
    maximum: Maximum,
    offers: bool,
    table: Table,
    out: Out,
    counts: Counts,
    lists: Lists,
    connections: Page<ConnectionReport>,
    watch: Watch,
}

/// What was told on the way to packets.
pub struct Carried {
    pub copies: Option<CopyReport>,
    pub decoding: Option<decode::Statistics>,
}

impl Analysis {
    /// Nothing seen yet.
    pub fn new(arguments: &Arguments, window: Window) -> Self {
        let lists = Lists::new(window.clone());
        let window = if window.list.is_some() { Window::default() } else { window };
        Self {
            maximum: Maximum::new(arguments.max_packets),
            offers: arguments.offers,
            table: Table::default(),
            out: Out::default(),
            counts: Counts::new(&lists),
            connections: Page::new(window),
            lists,
            watch: Watch::new(),
        }
    }

    /// The lists of the report that hold their first entries.
    pub fn lists(&mut self) -> &mut Lists {
        &mut self.lists
    }

    /// Whether more packets are wanted.
    pub fn flow(&self) -> Flow {
        self.maximum.flow()
    }

    /// Takes a datagram, whatever it is.
    pub fn datagram(&mut self, datagram: &Datagram<'_>) {
        if self.maximum.is_reached() {
            return;
        }
        if self.table.push(datagram, &mut self.out) {
            self.maximum.take();
            self.take();
        }
    }

    /// Takes a TCP segment with SYN; `is_answer`: with ACK.
    pub fn syn(&mut self, source: Endpoint, destination: Endpoint, is_answer: bool, mark: Mark) {
        self.watch.syn(source, destination, is_answer, mark);
    }

    /// Takes what an ICMP error says of a datagram.
    pub fn told(&mut self, from: Endpoint, to: Endpoint, says: &'static str, frame: u64) {
        self.table.told(from, to, says, frame);
    }

    /// Takes the connections that came out.
    fn take(&mut self) {
        for asked in self.out.asked.drain(..) {
            self.watch.asked(&asked);
        }
        if self.out.finished.is_empty() {
            return;
        }
        let mut finished = std::mem::take(&mut self.out.finished);
        finished.drain(..).for_each(|facts| self.connection(facts));
        // Its memory is used again.
        self.out.finished = finished;
    }

    fn connection(&mut self, facts: Facts) {
        rows::add(&facts);
        if rows::are_wanted() {
            return facts.release(&mut self.out.pool);
        }
        self.counts.take(&facts);
        self.watch.take(&facts);
        let Some(within_page) = self.connections.push(|| ConnectionReport::new(&facts, self.offers)) else {
            return facts.release(&mut self.out.pool);
        };
        // What is listed keeps its room.
        let place = self.connections.info("connections").place().saturating_add(within_page);
        if let Some(report) = self.connections.get_mut(within_page) {
            report.lists(facts, place, &mut self.lists);
        }
    }

    /// Ends the run.
    pub fn report(mut self, capture: &Capture, carried: Carried) -> Answer<Report> {
        self.table.finish(&mut self.out);
        self.take();
        if self.maximum.taken() == 0 {
            return Answer::nothing(capture.nothing_found("QUIC packets", &capture.decoder.decoding));
        }
        let digits = capture.time_digits();
        let pages = [self.connections.info("connections")];
        let mut connections = self.connections.into_items();
        let times = connections.iter_mut().filter_map(|one| one.time.as_mut());
        times.for_each(|text| time::shorten(text, digits));
        let lists = &mut self.lists;
        let (findings, findings_total) = self.watch.finish(lists);
        let statistics = self.counts.report(lists);
        let report = Report {
            totals: self.counts.totals(),
            copies: carried.copies,
            findings,
            findings_total,
            statistics,
            connections,
            pages: pages.into_iter().chain(self.lists.into_pages()).collect(),
            ending: Ending {
                limits: Limits {
                    evicted_connections: self.out.evicted,
                    evicted_parties: self.watch.evicted(),
                    incomplete_hellos: self.out.incomplete,
                    hellos_not_read: self.out.given_up,
                    cut_initials: self.out.cut,
                    initials_not_decrypted: self.out.not_decrypted,
                    decoding: carried.decoding,
                },
                note: self.maximum.note("QUIC datagrams"),
            },
        };
        Answer::from(report)
    }
}
