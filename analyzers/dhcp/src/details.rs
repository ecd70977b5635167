//! A listed message.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::stats::{Lists, Pool, Sequence};
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::counts::named;
use crate::limits;
use crate::seen::Seen;
use crate::{v4, v6};

/// A message in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PacketDetails {
    /// Number of the frame.
    pub frame: u64,
    /// Time of the frame: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub timestamp: Option<String>,
    /// 4 for DHCPv4 and BOOTP, 6 for DHCPv6.
    pub ip_version: u8,
    /// Sender's address.
    pub src_ip: IpAddr,
    /// Receiver's address.
    pub dst_ip: IpAddr,
    /// Sender's port.
    pub src_port: u16,
    /// Receiver's port.
    pub dst_port: u16,
    /// Innermost VLAN. Absent when the frame is untagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Transaction id, in hexadecimal.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub transaction_id: String,
    /// BOOTP where there is none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message_type: Cow<'static, str>,
    /// Number of the message type. Absent for BOOTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type_code: Option<u8>,
    /// Hardware address, or DUID.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// Client's hardware address, where the message has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client_mac: Option<String>,
    /// Server identifier: address, or DUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server_id: Option<String>,
    /// The fixed part of a DHCPv4 message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootp: Option<Bootp>,
    /// Relays of a DHCPv6 message, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<RelayDetails>,
    /// In order of appearance, parts of one joined. As far as the texts of all messages have room.
    pub options: Vec<OptionDetails>,
    /// Options that found no room in the report: they are on pages of `options`, or of those of a relay.
    #[serde(skip_serializing_if = "is_default")]
    pub options_left_out: u64,
    /// What is wrong with the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub malformed: Option<&'static str>,
}

/// The fixed part of a DHCPv4 message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Bootp {
    /// Request or Reply.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub op: &'static str,
    /// ciaddr: address that the client has.
    pub client_ip: IpAddr,
    /// yiaddr: address for the client.
    pub your_ip: IpAddr,
    /// siaddr: server to boot from.
    pub server_ip: IpAddr,
    /// giaddr: relay's address on the client's link.
    pub relay_ip: IpAddr,
    /// Relays that passed it on, as they count.
    pub hops: u8,
    /// Seconds since the client began.
    pub seconds: u16,
    /// The client wants answers by broadcast.
    pub broadcast: bool,
    /// Hardware type; 1 is Ethernet.
    pub hardware_type: u8,
    /// sname: name of the server to boot from. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// file: name of the boot file. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_file: Option<String>,
}

/// A relay of a DHCPv6 message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RelayDetails {
    /// Relays before this one, as they count.
    pub hops: u8,
    /// Relay's address on the client's link.
    pub link_address: IpAddr,
    /// Address of the client or relay that the message came from.
    pub peer_address: IpAddr,
    /// Options that the relay added.
    pub options: Vec<OptionDetails>,
}

/// The list of options of each message.
pub const OPTIONS: &str = "packets[].options";
/// The same of what a relay adds.
pub const RELAY_OPTIONS: &str = "packets[].relays[].options";
/// The list of values of each option of each message.
pub const VALUES: &str = "packets[].options[].values";
/// The same of what a relay adds.
pub const RELAY_VALUES: &str = "packets[].relays[].options[].values";

/// An option.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OptionDetails {
    /// Number of the option.
    pub code: u16,
    /// Name of the option.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// Its values. May be text from the capture.
    pub values: Vec<String>,
    /// Values in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_total: Option<u64>,
}

impl OptionDetails {
    fn new(code: u16, name: Cow<'static, str>, values: Vec<String>) -> Self {
        Self { code, name, values, values_total: None }
    }

    /// As many of its values as there is room for.
    fn bounded(&mut self, list: &str, room: &mut Pool) -> Sequence<String> {
        let mut values = Sequence::of(list, limits::OPTION_VALUES);
        for value in std::mem::take(&mut self.values) {
            values.push(|| value.clone(), room);
        }
        values
    }
}

