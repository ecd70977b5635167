//! The tool `analyze_http`: its arguments, and the way from packets to streams.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stream::{Connection, Event, States};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{Answer, Capture, CountCopies, Ends, Flow, Frame, JsonSchema, Problem, Tool, Wants, Window};
use serde::Deserialize;

use crate::analysis::{Analysis, Carried};
use crate::message::facts;
use crate::report::Report;
use crate::rows::HttpExchange;
use crate::streams::State;
use crate::{counts, exchange, files};

/// What may be asked of `analyze_http`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many exchanges.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// One run of `analyze_http`.
pub struct Http {
    streams: States<State>,
    analysis: Analysis,
}

impl Tool for Http {
    const NAME: &'static str = "analyze_http";
    const TITLE: &'static str = "HTTP analysis";
    const DESCRIPTION: &'static str = "Analyses HTTP/1 and HTTP/2, in clear or by a key log: each request with its response, \
        status, times, sizes; files with type, name and hashes; hosts, user agents, servers, slow, failed requests. \
        Findings: executables, passwords in clear, injection, traversal, scanners, web shells, brute force, tunnels, \
        request smuggling, regular POSTs.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["exchanges"];
    const CUT: &'static [&'static str] = &[
        "findings",
        files::FILES,
        files::FRAMES,
        counts::METHODS,
        counts::STATUS_CODES,
        counts::HOSTS,
        counts::PATHS,
        counts::USER_AGENTS,
        counts::SERVERS,
        counts::CONTENT_TYPES,
        counts::FAILED,
        counts::SLOWEST,
        counts::FAULT_FRAMES,
        facts::COOKIES,
        facts::SET_COOKIES,
        exchange::INTERIM,
    ];
    const TABLES: &'static [&'static Table] = &[HttpExchange::TABLE];
    const WANTS: Wants = Wants::of(&[]).and_streams().and_key_log();
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        Ok(Self { streams: States::default(), analysis: Analysis::new(&arguments, window) })
    }

    fn packet(&mut self, _: &Frame<'_>, _: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(self.analysis.flow())
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { streams, analysis } = self;
        streams.take(connection, event, |state, event| analysis.stream(connection, state, event));
        Ok(analysis.flow())
    }

    fn key_log(&mut self, part: &[u8], ends: bool) {
        self.analysis.key_log(part, ends);
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        let lists = self.analysis.lists();
        let carried = Carried {
            copies: capture.decoder.copies(lists),
            decoding: capture.decoder.limits(lists),
            reassembly: capture.streams.told(),
        };
        Ok(self.analysis.report(capture, carried))
    }
}
