//! The tools that are measured, each with what tshark has for the same question.

use mcpcap_analyzer::ToolEntry;
use serde_json::{Value, json};

use crate::generate::Kind;

/// How Wireshark's programs are asked for what a tool tells.
#[derive(Clone, Copy)]
enum Rival {
    /// They have no answer.
    Nothing,
    /// The program of that name.
    Capinfos,
    /// Taps (`-z`) of tshark, in one run.
    Taps(&'static [&'static str]),
    /// Fields (`-T fields`) of the packets that a display filter chooses.
    Fields(&'static str, &'static [&'static str]),
}

/// What a list of connections of TLS or QUIC is made of.
const HANDSHAKES: &[&str] = &[
    "frame.number",
    "frame.time_epoch",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tls.handshake.type",
    "tls.handshake.version",
    "tls.handshake.ciphersuite",
    "tls.handshake.extensions_server_name",
    "tls.handshake.extensions_alpn_str",
    "tls.handshake.ja3",
    "tls.handshake.ja3s",
    "tls.alert_message.desc",
    "x509sat.printableString",
];

/// A tool.
pub struct Subject {
    /// Its name at the terminal.
    pub short: &'static str,
    /// Its name over MCP, also in the Python project.
    pub name: &'static str,
    /// Its arguments.
    arguments: &'static [(&'static str, &'static str)],
    /// What tshark is asked for the same; nothing if it has no answer.
    rival: Rival,
    /// The captures that it is measured on.
    pub kinds: &'static [Kind],
    /// The same code, natively.
    pub entry: ToolEntry,
}

impl Subject {
    /// What the program is started with.
    pub fn command(&self, capture: &str) -> Vec<String> {
        let mut command: Vec<String> = ["analyze", self.short, capture, "--format", "json"].map(String::from).into();
        for (name, value) in self.arguments {
            command.push(format!("--{}", name.replace('_', "-")));
            command.push((*value).into());
        }
        command
    }

    /// Its arguments as JSON.
    pub fn json(&self) -> Value {
        let pairs = self.arguments.iter().map(|(name, value)| {
            let value = value.parse::<u64>().map_or_else(|_| json!(value), |number| json!(number));
            ((*name).to_owned(), value)
        });
        Value::Object(pairs.collect())
    }

    /// The program of Wireshark for the same question, and its arguments.
    pub fn rival(&self, capture: &str) -> Option<(&'static str, Vec<String>)> {
        let mut arguments = ["-n", "-r", capture].map(String::from).to_vec();
        let of = |all: &[&str], each: &'static str| {
            all.iter().flat_map(|one| [each.to_owned(), (*one).to_owned()]).collect::<Vec<_>>()
        };
        match self.rival {
            Rival::Nothing => return None,
            Rival::Capinfos => return Some(("capinfos", vec![capture.into()])),
            Rival::Taps(taps) => arguments.extend([vec!["-q".into()], of(taps, "-z")].concat()),
            Rival::Fields(filter, fields) => {
                arguments.extend(["-Y", filter, "-T", "fields"].map(String::from));
                arguments.extend(of(fields, "-e"));
            }
        }
        Some(("tshark", arguments))
    }
}

const ALL: &[Kind] = &[Kind::Mixed, Kind::Tcp, Kind::Dns];
const TCP: &[Kind] = &[Kind::Mixed, Kind::Tcp];
const MIXED: &[Kind] = &[Kind::Mixed];

/// All tools of the program.
pub fn subjects() -> Vec<Subject> {
    let of = |short, name, arguments, rival, kinds, entry| Subject { short, name, arguments, rival, kinds, entry };
    use mcpcap_tcp::tools as tcp;
    vec![
        of(
            "capinfos",
            "analyze_capinfos",
            &[],
            Rival::Capinfos,
            ALL,
            ToolEntry::of::<mcpcap_capinfos::analysis::Capinfos>(),
        ),
        of(
            "dns",
            "analyze_dns_packets",
            &[],
            Rival::Taps(&["dns,tree"]),
            &[Kind::Mixed, Kind::Dns],
            ToolEntry::of::<mcpcap_dns::tool::DnsPackets>(),
        ),
        of(
            "dhcp",
            "analyze_dhcp_packets",
            &[],
            Rival::Taps(&["dhcp,stat"]),
            MIXED,
            ToolEntry::of::<mcpcap_dhcp::tool::DhcpPackets>(),
        ),
        of(
            "icmp",
            "analyze_icmp_packets",
            &[],
            Rival::Taps(&["icmp,srt"]),
            MIXED,
            ToolEntry::of::<mcpcap_icmp::tool::IcmpPackets>(),
        ),
        of(
            "sip",
            "analyze_sip_packets",
            &[],
            Rival::Taps(&["sip,stat"]),
            MIXED,
            ToolEntry::of::<mcpcap_sip::tool::SipPackets>(),
        ),
        of(
            "tcp_connections",
            "analyze_tcp_connections",
            &[],
            Rival::Taps(&["conv,tcp"]),
            TCP,
            ToolEntry::of::<tcp::connections::TcpConnections>(),
        ),
        of(
            "tcp_anomalies",
            "analyze_tcp_anomalies",
            &[],
            Rival::Taps(&["conv,tcp"]),
            TCP,
            ToolEntry::of::<tcp::anomalies::TcpAnomalies>(),
        ),
        of(
            "tcp_retransmissions",
            "analyze_tcp_retransmissions",
            &[],
            Rival::Taps(&["conv,tcp"]),
            TCP,
            ToolEntry::of::<tcp::retransmissions::TcpRetransmissions>(),
        ),
        of(
            "tls",
            "analyze_tls",
            &[],
            Rival::Fields("tls.handshake || tls.alert_message", HANDSHAKES),
            TCP,
            ToolEntry::of::<mcpcap_tls::tool::Tls>(),
        ),
        of(
            "quic",
            "analyze_quic",
            &[],
            Rival::Fields("quic", HANDSHAKES),
            MIXED,
            ToolEntry::of::<mcpcap_quic::tool::Quic>(),
        ),
        of("http", "analyze_http", &[], Rival::Taps(&["http,tree"]), TCP, ToolEntry::of::<mcpcap_http::tool::Http>()),
        // One of the servers that captures are made with.
        of(
            "traffic_flow",
            "analyze_traffic_flow",
            &[("server_ip", "198.18.0.11")],
            Rival::Taps(&["conv,tcp"]),
            TCP,
            ToolEntry::of::<tcp::flow::TrafficFlow>(),
        ),
        of(
            "conversations",
            "analyze_conversations",
            &[],
            Rival::Taps(&["conv,tcp", "conv,udp", "conv,ip", "io,phs"]),
            ALL,
            ToolEntry::of::<mcpcap_flows::tool::Conversations>(),
        ),
        of("get_frames", "get_frames", &[], Rival::Nothing, TCP, ToolEntry::of::<mcpcap_frames::frame::GetFrames>()),
        of(
            "get_stream",
            "get_stream",
            &[("connection", "0")],
            Rival::Taps(&["follow,tcp,ascii,0"]),
            TCP,
            ToolEntry::of::<mcpcap_frames::stream::GetStream>(),
        ),
    ]
}
