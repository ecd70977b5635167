//! Reports without noise: what is not there is not told.

use schemars::JsonSchema;
use serde::Serialize;

/// A report, or the one sentence that there is nothing to report.
///
/// ```
/// #[derive(serde::Serialize, mcpcap_analyzer::JsonSchema)]
/// struct Report {
///     /// Messages.
///     messages: u64,
/// }
///
/// let nothing = mcpcap_analyzer::Answer::<Report>::nothing("No messages found in this capture".into());
/// assert_eq!(serde_json::to_string(&nothing).unwrap(), r#"{"message":"No messages found in this capture"}"#);
/// assert_eq!(serde_json::to_string(&mcpcap_analyzer::Answer::from(Report { messages: 2 })).unwrap(), r#"{"messages":2}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer<R> {
    /// Says that nothing was found, and where was looked. Absent when there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message: Option<String>,
    /// Absent when there is nothing to tell.
    #[serde(flatten)]
    pub report: Option<R>,
}

impl<R> Answer<R> {
    /// Only a sentence.
    pub fn nothing(message: String) -> Self {
        Self { message: Some(message), report: None }
    }
}

impl<R> From<R> for Answer<R> {
    fn from(report: R) -> Self {
        Self { message: None, report: Some(report) }
    }
}

/// Whether a value says nothing: 0, false, an empty list, or a structure of these. For `#[serde(skip_serializing_if = "mcpcap_analyzer::is_default")]`.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
