//! What a caller is told when there is no answer: a code from a published list and one clear line. Each room says beside its own failures which of them is
//! which code.

use serde_json::{Value, json};

use crate::effort::Stopped;
use crate::text::{neutral, url};

/// What kind of failure it is. The names are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// No capture of that name is there.
    NotFound,
    /// It is there and may not be read, or its address may not be fetched.
    NotAllowed,
    /// The bytes are no capture.
    NotACapture,
    /// It is a capture, and nothing of it could be read.
    Damaged,
    /// It is larger than a limit.
    TooLarge,
    /// A component or the run reached a limit; the message says which.
    LimitReached,
    /// An argument is missing, unknown or out of range; the message names it.
    BadArgument,
    /// The capture could not be fetched.
    FetchFailed,
    /// A component failed by its own fault.
    ComponentFault,
    /// Too many calls wait already; a later one may be answered.
    Busy,
    /// The caller withdrew the request.
    Cancelled,
    /// The server failed by its own fault.
    Internal,
}

impl Code {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::NotACapture => "not_a_capture",
            Self::Damaged => "damaged",
            Self::TooLarge => "too_large",
            Self::LimitReached => "limit_reached",
            Self::BadArgument => "bad_argument",
            Self::FetchFailed => "fetch_failed",
            Self::ComponentFault => "component_fault",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AnswerError {
    /// What kind of failure it is.
    pub code: Code,
    /// What is wrong, where, and what to do, in one line.
    pub message: String,
}

impl AnswerError {
    /// The longest message, in characters: one that lists the fields of all lists.
    const LONGEST: usize = 4000;

    /// An error with a message: without hidden characters, which the name of a file or a component's words may hold, and cut when it is too
    /// long for a client to show.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: neutral(&message.into(), Self::LONGEST).into_owned() }
    }

    /// As the text of an MCP result: `{"error": .., "code": .., "pcap_file": ..}`.
    pub fn to_json(&self, capture: Option<&str>) -> Value {
        let mut value = json!({ "error": self.message, "code": self.code.name() });
        if let (Some(capture), Some(object)) = (capture, value.as_object_mut()) {
            let name = url::shown(capture);
            object.insert("pcap_file".into(), neutral(&name, Self::LONGEST).into());
        }
        value
    }
}

impl From<Stopped> for AnswerError {
    fn from(stopped: Stopped) -> Self {
        let code = match &stopped {
            Stopped::Cancelled => Code::Cancelled,
            Stopped::Time | Stopped::Values => Code::LimitReached,
            Stopped::Malformed(_) => Code::ComponentFault,
        };
        Self::new(code, stopped.to_string())
    }
}
