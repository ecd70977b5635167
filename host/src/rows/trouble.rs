//! Why there are no rows, or no answer to a query about them.

use crate::answer::{AnswerError, Code};
use crate::effort::Stopped;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The SQL is wrong, or asks for what is not given.
    #[error("{0}")]
    Sql(String),
    /// A limit was reached.
    #[error("the query reached its limit of {0}")]
    Limit(String),
    /// There is no room for more rows than these bytes.
    #[error("the rows have more than {} MiB", .0 >> 20)]
    Full(u64),
    /// Nobody waits, or the time of the answer is over.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The file of a table is not as it was written.
    #[error("a table is damaged: {0}")]
    Damaged(String),
    /// The database failed.
    #[error("the database of tables failed: {0}")]
    Failed(String),
}

impl From<QueryError> for AnswerError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Sql(reason) => Self::new(Code::BadArgument, format!("argument sql: {reason}")),
            QueryError::Limit(_) | QueryError::Full(_) => Self::new(Code::LimitReached, error.to_string()),
            QueryError::Stopped(stopped) => stopped.into(),
            QueryError::Damaged(_) | QueryError::Failed(_) => Self::new(Code::Internal, error.to_string()),
        }
    }
}
