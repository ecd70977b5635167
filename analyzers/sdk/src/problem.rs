//! Foreseen failures, as the contract has them.

/// Why an analyzer could not do what it was asked. The variants are those of `problem` in `wit/mcpcap.wit`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The caller can mend it.
    #[error("argument {argument}: {reason}")]
    Arguments {
        /// Name of the argument; `tool` when the tool itself is unknown.
        argument: String,
        /// What is wrong and what would be right, in one line.
        reason: String,
    },
    /// The frames cannot be analysed at all.
    #[error("{reason}")]
    Input {
        /// Offset in the capture, where one is known.
        offset: Option<u64>,
        /// Number of the frame, where one is known.
        frame: Option<u64>,
        /// What is wrong, in one line.
        reason: String,
    },
    /// A limit that the analyzer set itself.
    #[error("{limit}: {reason}")]
    Limit {
        /// Which limit.
        limit: String,
        /// What reached it, with numbers.
        reason: String,
    },
}

impl Problem {
    /// A refused argument: its name, and what would be right.
    pub fn argument(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Arguments { argument: name.into(), reason: reason.into() }
    }
}
