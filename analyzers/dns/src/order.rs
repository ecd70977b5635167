//! Whether the frames of the file stand in the order of time.

use mcpcap_analyzer::decode::Order;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

/// Frames that do not stand in the order of time. Queries and responses are paired by time in any case.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct OrderReport {
    /// Frames with a time before that of a frame that stands before them.
    #[serde(skip_serializing_if = "is_default")]
    pub frames_back_in_time: u64,
    /// How far back the furthest of them goes, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub furthest_back_seconds: Option<f64>,
    /// Responses that stand in the file before their query and were paired with it.
    #[serde(skip_serializing_if = "is_default")]
    pub responses_before_their_query: u64,
    /// Responses without a query so far that had to make room for others, so that a query further behind in the file could not claim them:
    /// beyond this the order of frames was not made up for. They are among `unasked_responses` or `responses_to_another_question`.
    #[serde(skip_serializing_if = "is_default")]
    pub responses_given_up: u64,
}

impl OrderReport {
    /// What the decoder saw of the frames' times.
    pub fn of(order: &Order) -> Self {
        Self {
            frames_back_in_time: order.back,
            furthest_back_seconds: (order.back > 0).then(|| time::seconds(order.furthest)),
            ..Self::default()
        }
    }
}
