//! Neighbours, routers and groups as the report lists them.

use std::net::{IpAddr, Ipv6Addr};

use mcpcap_analyzer::finding::Frames;
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::advertisement::PrefixReport;

/// Neighbour discovery and what goes with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeighbourReport {
    /// Neighbour solicitations.
    pub solicitations: u64,
    /// Solicitations from the unspecified address: somebody is about to use an address.
    pub duplicate_address_probes: u64,
    /// Neighbour advertisements.
    pub advertisements: u64,
    /// Addresses that were solicited or advertised; those with an advertisement first.
    pub neighbours: Vec<NeighbourEntry>,
    /// Different addresses that were solicited or advertised; beyond 4,096 an estimate with a standard error of 0.8 %.
    pub neighbours_total: u64,
    /// Routers that advertise themselves, those with most advertisements first.
    pub routers: Vec<RouterReport>,
    /// Different routers.
    pub routers_total: u64,
    /// Groups that hosts report to listen to, those with most reports first; behind the first 2,048 in no order.
    pub multicast_groups: Vec<GroupReport>,
    /// Groups in all; beyond 4,096 an estimate with a standard error of 0.8 %.
    pub multicast_groups_total: u64,
}

/// An address and who has it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeighbourEntry {
    /// The IPv6 address.
    pub address: Ipv6Addr,
    /// Link-layer addresses from advertisements; more than one: a conflict, a move, spoofing, or hosts of several VLANs. Of many this is a page.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub macs: Vec<String>,
    /// Different ones. Of one neighbour 1,024 are kept, of all 8,192.
    pub macs_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub macs_total_is_estimate: bool,
    /// An advertisement says that it is a router.
    pub router: bool,
    /// How often it was asked for.
    pub solicited: u64,
    /// The first advertisement of each link-layer address in each VLAN; beyond 512 of these, and 8,192 of all neighbours, all advertisements. Of many
    /// this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// A router, by its last advertisement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RouterReport {
    /// Its address.
    pub address: IpAddr,
    /// Innermost VLAN. Absent when its frames are untagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Its link-layer address, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub mac: Option<String>,
    /// Advertisements in all.
    pub advertisements: u64,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
    /// How long it is a default router, in seconds; 0: it is none.
    pub lifetime_seconds: u16,
    /// Hop limit that hosts are to use; 0: not said.
    pub hop_limit: u8,
    /// Addresses come by DHCPv6.
    pub managed: bool,
    /// Other configuration comes by DHCPv6.
    pub other_configuration: bool,
    /// high, medium, low or reserved (RFC 4191).
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub preference: &'static str,
    /// MTU of the link, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// Prefixes of the link. This list and those that follow hold up to 1,024 values while there is room, and 8 at least. Of many these are pages.
    pub prefixes: Vec<PrefixReport>,
    /// Prefixes in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefixes_total: Option<u64>,
    /// Routes through this router, as `prefix/length`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub routes: Vec<String>,
    /// Routes in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes_total: Option<u64>,
    /// Name servers that hosts are to ask.
    pub dns_servers: Vec<IpAddr>,
    /// Name servers in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_servers_total: Option<u64>,
    /// Domains in which hosts are to look for names. Text from the capture.
    pub dns_search: Vec<String>,
    /// Domains in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_search_total: Option<u64>,
    /// Addresses that an ICMP router advertisement names.
    pub gateways: Vec<IpAddr>,
    /// Addresses in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateways_total: Option<u64>,
}

/// A multicast group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupReport {
    /// Address of the group.
    pub group: IpAddr,
    /// Reports for it.
    pub reports: u64,
    /// By how much `reports` may be too high, as there were more groups than are counted one by one.
    #[serde(skip_serializing_if = "is_default")]
    pub reports_too_many: u64,
}
