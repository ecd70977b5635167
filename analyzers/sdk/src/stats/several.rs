//! The lists within the entries of a table.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use super::within::{self, Part};
use super::{Distinct, FixedHash};

/// Room that all entries of a table share: for values, and for [`COUNTERS`] that go on counting when those are used up.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    values: usize,
    counters: usize,
    /// Room for the values of pages, besides those that every run keeps.
    pages: usize,
}

/// Entries that can be counted beyond what is kept of them, in at most about 2.5 KiB each.
const COUNTERS: usize = 1024;

impl Pool {
    /// Values that one list keeps at the most.
    pub const MOST: usize = 1024;

    /// Room for so many values.
    pub fn new(values: usize) -> Self {
        Self { values, counters: COUNTERS, pages: values }
    }

    /// Takes the room of one value, if there is any left.
    pub fn take(&mut self) -> bool {
        take(&mut self.values)
    }

    /// Whether a list that holds `kept` values may hold one more: the first `few` always, and up to [`Pool::MOST`] as long as those beyond `few`
    /// are less than an eighth of the room that is left, so that lists that come late find room too. [`Pool::release`] gives it back.
    pub fn admits(&mut self, kept: usize, few: usize) -> bool {
        admits(&mut self.values, kept, few)
    }

    /// The same for a page.
    pub(super) fn admits_to_page(&mut self, kept: usize, few: usize) -> bool {
        admits(&mut self.pages, kept, few)
    }

    /// Gets the room of a page back.
    pub(super) fn release_page(&mut self, kept: usize, few: usize) {
        self.pages = self.pages.saturating_add(kept.saturating_sub(few));
    }

    /// Gets the room back of a list that [`Pool::admits`] let grow to `kept` values.
    pub fn release(&mut self, kept: usize, few: usize) {
        self.give_back(kept.saturating_sub(few));
    }

    /// Gets the room of so many values back.
    pub fn give_back(&mut self, values: usize) {
        self.values = self.values.saturating_add(values);
    }
}

fn admits(room: &mut usize, kept: usize, few: usize) -> bool {
    match kept.checked_sub(few) {
        None => true,
        Some(beyond) => kept < Pool::MOST && beyond < room.div_ceil(8) && take(room),
    }
}

fn take(room: &mut usize) -> bool {
    let left = room.checked_sub(1);
    *room = left.unwrap_or(*room);
    left.is_some()
}

/// Different values of one entry of a table in the order of their first appearance, and how often each came. They are kept as long as
/// the [`Pool`] has room, [`Several::MOST`] at the most, and counted as long as it has a counter left.
///
/// ```
/// use mcpcap_analyzer::stats::{Pool, Several};
///
/// let mut pool = Pool::new(2);
/// let mut ports = Several::default();
/// [53_u16, 80, 53, 443].iter().for_each(|port| ports.add(port, &mut pool));
/// assert_eq!((ports.values(), ports.total(), ports.is_exact()), (vec![53, 80], 3, true));
/// ports.release(&mut pool);
/// assert!(pool.take() && pool.take() && !pool.take());
/// ```
pub struct Several<T> {
    kept: Vec<(T, u64)>,
    /// Places by hash, from [`FEW`] values on.
    places: HashMap<u64, usize, FixedHash>,
    rest: Rest,
    /// The page that is asked for, in the order of hashes.
    page: Option<Box<Part<T>>>,
}

/// What is known of values that were not kept.
enum Rest {
    /// There were none.
    None,
    /// With those that are kept, there are so many.
    Counted(Box<Distinct>),
    /// There were some.
    Uncounted,
}

/// So many values are compared one by one.
const FEW: usize = 8;

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), places: HashMap::with_hasher(FixedHash::default()), rest: Rest::None, page: None }
    }
}

