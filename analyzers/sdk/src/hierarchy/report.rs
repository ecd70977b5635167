//! The hierarchy as reports have it.

use serde::Serialize;

use crate::{JsonSchema, is_default};

/// The protocol hierarchy from the link layer to the application.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProtocolHierarchy {
    /// Protocols in the order of the tree: each stands below the one that carries it, those with more packets first. Of more than 100, the 100 with
    /// most packets stand in front of the others. Behind these, those of `packets_not_placed` follow in no order, down to their transport.
    pub rows: Vec<ProtocolRow>,
    /// Rows in all; with more than 4,096 of `packets_not_placed` an estimate with a standard error of 0.8 %.
    pub rows_total: u64,
    /// Packets that are counted only down to a protocol that carries too many others. Their own protocols are on further pages of `rows`.
    #[serde(skip_serializing_if = "is_default")]
    pub packets_not_placed: u64,
}

/// A protocol at one place of the tree.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProtocolRow {
    /// The protocols down to this one: `eth:ip:tcp:tls`. The last one is Wireshark's short name or that of `protocols`, else `ip protocol 99`,
    /// `ethertype 0x88b5`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub path: String,
    /// How an application was recognised, as in `protocols`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by: Option<&'static str>,
    /// Packets that have this path.
    pub packets: u64,
    /// Their share of all packets, in percent.
    pub percent: f64,
    /// Sum of their original lengths, in bytes.
    pub bytes: u64,
}