impl PacketDetails {
    fn new(packet: &Packet<'_>, destination: IpAddr, seen: &Seen) -> Self {
        let (src_port, dst_port) = packet.ports().unwrap_or_default();
        Self {
            frame: seen.frame,
            timestamp: seen.time.map(|at| time::rfc3339(at, 9)),
            ip_version: seen.family.number(),
            src_ip: seen.source,
            dst_ip: destination,
            src_port,
            dst_port,
            vlan: seen.segment.vlan,
            transaction_id: format!("0x{:08x}", seen.xid),
            message_type: seen.name.clone(),
            message_type_code: seen.kind,
            client: seen.client.clone(),
            client_mac: seen.mac.clone(),
            server_id: seen.server.clone(),
            bootp: None,
            relays: Vec::new(),
            options: Vec::new(),
            options_left_out: 0,
            malformed: None,
        }
    }

    /// Cuts the values of options, and leaves options out from the first one that is longer than what is left of `characters`; takes the others from it.
    pub fn fit(mut self, characters: &mut usize, values: &mut Pool, place: usize, lists: &mut Lists) -> Self {
        let mut left_out = 0_u64;
        let relays = self.relays.iter_mut().enumerate();
        let of_relays = relays.map(|(nth, relay)| (RELAY_OPTIONS, RELAY_VALUES, vec![place, nth], &mut relay.options));
        for (list, of_values, places, options) in of_relays.chain([(OPTIONS, VALUES, vec![place], &mut self.options)]) {
            let (part, total) = (lists.part_within(list, usize::MAX), options.len());
            options.drain(..part.offset.min(total));
            let mut kept = 0_usize;
            for option in options.iter_mut() {
                let bounded = option.bounded(of_values, values);
                let total = bounded.total();
                let nth = part.offset.saturating_add(kept);
                option.values = lists.sequence(of_values, &[&places[..], &[nth]].concat(), bounded);
                option.values_total = Some(total).filter(|total| *total > option.values.len() as u64);
                let length = option.values.iter().map(String::len).sum::<usize>();
                let Some(rest) = characters.checked_sub(length) else { break };
                *characters = rest;
                kept = kept.saturating_add(1);
            }
            left_out = left_out.saturating_add(options.len().saturating_sub(kept) as u64);
            options.truncate(kept);
            lists.told_within(list, &places, total as u64, part, kept);
        }
        self.options_left_out = left_out;
        self
    }

    /// Describes a DHCPv4 message. Its time has nine decimals.
    pub fn v4(packet: &Packet<'_>, destination: IpAddr, seen: &Seen, message: &v4::Message) -> Self {
        let options = message.options.iter().flatten().map(|option| {
            let name = named(v4::names::option(option.code).map(|(name, _)| name), "option", option.code.into());
            OptionDetails::new(option.code.into(), name, v4::values::values(option.code, &option.value))
        });
        Self {
            bootp: Some(Bootp {
                op: if message.op == 1 { "Request" } else { "Reply" },
                client_ip: message.client.into(),
                your_ip: message.your.into(),
                server_ip: message.server.into(),
                relay_ip: message.relay.into(),
                hops: message.hops,
                seconds: message.seconds,
                broadcast: message.flags & 0x8000 != 0,
                hardware_type: message.hardware,
                server_name: message.server_name.clone(),
                boot_file: message.boot_file.clone(),
            }),
            options: options.collect(),
            malformed: message.malformed,
            ..Self::new(packet, destination, seen)
        }
    }

    /// Describes a DHCPv6 message. Its time has nine decimals.
    pub fn v6(packet: &Packet<'_>, destination: IpAddr, seen: &Seen, message: &v6::Message) -> Self {
        let options = |options: &[v6::DhcpOption]| -> Vec<OptionDetails> {
            let describe = |option: &v6::DhcpOption| {
                let name = named(v6::names::option(option.code), "option", option.code);
                OptionDetails::new(option.code, name, v6::values::values(option.code, &option.value))
            };
            options.iter().map(describe).collect()
        };
        let relays = message.relays.iter().map(|relay| RelayDetails {
            hops: relay.hops,
            link_address: relay.link.into(),
            peer_address: relay.peer.into(),
            options: options(&relay.options),
        });
        Self {
            transaction_id: format!("0x{:06x}", seen.xid),
            relays: relays.collect(),
            options: options(&message.options),
            malformed: message.malformed,
            ..Self::new(packet, destination, seen)
        }
    }
}
