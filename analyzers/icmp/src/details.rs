//! A listed message.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{Frame, JsonSchema, time};
use serde::Serialize;

use crate::codes;
use crate::echo::{Answer, Outcome};
use crate::errors::QuotedReport;
use crate::limits;
use crate::message::Message;

/// A message in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PacketDetails {
    /// Number of the frame.
    pub frame: u64,
    /// Time of the frame: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub timestamp: Option<String>,
    /// Sender's address.
    pub src_ip: IpAddr,
    /// Receiver's address.
    pub dst_ip: IpAddr,
    /// 4 for ICMP, 6 for ICMPv6.
    pub ip_version: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Bytes of the frame on the wire.
    pub packet_size: u32,
    /// Number of the type.
    pub icmp_type: u8,
    /// Number of the code.
    pub icmp_code: u8,
    /// Name of the type.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub icmp_type_name: Cow<'static, str>,
    /// Name of the code, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub icmp_code_name: Option<Cow<'static, str>>,
    /// Checksum in the header.
    pub checksum: u16,
    /// Identifier and sequence number, of queries and replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_id: Option<u16>,
    /// Sequence number of an echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_seq: Option<u16>,
    /// Bytes behind the eight bytes of the ICMP header.
    pub payload_size: u64,
    /// Of a reply: the request's frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_frame: Option<u64>,
    /// Of a request: the first reply's frame, when the request is on the same page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_frame: Option<u64>,
    /// Time from the request to this reply, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// The packet that an error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<QuotedReport>,
    /// MTU that "fragmentation needed" and "packet too big" tell, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop_mtu: Option<u32>,
    /// Where in the quoted packet the problem is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<u32>,
    /// The first hop that a redirect names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// The address that neighbour discovery is about, or a redirect's destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<IpAddr>,
    /// MPLS labels that the router says the packet had, the outermost first (RFC 4950).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mpls_labels: Vec<u32>,
    /// Labels in all, where there are more than these 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpls_labels_total: Option<u64>,
    /// What stands out about a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub note: Option<&'static str>,
}

/// The list of labels of each message.
pub const MPLS_LABELS: &str = "packets[].mpls_labels";

impl PacketDetails {
    /// Describes a message. Its time has nine decimals.
    pub fn new(
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        message: &Message<'_>,
        outcome: Option<Outcome>,
        (place, lists): (usize, &mut Lists),
    ) -> Self {
        let redirect = message.redirect();
        let note = (outcome == Some(Outcome::AskedAgain)).then_some("a request with these numbers was sent before");
        let labels: Vec<u32> = message.mpls_labels().collect();
        let total = labels.len();
        let labels: Vec<u32> = lists.cut_within(MPLS_LABELS, &[place], limits::LABELS, labels.into_iter()).collect();
        Self {
            frame: packet.frame,
            timestamp: packet.timestamp.map(|timestamp| time::rfc3339(timestamp, 9)),
            src_ip: message.source,
            dst_ip: message.destination,
            ip_version: message.version.number(),
            ttl: message.hop_limit,
            packet_size: frame.original,
            icmp_type: message.kind,
            icmp_code: message.code,
            icmp_type_name: codes::type_name(message.version, message.kind),
            icmp_code_name: codes::code_name(message.version, message.kind, message.code),
            checksum: message.checksum,
            icmp_id: message.numbers.map(|(identifier, _)| identifier),
            icmp_seq: message.numbers.map(|(_, sequence)| sequence),
            payload_size: message.data_length as u64,
            request_frame: None,
            reply_frame: None,
            rtt_ms: None,
            quoted: message.quoted.as_ref().map(QuotedReport::new),
            next_hop_mtu: message.mtu(),
            pointer: message.pointer(),
            gateway: redirect.map(|(gateway, _)| gateway),
            target: message.target().map(IpAddr::from).or(redirect.map(|(_, destination)| destination)),
            mpls_labels_total: (labels.len() < total).then_some(total as u64),
            mpls_labels: labels,
            note,
        }
    }

    /// Adds what a reply turned out to be.
    pub fn settle(&mut self, answer: &Answer) {
        (self.request_frame, self.note) = match answer {
            Answer::First { request, .. } => (Some(*request), None),
            Answer::Again { request } => (Some(*request), Some("the request was answered before")),
            Answer::ForMany { request } => {
                (Some(*request), Some("answers a request to a broadcast or multicast address"))
            }
            Answer::Unasked => (None, Some("no request for this reply in the capture")),
        };
        if let Answer::First { round_trip, .. } = answer {
            self.rtt_ms = round_trip.map(time::milliseconds);
        }
    }
}
