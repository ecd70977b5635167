//! What is done with each connection.

use mcpcap_analyzer::decode::{self, CopyReport};
use mcpcap_analyzer::stats::{Lists, Page};
use mcpcap_analyzer::stream::{self, Side};
use mcpcap_analyzer::{Answer, Capture, Ending, Flow, Maximum, Window, time};

use crate::certificate::{CERTIFICATES, CertificateReport, Store};
use crate::counts::Counts;
use crate::details::ConnectionReport;
use crate::facts::Facts;
use crate::findings::Watch;
use crate::out::Out;
use crate::report::{Limits, Report};
use crate::rows;
use crate::tool::Arguments;

/// The state of a run, from streams on.
pub struct Analysis {
    maximum: Maximum,
    offers: bool,
    out: Out,
    counts: Counts,
    lists: Lists,
    connections: Page<ConnectionReport>,
    watch: Watch,
}

/// What was told on the way to streams.
pub struct Carried {
    pub copies: Option<CopyReport>,
    pub decoding: Option<decode::Statistics>,
    pub reassembly: Option<stream::Statistics>,
}

impl Analysis {
    /// Nothing seen yet.
    pub fn new(arguments: &Arguments, window: Window) -> Self {
        let lists = Lists::new(window.clone());
        let window = if window.list.is_some() { Window::default() } else { window };
        Self {
            maximum: Maximum::new(arguments.max_packets),
            offers: arguments.offers,
            out: Out { certificates: Store::new(&lists), ..Out::default() },
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

    /// Where connections come out.
    pub fn out(&mut self) -> &mut Out {
        &mut self.out
    }

    /// Whether more packets are wanted.
    pub fn flow(&self) -> Flow {
        self.maximum.flow()
    }

    /// Takes the connections that came out.
    pub fn take(&mut self) {
        if self.out.finished.is_empty() {
            return;
        }
        let mut finished = std::mem::take(&mut self.out.finished);
        finished.drain(..).for_each(|facts| self.connection(&facts));
        // Its memory is used again.
        self.out.finished = finished;
    }

    fn connection(&mut self, facts: &Facts) {
        if self.maximum.is_reached() {
            return;
        }
        self.maximum.take();
        rows::add(facts);
        for (side, sender) in [(Side::Client, facts.client), (Side::Server, facts.server)] {
            if let Some(first) = facts.side(side).certificates.first() {
                self.out.certificates.sent(first, sender, side == Side::Server);
            }
        }
        if rows::are_wanted() {
            return;
        }
        self.counts.take(facts);
        self.watch.take(facts);
        let place = usize::try_from(self.connections.total()).unwrap_or(usize::MAX);
        let (offers, lists) = (self.offers, &mut self.lists);
        self.connections.push(|| ConnectionReport::new(facts, offers, place, lists));
    }

    /// Ends the run.
    pub fn report(mut self, capture: &Capture, carried: Carried) -> Answer<Report> {
        let digits = capture.time_digits();
        if self.maximum.taken() == 0 {
            return Answer::nothing(capture.nothing_found("TLS connections", &capture.decoder.decoding));
        }
        let decryption = self.out.decrypted.report(&self.out.key_log, capture);
        rows::add_certificates(&self.out.certificates.in_order());
        let lists = &mut self.lists;
        let listed = self.out.certificates.listed(lists);
        let places = lists.place(CERTIFICATES)..;
        let mut certificates: Vec<CertificateReport> =
            places.zip(listed).map(|(place, entry)| CertificateReport::new(entry, place, lists)).collect();
        let page = self.connections.info("connections");
        let mut connections = self.connections.into_items();
        let times = connections.iter_mut().filter_map(|one| one.time.as_mut());
        times
            .chain(certificates.iter_mut().filter_map(|one| one.time.as_mut()))
            .for_each(|text| time::shorten(text, digits));
        let (findings, findings_total) = self.watch.finish(lists);
        let statistics = self.counts.report(lists);
        let report = Report {
            totals: self.counts.totals(self.out.certificates.total()),
            copies: carried.copies,
            findings,
            findings_total,
            decryption,
            statistics,
            connections,
            certificates,
            pages: [page].into_iter().chain(self.lists.into_pages()).collect(),
            ending: Ending {
                limits: Limits {
                    evicted_connections: self.out.evicted,
                    evicted_certificates: self.out.certificates.evicted(),
                    evicted_parties: self.watch.evicted(),
                    incomplete_messages: self.out.incomplete,
                    messages_not_read: self.out.given_up,
                    skipped_bytes: self.out.skipped,
                    decoding: carried.decoding,
                    reassembly: carried.reassembly,
                },
                note: self.maximum.note("connections"),
            },
        };
        Answer::from(report)
    }
}
