//! Lists within the entries of a table whose values come one after the other, each a new one.

use super::Pool;
use super::within::{self, Part};

/// The first values of a list: a few always, and up to [`Pool::MOST`] as long as the [`Pool`] has room. In a run that is asked for a page of the list,
/// that page is kept too.
///
/// ```
/// use mcpcap_analyzer::stats::{Pool, Sequence};
///
/// let mut pool = Pool::new(8);
/// let mut steps = Sequence::of("calls[].steps", 2);
/// (1..=5).for_each(|step| steps.push(|| step, &mut pool));
/// assert_eq!((steps.first(), steps.total()), (&[1, 2, 3][..], 5));
/// ```
#[derive(Debug, Clone)]
pub struct Sequence<T> {
    first: Vec<T>,
    few: usize,
    total: u64,
    page: Option<Box<Part<T>>>,
}

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self { first: Vec::new(), few: 0, total: 0, page: None }
    }
}

impl<T> Sequence<T> {
    /// None yet, of a list that has pages under its name within entries: `transactions[].messages`. [`Lists::sequence`](super::Lists::sequence) gives them.
    pub fn of(list: &str, few: usize) -> Self {
        let page = within::after(list).map(|after| Box::new(Part::new(after)));
        Self { first: Vec::new(), few, total: 0, page }
    }

    /// Takes the next value, which is only made when it is kept.
    pub fn push(&mut self, value: impl Fn() -> T, pool: &mut Pool) {
        let is_whole = self.first.len() as u64 == self.total;
        self.total = self.total.saturating_add(1);
        if is_whole && pool.admits(self.first.len(), self.few) {
            self.first.push(value());
        }
        if let Some(page) = &mut self.page {
            page.add(self.total, value, pool);
        }
    }

    /// Changes the last value for which something holds, wherever it is kept.
    pub fn change_last(&mut self, holds: impl Fn(&T) -> bool, mut change: impl FnMut(&mut T)) {
        if let Some(value) = self.first.iter_mut().rev().find(|value| holds(value)) {
            change(value);
        }
        if let Some(value) = self.page.as_mut().and_then(|page| page.last_mut(|value| holds(value))) {
            change(value);
        }
    }

    /// The first ones.
    pub fn first(&self) -> &[T] {
        &self.first
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What a report shows of them, and where the page behind that begins.
    pub(super) fn into_page(self) -> (Vec<T>, Option<u64>) {
        match self.page {
            Some(page) => {
                let next = page.next();
                (page.into_values().collect(), next)
            }
            None => {
                let kept = self.first.len() as u64;
                (self.first, Some(kept).filter(|kept| *kept < self.total))
            }
        }
    }

    /// Gives the room back when the entry goes.
    pub fn release(&self, pool: &mut Pool) {
        pool.release(self.first.len(), self.few);
        if let Some(page) = &self.page {
            page.release(pool);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_joined_are_the_whole_sequence() {
        const LIST: &str = "a[].b";
        // Others take the room, and give it back in between.
        let made = |room: usize| {
            let mut pool = Pool::new(room);
            let (mut one, mut other) = (Sequence::of(LIST, 4), Sequence::of(LIST, 4));
            for n in 0..5_000_u64 {
                if n < 2_000 {
                    other.push(|| 0, &mut pool);
                } else if n == 2_000 {
                    other.release(&mut pool);
                }
                one.push(|| n, &mut pool);
            }
            one
        };
        for room in [0, 200, 100_000] {
            within::begin(None);
            let (mut joined, mut next) = made(room).into_page();
            while let Some(after) = next {
                assert_eq!(after, joined.len() as u64);
                within::begin(Some(&within::Within { list: LIST.into(), after }));
                let page = made(room);
                assert_eq!((page.total(), page.first()), (5_000, &joined[..page.first().len()]));
                let (values, behind) = page.into_page();
                joined.extend(values);
                next = behind;
            }
            within::begin(None);
            assert!(joined.into_iter().eq(0..5_000), "{room}");
        }
    }
}
