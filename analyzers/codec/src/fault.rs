//! How the decoder of a format stops.

/// What a format's decoder finds wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Unknown(String),
    Damaged(String),
    Limit { limit: &'static str, reason: String },
}

impl Fault {
    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }
}

/// Why a format's decoder stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// All input is used, and all that it became has been put out.
    Hungry,
    /// There is no more room.
    Full,
    /// Nothing that follows belongs to the stream.
    Complete,
}
