//! What is done with each exchange.

use mcpcap_analyzer::decode::{self, CopyReport};
use mcpcap_analyzer::stats::{Lists, Page};
use mcpcap_analyzer::stream::{self, Connection, Event};
use mcpcap_analyzer::{Answer, Capture, Ending, Flow, Maximum, Window, time};

use crate::counts::Counts;
use crate::details::ExchangeReport;
use crate::exchange::Exchange;
use crate::files::Files;
use crate::findings::Watch;
use crate::report::{Limits, Report};
use crate::rows;
use crate::streams::{Out, State};
use crate::tool::Arguments;

/// The state of a run, from streams on.
pub struct Analysis {
    maximum: Maximum,
    out: Out,
    counts: Counts,
    lists: Lists,
    exchanges: Page<ExchangeReport>,
    watch: Watch,
    files: Files,
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
        Self {
            maximum: Maximum::new(arguments.max_packets),
            out: Out::default(),
            counts: Counts::new(&lists),
            exchanges: Page::new(if window.list.is_some() { Window::default() } else { window }),
            watch: Watch::new(),
            files: Files::new(&lists),
            lists,
        }
    }

    /// The lists of the report that hold their first entries.
    pub fn lists(&mut self) -> &mut Lists {
        &mut self.lists
    }

    /// Adds a part of a key log.
    pub fn key_log(&mut self, part: &[u8], ends: bool) {
        self.out.key_log.add(part, ends);
    }

    /// Whether more packets are wanted.
    pub fn flow(&self) -> Flow {
        self.maximum.flow()
    }

    /// Takes what happened in a stream.
    pub fn stream(&mut self, connection: &Connection, state: &mut State, event: Event<'_>) {
        state.take(connection, event, &mut self.out);
        if self.maximum.is_reached() {
            self.out.drain();
            return;
        }
        for (fault, frame) in self.out.faults.drain(..) {
            self.counts.fault(fault, frame);
        }
        for status in self.out.interim.drain(..) {
            self.counts.interim(status);
        }
        if !self.out.finished.is_empty() {
            let mut finished = std::mem::take(&mut self.out.finished);
            finished.drain(..).for_each(|exchange| self.take(&exchange));
            // Its memory is used again.
            self.out.finished = finished;
        }
    }

    fn take(&mut self, exchange: &Exchange) {
        if self.maximum.is_reached() {
            return;
        }
        self.maximum.take();
        rows::add(exchange);
        if rows::are_wanted() {
            return;
        }
        self.counts.take(exchange);
        self.watch.take(exchange);
        self.files.take(exchange);
        let place = usize::try_from(self.exchanges.total()).unwrap_or(usize::MAX);
        let lists = &mut self.lists;
        self.exchanges.push(|| ExchangeReport::new(exchange, place, lists));
    }

    /// Ends the run.
    pub fn report(mut self, capture: &Capture, carried: Carried) -> Answer<Report> {
        let digits = capture.time_digits();
        let is_empty = self.maximum.taken() == 0 && !self.counts.has_faults();
        if is_empty {
            let mut text = capture.nothing_found("HTTP messages", &capture.decoder.decoding);
            let (decrypted, log) = (&self.out.decrypted, &self.out.key_log);
            if let Some(words) = decrypted.in_words(log, capture).filter(|_| !log.is_empty()) {
                text = format!("{text}; {words}");
            }
            return Answer::nothing(text);
        }
        let decryption = self.out.decrypted.report(&self.out.key_log, capture);
        let page = self.exchanges.info("exchanges");
        let mut exchanges = self.exchanges.into_items();
        exchanges.iter_mut().filter_map(|exchange| exchange.time.as_mut()).for_each(|text| time::shorten(text, digits));
        let lists = &mut self.lists;
        let (findings, findings_total) = self.watch.finish(lists);
        let files = self.files.report(lists);
        let statistics = self.counts.report(lists);
        let totals = self.counts.totals(self.out.connections);
        let report = Report {
            totals,
            copies: carried.copies,
            findings,
            findings_total,
            files,
            files_total: self.files.total(),
            decryption,
            statistics,
            exchanges,
            pages: [page].into_iter().chain(self.lists.into_pages()).collect(),
            ending: Ending {
                limits: Limits {
                    evicted_exchanges: self.out.evicted,
                    evicted_files: self.files.evicted(),
                    evicted_parties: self.watch.evicted(),
                    bodies_not_read: self.out.pool.left_out,
                    http2_connections_not_read: self.out.http2_left_out,
                    tunnels_not_read: self.out.tunnels_left_out,
                    skipped_bytes: self.out.skipped,
                    decoding: carried.decoding,
                    reassembly: carried.reassembly,
                },
                note: self.maximum.note("exchanges"),
            },
        };
        Answer::from(report)
    }
}
