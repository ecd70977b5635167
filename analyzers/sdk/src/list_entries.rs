//! The argument `list_entries`.

use crate::Problem;

/// The most entries that may be asked for.
pub const LIST_ENTRIES_MOST: u16 = 2048;

/// How many entries each list of the statistics has: as many as the argument asks for, else as is usual.
///
/// # Errors
/// [`Problem::Arguments`] for 0, and for more than [`LIST_ENTRIES_MOST`].
pub fn list_entries(asked: Option<u16>, usual: usize) -> Result<usize, Problem> {
    match asked {
        None => Ok(usual),
        Some(entries) if (1..=LIST_ENTRIES_MOST).contains(&entries) => Ok(entries.into()),
        Some(_) => Err(Problem::argument("list_entries", format!("must be 1 to {LIST_ENTRIES_MOST}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_given_within_bounds() {
        assert_eq!((list_entries(None, 20).ok(), list_entries(Some(2048), 20).ok()), (Some(20), Some(2048)));
        assert!(list_entries(Some(0), 20).is_err() && list_entries(Some(2049), 20).is_err());
    }
}