impl<T> Several<T> {
    /// None yet, of a list that has pages under its name within entries: `statistics.clients[].hostnames`. [`Lists::several`](super::Lists::several) gives
    /// them.
    pub fn of(list: &str) -> Self {
        Self { page: within::after(list).map(|after| Box::new(Part::new(after))), ..Self::default() }
    }
}

impl<T: Hash + Eq> Several<T> {
    /// Values that one entry keeps at the most.
    pub const MOST: usize = Pool::MOST;

    /// Takes a value.
    pub fn add<Q>(&mut self, value: &Q, pool: &mut Pool)
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(page) = &mut self.page {
            page.add(self.places.hasher().hash_one(value), || value.to_owned(), pool);
        }
        if let Some((_, count)) = self.place(value).and_then(|place| self.kept.get_mut(place)) {
            *count = count.saturating_add(1);
            return;
        }
        if matches!(self.rest, Rest::None) && self.kept.len() < Self::MOST && pool.take() {
            self.kept.push((value.to_owned(), 1));
            if self.kept.len() > FEW {
                let from = self.places.len();
                for (place, (kept, _)) in self.kept.iter().enumerate().skip(from) {
                    let hash = self.places.hasher().hash_one(kept.borrow());
                    self.places.insert(hash, place);
                }
            }
            return;
        }
        match &mut self.rest {
            Rest::Counted(all) => {
                all.add(value);
            }
            Rest::None if take(&mut pool.counters) => {
                let mut all = Distinct::small();
                self.kept.iter().for_each(|(kept, _)| {
                    all.add(kept.borrow());
                });
                all.add(value);
                self.rest = Rest::Counted(Box::new(all));
            }
            Rest::None | Rest::Uncounted => self.rest = Rest::Uncounted,
        }
    }

    /// Its place among those that are kept.
    pub fn place<Q>(&self, value: &Q) -> Option<usize>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.kept.len() <= FEW {
            return self.kept.iter().position(|(kept, _)| kept.borrow() == value);
        }
        let place = self.places.get(&self.places.hasher().hash_one(value)).copied()?;
        self.kept.get(place).is_some_and(|(kept, _)| kept.borrow() == value).then_some(place)
    }

    /// Changes what a value has besides what tells it from others, wherever it is kept.
    pub fn change<Q>(&mut self, value: &Q, change: impl Fn(&mut T))
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some((kept, _)) = self.place(value).and_then(|place| self.kept.get_mut(place)) {
            change(kept);
        }
        if let Some(page) = &mut self.page
            && let Some(kept) = page.get_mut(self.places.hasher().hash_one(value))
        {
            change(kept);
        }
    }

    /// Whether it is kept.
    pub fn contains<Q>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.place(value).is_some()
    }

    /// Those that are kept, with their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(T, u64)> {
        self.kept.iter()
    }

    /// What a report shows of them, and where the page behind that begins: at the beginning when these are the first ones of many, which stand in the
    /// order of their appearance, or else behind those here, which stand in the order of pages.
    pub(super) fn page(&self) -> (Vec<&(T, u64)>, Option<u64>) {
        match &self.page {
            Some(page) => (page.iter().collect(), page.next()),
            None => (self.kept.iter().collect(), (!matches!(self.rest, Rest::None)).then_some(0)),
        }
    }

    /// How many different ones there were.
    pub fn total(&self) -> u64 {
        let kept = self.kept.len() as u64;
        match &self.rest {
            Rest::None => kept,
            Rest::Counted(all) => all.count().max(kept.saturating_add(1)),
            Rest::Uncounted => kept.saturating_add(1),
        }
    }

    /// Whether that is exact; otherwise it is an estimate with a standard error of 2.3 %, or, when no counter was left, a number that is
    /// not too high.
    pub fn is_exact(&self) -> bool {
        match &self.rest {
            Rest::None => true,
            Rest::Counted(all) => all.is_exact(),
            Rest::Uncounted => false,
        }
    }

    /// Gives the room back when the entry goes.
    pub fn release(&self, pool: &mut Pool) {
        pool.give_back(self.kept.len());
        if let Some(page) = &self.page {
            page.release(pool);
        }
        pool.counters = pool.counters.saturating_add(matches!(self.rest, Rest::Counted(_)).into());
    }
}

