//! How a call into a component can fail.

use crate::answer::{AnswerError, Code};
use crate::bindings::types;

/// A limit that a component ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::call`](crate::settings::Limits::call), or the end of the run.
    Time,
    /// [`Limits::memory`](crate::settings::Limits::memory).
    Memory,
    /// [`Limits::table_elements`](crate::settings::Limits::table_elements).
    Table,
    /// The numbers of memories, tables or instances.
    Instances,
    /// The engine's stack.
    Stack,
    /// [`Limits::answer`](crate::settings::Limits::answer).
    Answer,
    /// [`TableLimits::size`](crate::settings::TableLimits::size).
    Rows,
}

impl Limit {
    /// Its name in messages and error codes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Table => "table elements",
            Self::Instances => "instances",
            Self::Stack => "stack",
            Self::Answer => "answer size",
            Self::Rows => "bytes of rows",
        }
    }
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The component said so itself. It can be called again.
    #[error("{}", problem_text(.0))]
    Problem(types::Problem),
    /// It ran into a limit, and was discarded.
    #[error("the {component} component reached its limit of {} and was stopped{detail}", .limit.name())]
    Limit {
        /// Name of the component.
        component: String,
        /// The limit.
        limit: Limit,
        /// The limit's value and where it was reached, beginning with a blank or colon; may be empty.
        detail: String,
    },
    /// It cannot be run: it was there, and is not any more.
    #[error("the {component} component cannot be loaded: {reason}")]
    Unavailable {
        /// Name of the component.
        component: String,
        /// Why.
        reason: String,
    },
    /// The caller withdrew the request.
    #[error("the request was cancelled")]
    Cancelled,
    /// It failed in a way that is its own fault, and was discarded.
    #[error("the {component} component failed: {reason}")]
    Crashed {
        /// Name of the component.
        component: String,
        /// The kind of trap, or how it broke the contract.
        reason: String,
    },
}

impl From<Fault> for AnswerError {
    fn from(fault: Fault) -> Self {
        let code = match &fault {
            Fault::Problem(types::Problem::Arguments(_)) => Code::BadArgument,
            Fault::Problem(types::Problem::UnknownFormat(_)) => Code::NotACapture,
            Fault::Problem(types::Problem::Input(_)) => Code::Damaged,
            Fault::Problem(types::Problem::Limit(_)) | Fault::Limit { .. } => Code::LimitReached,
            Fault::Cancelled => Code::Cancelled,
            Fault::Crashed { .. } | Fault::Unavailable { .. } => Code::ComponentFault,
        };
        let message = match &fault {
            Fault::Problem(problem) => problem_text(problem),
            fault => fault.to_string(),
        };
        Self::new(code, message)
    }
}

/// What a component said, in one line.
pub fn problem_text(problem: &types::Problem) -> String {
    match problem {
        types::Problem::Arguments(bad) => format!("argument {}: {}", bad.argument, bad.reason),
        types::Problem::UnknownFormat(reason) => reason.clone(),
        types::Problem::Input(bad) => {
            let mut text = bad.reason.clone();
            if let Some(frame) = bad.frame {
                text.push_str(&format!(" (frame {frame})"));
            }
            if let Some(offset) = bad.offset {
                text.push_str(&format!(" (at byte offset {offset})"));
            }
            text
        }
        types::Problem::Limit(limit) => format!("{}: {}", limit.limit, limit.reason),
    }
}
