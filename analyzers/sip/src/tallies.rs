//! What was counted, as reports show it.

use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

/// A text and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// What was counted. Text from the capture.
    pub name: String,
    /// How often it came.
    pub count: u64,
    /// The count may be too high by up to so many.
    #[serde(skip_serializing_if = "is_default")]
    pub too_high_by: u64,
}

/// A kind and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedCount {
    /// The kind.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: String,
    /// How often it came.
    pub count: u64,
}

/// A status code.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CodeCount {
    /// The status code.
    pub code: u16,
    /// Its name in IANA's registry; empty when it has none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: &'static str,
    /// Responses with it.
    pub count: u64,
}
