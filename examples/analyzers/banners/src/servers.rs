//! The tool: what it keeps of servers.

use std::collections::BTreeMap;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::Page;
use mcpcap_analyzer::stream::{Connection, Endpoint, Event, Side, States};
use mcpcap_analyzer::text::printable;
use mcpcap_analyzer::{Capture, Flow, Frame, Problem, Tool, Wants, Window};

use crate::findings;
use crate::opening::{Line, Opening};
use crate::report::{Arguments, Entry, Report, Speaker};

const SERVERS: usize = 4096;
const CHARACTERS: usize = 120;

/// What is kept of a server.
#[derive(Default)]
pub struct Server {
    connections: u64,
    client_first: u64,
    /// Where the server sent the first bytes.
    pub server_first: Evidence,
    /// Where it told a version of its software before it was asked.
    pub versions: Evidence,
    banner: Line,
}

/// Servers, in the order of their addresses and ports.
pub type Servers = BTreeMap<Endpoint, Server>;

impl Server {
    fn add(&mut self, opening: &mut Opening) {
        self.connections += 1;
        self.client_first += u64::from(opening.first.is_some_and(|(side, _)| side == Side::Client));
        if let Some(frame) = opening.server_first() {
            self.server_first.add(frame);
        }
        let Some(frame) = opening.line.frames.first() else { return };
        if opening.tells_version() {
            self.versions.add(*frame);
        }
        if self.banner.frames.first().is_none_or(|first| frame < first) {
            self.banner = std::mem::take(&mut opening.line);
        }
    }

    fn is_asked(&self, speaker: Option<Speaker>) -> bool {
        match speaker {
            None => true,
            Some(Speaker::Server) => self.server_first.total() > 0,
            Some(Speaker::Client) => self.client_first > 0,
        }
    }

    fn entry(&self, end: &Endpoint) -> Entry {
        let Line { bytes, frames } = &self.banner;
        Entry {
            address: end.address.to_string(),
            port: end.port,
            connections: self.connections,
            server_first: self.server_first.total(),
            client_first: self.client_first,
            banner: printable(bytes.strip_suffix(b"\r").unwrap_or(bytes), CHARACTERS),
            frames: frames.clone(),
        }
    }
}

/// One run.
pub struct BannersServers {
    arguments: Arguments,
    page: Page<Entry>,
    /// Of the connections that are open.
    openings: States<Opening>,
    servers: Servers,
    /// The counts, as they will be reported.
    report: Report,
}

impl Tool for BannersServers {
    const NAME: &'static str = "banners_servers";
    const TITLE: &'static str = "Banners of TCP servers";
    const DESCRIPTION: &'static str = "Lists the TCP servers of a packet capture with the first line that each sent (the banner of SSH, SMTP, \
        FTP and others), and whether server or client speaks first. Finds servers that tell the version of their software, and servers that speak \
        first on a port where clients do. Use it to see which software answers on which port.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["servers"];
    const WANTS: Wants = Wants::of(&[]).and_streams();

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let (openings, servers) = (States::default(), Servers::new());
        Ok(Self { arguments, page: Page::new(window), openings, servers, report: Report::default() })
    }

    /// It wants none.
    fn packet(&mut self, _: &Frame<'_>, _: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(Flow::More)
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { openings, servers, report, .. } = self;
        let is_end = matches!(event, Event::Closed { .. });
        if !connection.client_known {
            report.connections_without_start += u64::from(is_end);
            return Ok(Flow::More);
        }
        openings.take(connection, event, |opening, event| {
            opening.take(event);
            if !is_end {
                return;
            }
            report.connections += 1;
            if servers.len() < SERVERS || servers.contains_key(&connection.server) {
                servers.entry(connection.server).or_default().add(opening);
            } else {
                report.limits.connections_left_out += 1;
            }
        });
        Ok(Flow::More)
    }

    fn finish(self, _: &Capture) -> Result<Report, Problem> {
        let Self { arguments, mut page, servers, mut report, .. } = self;
        for (end, server) in servers.iter().filter(|(_, server)| server.is_asked(arguments.speaks_first)) {
            page.push(|| server.entry(end));
        }
        (report.findings, report.limits.findings_left_out) = findings::all(&servers);
        report.pages = vec![page.info("servers")];
        report.servers = page.into_items();
        Ok(report)
    }
}
