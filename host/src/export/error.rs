//! Why a capture is not in a data set.

use std::io;

use super::Format;
use crate::answer::{AnswerError, Code};

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The capture gave no rows.
    #[error(transparent)]
    Capture(#[from] AnswerError),
    /// The place has no room.
    #[error("{place} has no room left: this capture is not in the data set; make some, or export to another place")]
    Full {
        /// What was to be written.
        place: String,
    },
    /// The place cannot be used.
    #[error("{place} cannot be {what}: {reason}")]
    Place {
        /// The file, folder or object.
        place: String,
        /// `read`, `written` or `used`.
        what: &'static str,
        /// The system's or the store's words.
        reason: String,
    },
    /// Another format is there already.
    #[error(
        "{place} has this capture as {there}, and {wanted} was asked for: export to another place, or with --format {there}"
    )]
    Format {
        /// The manifest.
        place: String,
        /// The format that is there.
        there: Format,
        /// The one that was asked for.
        wanted: Format,
    },
}

impl ExportError {
    /// What the system said about a file that was to be written.
    pub(super) fn written(place: impl Into<String>, error: &io::Error) -> Self {
        let place = place.into();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { place },
            _ => Self::Place { place, what: "written", reason: error.to_string() },
        }
    }

    /// Whether it is the place's fault, so that it is no better for other captures.
    pub fn is_of_place(&self) -> bool {
        !matches!(self, Self::Capture(_))
    }

    /// Whether somebody withdrew the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Capture(error) if error.code == Code::Cancelled)
    }
}

impl From<&ExportError> for AnswerError {
    fn from(error: &ExportError) -> Self {
        let code = match error {
            ExportError::Capture(error) => return error.clone(),
            ExportError::Full { .. } => Code::LimitReached,
            ExportError::Format { .. } => Code::BadArgument,
            ExportError::Place { .. } => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}
