//! The tool's arguments.

use std::num::NonZeroU64;

use mcpcap_analyzer::{CountCopies, JsonSchema};
use serde::Deserialize;

/// What may be asked of `analyze_sip_packets`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Stop after so many SIP messages.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// List only messages and calls with this Call-ID.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1024))]
    pub call_id: Option<String>,
    /// List only requests of this method and responses to them, for example REGISTER.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    pub method: Option<String>,
    /// List only what has this user: `alice`, or `0049*` for all that begin so.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    pub user: Option<String>,
    /// Give all headers of listed messages, not only the main ones.
    #[serde(default)]
    pub headers: bool,
    #[serde(default)]
    pub count_copies: CountCopies,
}
