//! The tool, and the way from frames to messages.

use std::net::SocketAddr;

use mcpcap_analyzer::arguments::check_length;
use mcpcap_analyzer::decode::{self, Packet};
use mcpcap_analyzer::stream::{Connection, Event, States};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::vlans::Vlans;
use mcpcap_analyzer::{Answer, Capture, Ends, Flow, Frame, Problem, Tool, TransportKind, Wants, Window};

use crate::analysis::{Analysis, Carried};
use crate::arguments::Arguments;
use crate::described::{OF_CALLS, OF_PACKETS};
use crate::details;
use crate::direction::Totals;
use crate::filter::{Filter, User};
use crate::limits;
use crate::message::{Fault, Start, could_begin, keep_alive, line};
use crate::report::{Evicted, Limits, Report};
use crate::rows::{SipCall, SipMessage};
use crate::seen::{PORT, Seen, Transport};
use crate::tcp::{Framing, Yield};
use crate::{calls, counts, parties, registrations, transactions};

/// One run of `analyze_sip_packets`.
pub struct SipPackets {
    streams: States<Framing>,
    framing: Totals,
    analysis: Analysis,
}

impl Tool for SipPackets {
    const NAME: &'static str = "analyze_sip_packets";
    const TITLE: &'static str = "SIP analysis";
    const DESCRIPTION: &'static str = "Analyses SIP over UDP, TCP and WebSocket, on any port: calls and \
        registrations that fail, telephony fraud, scans. Shows each call as a ladder with outcome, setup and talk \
        time, who ended it, final code, media and codecs; registrations, authentication and response times. \
        Findings: password guessing, user enumeration, INVITE floods, scanners, prefix probing, clear-text \
        credentials, silent servers.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["calls", "packets"];
    const CUT: &'static [&'static str] = &[
        "statistics.methods",
        "statistics.cseq_methods",
        "statistics.call_ids",
        "statistics.user_agents",
        "statistics.servers",
        "statistics.dialled_prefixes",
        transactions::UNANSWERED,
        "statistics.authentication.challenges",
        "statistics.authentication.credentials",
        "statistics.endpoints",
        "findings",
        registrations::REGISTRATIONS,
        parties::AGENTS,
        counts::FAULT_FRAMES,
        calls::LADDER,
        calls::FORKS,
        registrations::CODES,
        registrations::CONTACTS,
        registrations::USERNAMES,
        registrations::HISTORY,
        registrations::HISTORY_FRAMES,
        details::CONTACT,
        details::VIA,
        details::HEADERS,
        OF_PACKETS.media,
        OF_PACKETS.codecs,
        OF_PACKETS.suites,
        OF_PACKETS.candidates,
        OF_CALLS.media,
        OF_CALLS.codecs,
        OF_CALLS.suites,
        OF_CALLS.candidates,
    ];

    const TABLES: &'static [&'static Table] = &[SipMessage::TABLE, SipCall::TABLE];

    const WANTS: Wants =
        Wants::of(&[TransportKind::Udp, TransportKind::Tcp, TransportKind::Icmp, TransportKind::Icmpv6]).and_streams();
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        for (name, value, most) in
            [("call_id", &arguments.call_id, 1024), ("method", &arguments.method, 64), ("user", &arguments.user, 256)]
        {
            check_length(name, value.as_deref(), most)?;
        }
        let filter = Filter {
            call_id: arguments.call_id.clone(),
            method: arguments.method.clone(),
            user: arguments.user.as_deref().map(User::new),
        };
        Ok(Self {
            streams: States::default(),
            framing: Totals::default(),
            analysis: Analysis::new(&arguments, filter, window),
        })
    }

    fn packet(&mut self, _: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        if packet.copy_of.is_some() {
            return Ok(self.analysis.flow());
        }
        if let Some(ip) = &packet.ip {
            self.analysis.hear(ip.source);
        }
        if let decode::Transport::Udp(_) = &packet.transport {
            self.datagram(packet);
        }
        Ok(self.analysis.flow())
    }

    fn stream(&mut self, connection: &Connection, event: Event<'_>) -> Result<Flow, Problem> {
        let Self { streams, framing, analysis } = self;
        streams.take(connection, event, |state, event| {
            state.take(connection, event, framing, &mut |found| take(analysis, found));
        });
        Ok(self.analysis.flow())
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        let keep_alives = &mut self.analysis.counts.keep_alives;
        *keep_alives = keep_alives.saturating_add(self.framing.keep_alives);
        let limits = Limits {
            evicted: Evicted::default(),
            requests_behind_their_responses: 0,
            responses_not_told_apart: 0,
            incomplete_over_tcp: self.framing.incomplete,
            skipped_tcp_octets: self.framing.skipped,
            unreadable_websocket_messages: self.framing.unreadable,
            decoding: capture.decoder.limits(self.analysis.lists()),
            reassembly: capture.streams.told(),
        };
        let carried = Carried {
            encrypted: self.framing.encrypted,
            websockets: self.framing.websockets,
            copies: capture.decoder.copies(self.analysis.lists()),
            limits,
            decoding: capture.decoder.decoding.clone(),
        };
        Ok(self.analysis.report(capture, carried))
    }
}

fn take(analysis: &mut Analysis, found: Yield<'_>) {
    match found {
        Yield::Message(seen, octets, framed) => analysis.message(&seen, octets, framed),
        Yield::Malformed(seen) => analysis.malformed(Fault::NoStartLine, seen.frame),
    }
}

impl SipPackets {
    fn datagram(&mut self, packet: &Packet<'_>) {
        let (Some(ip), Some((source, destination))) = (packet.ip, packet.ports()) else { return };
        let seen = Seen {
            transport: Transport::Udp,
            source: SocketAddr::new(ip.source, source),
            destination: SocketAddr::new(ip.destination, destination),
            frame: packet.frame,
            timestamp: packet.timestamp,
            cut: packet.is_cut(),
            vlan: packet.vlans().next(),
            connection: None,
            vlans: Vlans::of(packet),
        };
        let octets = packet.payload.get(keep_alive(packet.payload)..).unwrap_or_default();
        let expected = seen.has_port(PORT);
        let short = packet.payload_length <= limits::KEEP_ALIVE_OCTETS;
        if octets.is_empty() || short {
            if expected && packet.payload_length > 0 {
                let count = &mut self.analysis.counts.keep_alives;
                *count = count.saturating_add(1);
            }
        } else if could_begin(octets) && octets.contains(&b'\n') {
            self.analysis.message(&seen, octets, false);
        } else if expected {
            let (line, ..) = line(octets);
            let fault = match Start::parse(line) {
                Err(_) if seen.cut && line.len() == octets.len() => Fault::CutBySnapLength,
                Err(fault) => fault,
                Ok(_) => Fault::NoBlankLine,
            };
            self.analysis.malformed(fault, seen.frame);
        }
    }
}
