//! How reports end.

use schemars::JsonSchema;
use serde::Serialize;

/// The end of a report, for `#[serde(flatten)]`: what limits left out of it, and whether it was ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ending<L: Default + PartialEq> {
    /// What was not kept, and what was not decoded. Absent when there is nothing to tell.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub limits: L,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub note: Option<String>,
}
