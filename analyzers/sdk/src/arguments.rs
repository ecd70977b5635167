//! Arguments that several tools have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// The argument `count_copies`. The decoder follows it: a tool declares it, and is given what is to be counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Count copies of packets too.")]
pub struct CountCopies(pub bool);

/// Checks the length of a text, in bytes.
///
/// # Errors
/// When it is empty or has more than `most` bytes; the reason speaks of characters, as whoever reads it counts these.
pub fn check_length(name: &str, text: Option<&str>, most: usize) -> Result<(), Problem> {
    match text {
        Some(text) if text.is_empty() || text.len() > most => {
            Err(Problem::argument(name, format!("must have 1 to {most} characters")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_length_within_bounds() {
        assert_eq!((check_length("name", None, 3), check_length("name", Some("abc"), 3)), (Ok(()), Ok(())));
        for text in ["", "abcd"] {
            let refused = check_length("name", Some(text), 3).unwrap_err();
            assert_eq!(refused, Problem::argument("name", "must have 1 to 3 characters"));
        }
    }
}
