//! The tools that are measured, each with what tshark has for the same question.

use mcpcap_analyzer::ToolEntry;
use serde_json::{Value, json};

use crate::generate::Kind;

/// A tool.
pub struct Subject {
    /// Its name at the terminal.
    pub short: &'static str,
    /// Its name over MCP, also in the Python project.
    pub name: &'static str,
    /// Its arguments.
    arguments: &'static [(&'static str, &'static str)],
    /// The taps of tshark for the same question; empty if there is none.
    pub tap: &'static str,
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
        match self.tap {
            "" => None,
            "capinfos" => Some(("capinfos", vec![capture.into()])),
            tap => Some(("tshark", ["-n", "-q", "-r", capture, "-z", tap].map(String::from).into())),
        }
    }
}

const ALL: &[Kind] = &[Kind::Mixed, Kind::Tcp, Kind::Dns];
const TCP: &[Kind] = &[Kind::Mixed, Kind::Tcp];
const MIXED: &[Kind] = &[Kind::Mixed];

/// All tools of the program.
pub fn subjects() -> Vec<Subject> {
    let of = |short, name, arguments, tap, kinds, entry| Subject { short, name, arguments, tap, kinds, entry };
    use mcpcap_tcp::tools as tcp;
    vec![
        of(
            "capinfos",
            "analyze_capinfos",
            &[],
            "capinfos",
            ALL,
            ToolEntry::of::<mcpcap_capinfos::analysis::Capinfos>(),
        ),
        of(
            "dns",
            "analyze_dns_packets",
            &[],
            "dns,tree",
            &[Kind::Mixed, Kind::Dns],
            ToolEntry::of::<mcpcap_dns::tool::DnsPackets>(),
        ),
        of("dhcp", "analyze_dhcp_packets", &[], "dhcp,stat", MIXED, ToolEntry::of::<mcpcap_dhcp::tool::DhcpPackets>()),
        of("icmp", "analyze_icmp_packets", &[], "icmp,srt", MIXED, ToolEntry::of::<mcpcap_icmp::tool::IcmpPackets>()),
        of("sip", "analyze_sip_packets", &[], "sip,stat", MIXED, ToolEntry::of::<mcpcap_sip::tool::SipPackets>()),
        of(
            "tcp_connections",
            "analyze_tcp_connections",
            &[],
            "conv,tcp",
            TCP,
            ToolEntry::of::<tcp::connections::TcpConnections>(),
        ),
        of(
            "tcp_anomalies",
            "analyze_tcp_anomalies",
            &[],
            "conv,tcp",
            TCP,
            ToolEntry::of::<tcp::anomalies::TcpAnomalies>(),
        ),
        of(
            "tcp_retransmissions",
            "analyze_tcp_retransmissions",
            &[],
            "conv,tcp",
            TCP,
            ToolEntry::of::<tcp::retransmissions::TcpRetransmissions>(),
        ),
        of("tls", "analyze_tls", &[], "", TCP, ToolEntry::of::<mcpcap_tls::tool::Tls>()),
        of("quic", "analyze_quic", &[], "", MIXED, ToolEntry::of::<mcpcap_quic::tool::Quic>()),
        of("http", "analyze_http", &[], "http,tree", TCP, ToolEntry::of::<mcpcap_http::tool::Http>()),
        // One of the servers that captures are made with.
        of(
            "traffic_flow",
            "analyze_traffic_flow",
            &[("server_ip", "198.18.0.11")],
            "conv,tcp",
            TCP,
            ToolEntry::of::<tcp::flow::TrafficFlow>(),
        ),
        of(
            "conversations",
            "analyze_conversations",
            &[],
            "conv,ip",
            ALL,
            ToolEntry::of::<mcpcap_flows::tool::Conversations>(),
        ),
        of("get_frames", "get_frames", &[], "", TCP, ToolEntry::of::<mcpcap_frames::frame::GetFrames>()),
        of(
            "get_stream",
            "get_stream",
            &[("connection", "0")],
            "follow,tcp,ascii,0",
            TCP,
            ToolEntry::of::<mcpcap_frames::stream::GetStream>(),
        ),
    ]
}