impl<T: Clone> Several<T> {
    /// Those that are kept.
    pub fn values(&self) -> Vec<T> {
        self.kept.iter().map(|(value, _)| value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_while_there_is_room_and_counted_always() {
        let mut pool = Pool::new(1100);
        let (mut one, mut other) = (Several::<String>::default(), Several::<String>::default());
        for _ in 0..2 {
            (0..1024).for_each(|n| one.add(format!("value {n}").as_str(), &mut pool));
            (0..120).for_each(|n| other.add(format!("value {n}").as_str(), &mut pool));
        }
        assert_eq!((one.iter().len(), one.total(), one.is_exact()), (1024, 1024, true));
        assert!(one.iter().enumerate().all(|(n, (value, count))| *value == format!("value {n}") && *count == 2));
        assert_eq!((other.iter().len(), other.total(), other.is_exact()), (76, 120, true));
        one.add("one more", &mut Pool::new(9));
        assert_eq!((one.iter().len(), one.is_exact(), one.contains("one more")), (1024, false, false));
        assert!(one.total().abs_diff(1025) < 80);
    }

    #[test]
    fn pages_joined_are_all_values_and_each_once() {
        const LIST: &str = "a[].b";
        // The room is used up by others, and comes back in between.
        let made = |room: usize| {
            let mut pool = Pool::new(room);
            let mut one = Several::<String>::of(LIST);
            let mut others: Vec<Several<u64>> = (0..10).map(|_| Several::of(LIST)).collect();
            for n in 0..7_000_u64 {
                others.iter_mut().for_each(|several| several.add(&(n % 300), &mut pool));
                if n == 3_000 {
                    others.drain(..).for_each(|several| several.release(&mut pool));
                }
                one.add(format!("value {}", n * 31 % 5_000).as_str(), &mut pool);
            }
            one
        };
        for (room, most) in [(0, 20), (100, 60), (9_000, 1_024)] {
            within::begin(None);
            let first = made(room);
            assert!(first.page().0.len() < 5_000 && first.page().1 == Some(0));
            let (mut joined, mut next) = (Vec::new(), Some(0));
            while let Some(after) = next {
                within::begin(Some(&within::Within { list: LIST.into(), after }));
                let page = made(room);
                // What a run keeps in any case does not depend on the page.
                assert!(page.iter().eq(first.iter()) && page.total() == first.total());
                let (values, behind) = page.page();
                assert!((20..=most).contains(&values.len()) || behind.is_none(), "{}", values.len());
                joined.extend(values.into_iter().cloned());
                next = behind;
            }
            within::begin(None);
            joined.sort_unstable();
            let mut all: Vec<_> = (0..5_000).map(|n| (format!("value {n}"), 1)).collect();
            (0..7_000_u64).skip(5_000).for_each(|n| all[usize::try_from(n * 31 % 5_000).unwrap()].1 += 1);
            all.sort_unstable();
            assert!(joined == all, "{room}: {}", joined.len());
        }
    }

    #[test]
    fn without_a_counter_a_total_is_not_too_high() {
        let mut pool = Pool::new(1);
        let mut many: Vec<Several<u16>> = (0..1025).map(|_| Several::default()).collect();
        for one in &mut many {
            (0..5).for_each(|n| one.add(&n, &mut pool));
        }
        let last = &many[1024];
        assert_eq!((many[0].total(), many[1].total(), last.total(), last.is_exact()), (5, 5, 1, false));
        many[3].release(&mut pool);
        let mut next = Several::default();
        (0..5_u16).for_each(|n| next.add(&n, &mut pool));
        assert_eq!((next.total(), next.is_exact()), (5, true));
    }
}
