//! What is asked and answered. The comments are what a model reads.

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::{Deserialize, Serialize};

/// What may be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after this many ARP messages (default: all).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_packets: Option<u64>,
}

/// What is answered.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// ARP messages, malformed and other ones included.
    pub arp_packets_found: u64,
    /// Requests (operation 1).
    pub requests: u64,
    /// Replies (operation 2).
    pub replies: u64,
    /// Requests without a sender's address: who wants to know whether an address is free.
    pub probes: u64,
    /// Requests for the sender's own address: who tells that an address is taken.
    pub announcements: u64,
    /// Replies whose sender and target are the same.
    pub gratuitous_replies: u64,
    /// Messages of another operation.
    pub other_operations: u64,
    /// Messages about something else than IPv4 over Ethernet.
    pub other_hardware: u64,
    /// Messages that end before their fields.
    pub malformed: u64,
    /// Frames of the first of them.
    pub malformed_frames: Vec<u64>,
    /// Which hardware address claimed which IPv4 address.
    pub bindings: Vec<Binding>,
    /// Addresses that were asked for and never answered, those that were asked for most first.
    pub unanswered: Vec<Unanswered>,
    /// How many such addresses there are.
    pub unanswered_total: u64,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// What there was no room for.
    pub limits: Limits,
}

/// A claim.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Binding {
    /// The IPv4 address.
    // Written by this analyzer, and not a text from the capture.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ip: String,
    /// The hardware address.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub mac: String,
    /// Messages that claim it.
    pub packets: u64,
    /// The first of them.
    pub first_frame: u64,
    /// The last of them.
    pub last_frame: u64,
}

/// An address that nobody answered for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unanswered {
    /// The IPv4 address.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ip: String,
    /// Requests for it.
    pub requests: u64,
    /// The first of them.
    pub first_frame: u64,
}

/// What there was no room for.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Limits {
    /// Messages with claims for which there was no room.
    pub bindings_left_out: u64,
    /// Requests for addresses for which there was no room.
    pub targets_left_out: u64,
}
