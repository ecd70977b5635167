//! The table `dhcp`: messages.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::community;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::table::{self, Captured, Time};

use crate::seen::{Lease, Role, Seen};

mcpcap_analyzer::table! {
    /// A message of DHCPv4, BOOTP or DHCPv6. Those of an exchange have the same `xid` and `client_identity`.
    pub struct DhcpMessage in "dhcp" {
        /// Its frame.
        frame: u64,
        /// When it was captured.
        time: Option<Time>,
        /// 4 or 6.
        family: u8,
        /// Its type by name: DISCOVER, ACK, SOLICIT, ..; BOOTP without one.
        message: Cow<'static, str>,
        /// What it is for, whatever its family calls it: discover, offer, request, grant, refuse, decline, release, ask, answer, other.
        role: &'static str,
        /// Transaction id.
        xid: u32,
        /// Who the client is: hardware address, or DUID.
        client_identity: Captured<String>,
        /// The client's hardware address, where it is known.
        mac: Option<Captured<String>>,
        /// Option 61 of DHCPv4.
        client_id: Option<Captured<String>>,
        /// The client's name.
        hostname: Option<Captured<String>>,
        /// Option 12 of DHCPv4: the client's name without its domain.
        option_12: Option<Captured<String>>,
        /// The client's name with its domain: option 81, or 39 of DHCPv6.
        fqdn: Option<Captured<String>>,
        /// Option 15 of DHCPv4: the domain of clients.
        domain: Option<Captured<String>>,
        /// Vendor class.
        vendor: Option<Captured<String>>,
        /// Numbers of the options that the client asks for, in its order.
        fingerprint: Option<Captured<String>>,
        /// The address that the client asks for.
        requested: Option<Captured<String>>,
        /// Option 50 of DHCPv4: the address that the client asks for.
        option_50: Option<IpAddr>,
        /// Server identifier: address, or DUID.
        server_id: Option<Captured<String>>,
        /// Who sent it.
        source: IpAddr,
        /// Its port.
        source_port: Option<u16>,
        /// To whom.
        destination: Option<IpAddr>,
        /// Its port.
        destination_port: Option<u16>,
        /// Outermost VLAN id.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Option<Cow<'static, str>>,
        /// Whether a server sent it.
        from_server: bool,
        /// Addresses and prefixes that are offered, granted, declined or released.
        addresses: Captured<Vec<String>>,
        /// How long the first of them is valid.
        #[unit = "s"]
        lease: Option<u32>,
        /// Routers that a server gives.
        routers: Captured<Vec<String>>,
        /// Name servers that a server gives.
        dns: Captured<Vec<String>>,
        /// Why a request is refused, in the server's words.
        reason: Option<Captured<String>>,
        /// Option 56 of DHCPv4: what server or client says of the other's message.
        words: Option<Captured<String>>,
        /// The first relay, or its address on the client's link.
        relay: Option<IpAddr>,
        /// Circuit and remote id of a relay.
        relay_ids: Captured<Vec<String>>,
        /// What is wrong with it.
        malformed: Option<&'static str>,
    }
}

/// Whether somebody wants the table. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<DhcpMessage>()
}

/// Gives the row of a message.
pub fn add(packet: &Packet<'_>, seen: &Seen, malformed: Option<&'static str>) {
    table::add(|| row(packet, seen, malformed));
}

fn row(packet: &Packet<'_>, seen: &Seen, malformed: Option<&'static str>) -> DhcpMessage {
    let text = |text: &Option<String>| text.clone().map(Captured);
    let address = |lease: &Lease| lease.address.clone();
    DhcpMessage {
        frame: seen.frame,
        time: seen.time.map(Time),
        family: seen.family.number(),
        message: seen.name.clone(),
        role: match seen.role {
            Role::Discover => "discover",
            Role::Offer => "offer",
            Role::Request => "request",
            Role::Grant => "grant",
            Role::Refuse => "refuse",
            Role::Decline => "decline",
            Role::Release => "release",
            Role::Ask => "ask",
            Role::Answer => "answer",
            Role::Other => "other",
        },
        xid: seen.xid,
        client_identity: Captured(seen.client.clone()),
        mac: text(&seen.mac),
        client_id: text(&seen.client_id),
        hostname: text(&seen.hostname),
        option_12: text(&seen.options.host_name),
        fqdn: text(&seen.fqdn),
        domain: text(&seen.options.domain),
        vendor: text(&seen.vendor),
        fingerprint: text(&seen.fingerprint),
        requested: text(&seen.requested),
        option_50: seen.options.requested.map(IpAddr::from),
        server_id: text(&seen.server),
        source: seen.source,
        source_port: packet.ports().map(|(source, _)| source),
        destination: packet.ip.map(|ip| ip.destination),
        destination_port: packet.ports().map(|(_, destination)| destination),
        vlan: packet.vlans().next(),
        community_id: community::of_packet(packet).map(|hash| community::text(&hash).into()),
        from_server: seen.from_server,
        addresses: Captured(seen.leases.iter().map(address).collect()),
        lease: seen.leases.first().and_then(|lease| lease.valid),
        routers: Captured(seen.routers.clone()),
        dns: Captured(seen.dns.clone()),
        reason: text(&seen.reason),
        words: text(&seen.options.words),
        relay: seen.segment.relay,
        relay_ids: Captured(seen.relay_ids.clone()),
        malformed,
    }
}
