//! The tool `analyze_http`: its arguments, and the way from packets to streams.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stream::{self, Streams};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{Answer, Capture, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window};
use serde::Deserialize;

use crate::analysis::{Analysis, Carried};
use crate::report::Report;
use crate::rows::HttpExchange;
use crate::streams::State;
use crate::{counts, files, limits};

/// What may be asked of `analyze_http`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many exchanges; totals then cover only these.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count packets that were captured several times each time, not once.
    #[serde(default)]
    pub count_copies: bool,
}

/// One run of `analyze_http`.
pub struct Http {
    streams: Streams<State>,
    analysis: Analysis,
}

impl Tool for Http {
    const NAME: &'static str = "analyze_http";
    const TITLE: &'static str = "HTTP analysis";
    const DESCRIPTION: &'static str = "Analyses clear-text HTTP/1 and HTTP/2 on any port: each request with its \
        response, status, times, sizes; downloads and uploads with type, name and hashes; hosts, user agents, servers, \
        slow and failed requests. Findings: executables, passwords in clear, injection and traversal, scanners, web \
        shells, brute force, tunnels, request smuggling, regular POSTs.";
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
    ];
    const TABLES: &'static [&'static Table] = &[HttpExchange::TABLE];
    const WANTS: Wants = Wants::of(&[TransportKind::Tcp]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let (held_total, held) = limits::TCP_HELD;
        let limits = stream::Limits { connections: limits::CONNECTIONS, held, held_total };
        Ok(Self { streams: Streams::with_limits(limits), analysis: Analysis::new(&arguments, window) })
    }

    fn packet(&mut self, _: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_none() {
            let Self { streams, analysis } = self;
            streams.push(packet, &mut |connection, state, event| analysis.stream(connection, state, event));
        }
        Ok(self.analysis.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        let Self { streams, analysis } = &mut self;
        streams.finish(&mut |connection, state, event| analysis.stream(connection, state, event));
        let lists = self.analysis.lists();
        let carried = Carried {
            copies: capture.decoder.copies(lists),
            decoding: capture.decoder.limits(lists),
            reassembly: self.streams.statistics().told(),
        };
        Ok(self.analysis.report(capture, carried))
    }
}
