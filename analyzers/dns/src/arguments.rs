//! The tool's arguments.

use std::num::NonZeroU64;

use mcpcap_analyzer::{CountCopies, JsonSchema};
use serde::Deserialize;

/// What may be asked of `analyze_dns_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many DNS messages.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages with a name that fits: `*.example.com`, `*` for anything.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    pub name: Option<String>,
    #[serde(default)]
    pub count_copies: CountCopies,
}
