//! The table `icmp`: messages.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::community;
use mcpcap_analyzer::decode::{Packet, Quoted};
use mcpcap_analyzer::table::{self, Time};

use crate::codes;
use crate::message::Message;

mcpcap_analyzer::table! {
    /// A message of ICMP or ICMPv6. An echo and its reply have `identifier` and `sequence` in common, and addresses the other way round.
    pub struct IcmpMessage in "icmp" {
        /// Its frame.
        frame: u64,
        /// When it was captured.
        time: Option<Time>,
        /// 4 for ICMP, 6 for ICMPv6.
        ip_version: u8,
        /// Who sent it.
        source: IpAddr,
        /// To whom.
        destination: IpAddr,
        /// TTL or hop limit.
        hop_limit: u8,
        /// Outermost VLAN id.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Option<Cow<'static, str>>,
        /// Number of the type.
        type_number: u8,
        /// Name of the type.
        type_name: Cow<'static, str>,
        /// Number of the code.
        code: u8,
        /// Name of the code, where it has one.
        code_name: Option<Cow<'static, str>>,
        /// Whether it is an echo request.
        is_echo: bool,
        /// Whether it is an echo reply.
        is_echo_reply: bool,
        /// Identifier of queries and replies.
        identifier: Option<u16>,
        /// Sequence number of queries and replies.
        sequence: Option<u16>,
        /// Size of what follows the eight bytes of the header.
        #[unit = "bytes"]
        payload: usize,
        /// Who sent the packet that an error is about.
        about_source: Option<IpAddr>,
        /// Its port.
        about_source_port: Option<u16>,
        /// Where the packet was to go that an error is about.
        about_destination: Option<IpAddr>,
        /// Its port.
        about_destination_port: Option<u16>,
        /// Number of the IP protocol of the packet that an error is about.
        about_protocol: Option<u8>,
        /// Community ID of the flow that an error is about.
        about_community_id: Option<Cow<'static, str>>,
        /// MTU of the next hop, where the packet was too big.
        #[unit = "bytes"]
        mtu: Option<u32>,
        /// The better first hop that a redirect names.
        gateway: Option<IpAddr>,
        /// Whose link-layer address a neighbour is asked for, or tells.
        target: Option<IpAddr>,
    }
}

/// Whether somebody wants the table. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<IcmpMessage>()
}

/// Gives the row of a message.
pub fn add(packet: &Packet<'_>, message: &Message<'_>) {
    table::add(|| row(packet, message));
}

fn row(packet: &Packet<'_>, message: &Message<'_>) -> IcmpMessage {
    let quoted = message.quoted;
    let ports = quoted.and_then(|quoted| quoted.ports);
    IcmpMessage {
        frame: packet.frame,
        time: packet.timestamp.map(Time),
        ip_version: message.version.number(),
        source: message.source,
        destination: message.destination,
        hop_limit: message.hop_limit,
        vlan: packet.vlans().next(),
        community_id: community::of_packet(packet).map(|hash| community::text(&hash).into()),
        type_number: message.kind,
        type_name: codes::type_name(message.version, message.kind),
        code: message.code,
        code_name: codes::code_name(message.version, message.kind, message.code),
        is_echo: message.is_echo(),
        is_echo_reply: message.is_echo_reply(),
        identifier: message.numbers.map(|(identifier, _)| identifier),
        sequence: message.numbers.map(|(_, sequence)| sequence),
        payload: message.data_length,
        about_source: quoted.map(|quoted| quoted.source),
        about_source_port: ports.map(|(source, _)| source),
        about_destination: quoted.map(|quoted| quoted.destination),
        about_destination_port: ports.map(|(_, destination)| destination),
        about_protocol: quoted.map(|quoted| quoted.protocol),
        about_community_id: quoted.and_then(|quoted| about(&quoted)).map(Cow::Owned),
        mtu: message.mtu(),
        gateway: message.redirect().map(|(gateway, _)| gateway),
        target: message.target().map(IpAddr::from),
    }
}

/// The Community ID of the flow whose packet is quoted, as far as it is quoted.
fn about(quoted: &Quoted) -> Option<String> {
    let (source, destination) = match (quoted.protocol, quoted.ports, quoted.icmp) {
        (community::TCP | community::UDP | community::SCTP, ports, _) => {
            let (source, destination) = ports?;
            (Some(source), Some(destination))
        }
        // Of messages that another type answers, the type alone counts.
        (community::ICMP | community::ICMPV6, _, message) => match community::icmp(quoted.protocol, message?.0, 0) {
            (one, other, false) => (Some(one), Some(other)),
            (.., true) => return None,
        },
        _ => (None, None),
    };
    Some(community::id(quoted.protocol, (quoted.source, source), (quoted.destination, destination)))
}
