//! Clients, servers and relays as the report lists them.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::Frames;
use serde::Serialize;

/// A client.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientReport {
    /// 4 or 6.
    pub ip_version: u8,
    /// Hardware address, or DUID.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// Hardware addresses.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub macs: Vec<String>,
    /// Present where `macs` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macs_total: Option<u64>,
    /// Client identifiers (option 61). May be text from the capture.
    pub client_ids: Vec<String>,
    /// Present where `client_ids` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ids_total: Option<u64>,
    /// Host names that it gives. Text from the capture.
    pub hostnames: Vec<String>,
    /// Present where `hostnames` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostnames_total: Option<u64>,
    /// Vendor classes that it gives. Text from the capture.
    pub vendor_classes: Vec<String>,
    /// Present where `vendor_classes` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_classes_total: Option<u64>,
    /// The options that it asks for, in its order; tells operating systems apart.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub fingerprints: Vec<String>,
    /// Present where `fingerprints` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprints_total: Option<u64>,
    /// Addresses that it asked for.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub requested: Vec<String>,
    /// Present where `requested` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_total: Option<u64>,
    /// Addresses that it was granted.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub addresses: Vec<String>,
    /// Present where `addresses` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses_total: Option<u64>,
    /// Some of these totals is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub totals_are_estimates: bool,
    /// Messages from it and to it.
    pub messages: u64,
    /// First frame about it.
    pub first_frame: u64,
    /// Last frame about it.
    pub last_frame: u64,
}

/// A server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServerReport {
    /// 4 or 6.
    pub ip_version: u8,
    /// Its identifier: address or DUID; its source address when it gives none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: String,
    /// Addresses that its messages came from.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub source_addresses: Vec<String>,
    /// Present where `source_addresses` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_addresses_total: Option<u64>,
    /// OFFER and ADVERTISE messages.
    pub offers: u64,
    /// ACK messages, and REPLY messages with success.
    pub grants: u64,
    /// NAK messages, and ADVERTISE and REPLY messages that refuse everything.
    pub refusals: u64,
    /// Default routers that it gives.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub routers: Vec<String>,
    /// Present where `routers` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routers_total: Option<u64>,
    /// Name servers that it gives.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub dns_servers: Vec<String>,
    /// Present where `dns_servers` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_servers_total: Option<u64>,
    /// Some of these totals is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub totals_are_estimates: bool,
    /// The shortest lease that it gives, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_lease_seconds: Option<u32>,
    /// The longest lease that it gives, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lease_seconds: Option<u32>,
    /// Their frames. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// A relay.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RelayReport {
    /// Its address.
    pub relay: IpAddr,
    /// Messages that passed through it.
    pub messages: u64,
    /// Circuit, interface and remote ids that it adds. May be text from the capture.
    pub identifiers: Vec<String>,
    /// Present where `identifiers` does not hold all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifiers_total: Option<u64>,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub identifiers_total_is_estimate: bool,
    /// Frame of the first of them.
    pub first_frame: u64,
}
