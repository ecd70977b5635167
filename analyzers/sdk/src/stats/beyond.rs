//! Entries of a list that is too long to be kept in order.

use super::Part;

/// Entries for which a table of the best had no place, or no longer one, in the order in which it turned them away: each entry is either in the table at
/// the end, or was turned away once. So a list of the best that goes on with these has every entry, though only a page of these is kept.
///
/// ```
/// use mcpcap_analyzer::stats::{Beyond, Part};
///
/// let mut beyond = Beyond::new(Part { offset: 1, limit: 2 });
/// (0..9).for_each(|n| beyond.push(|| n));
/// assert_eq!((beyond.total(), beyond.part(Part { offset: 2, limit: 7 }).collect::<Vec<_>>()), (9, vec![2]));
/// ```
#[derive(Debug, Clone)]
pub struct Beyond<T> {
    kept: Part,
    total: usize,
    entries: Vec<T>,
}

impl<T> Beyond<T> {
    /// None yet; of those to come a part is kept.
    pub fn new(part: Part) -> Self {
        Self { kept: part, total: 0, entries: Vec::new() }
    }

    /// Counts an entry, which is only made when it is kept.
    pub fn push(&mut self, entry: impl FnOnce() -> T) {
        if (self.kept.offset..self.kept.end()).contains(&self.total) {
            self.entries.push(entry());
        }
        self.total = self.total.saturating_add(1);
    }

    /// How many there were.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Those that are kept.
    pub fn entries(&self) -> &[T] {
        &self.entries
    }

    /// The same.
    pub fn into_entries(self) -> Vec<T> {
        self.entries
    }

    /// Those of them that stand in a part.
    pub fn part(self, part: Part) -> impl Iterator<Item = T> {
        let wanted = part.offset..part.end();
        let entries = (self.kept.offset..).zip(self.entries);
        entries.filter(move |(place, _)| wanted.contains(place)).map(|(_, entry)| entry)
    }
}
