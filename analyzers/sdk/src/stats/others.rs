//! Lists of a table's entries, and behind them of those that had to make room.

use std::hash::{BuildHasher, Hash};

use super::within::{self, Part};
use super::{FixedHash, Lists, Pool};

/// Entries of a list that a table of the largest or latest does not have at the end, in the order of their digests, which is the same in every run. In a run
/// that is asked for a page of them, they are kept beside the table: what is added to an entry there is added here too, so its numbers are exact.
///
/// ```
/// use mcpcap_analyzer::stats::{Lists, Others};
///
/// let mut lists = Lists::default();
/// let mut others = Others::<u32, u64>::new("top.hosts", &lists);
/// assert!(others.entry(&7, || 7, || 0).is_none());
/// let (ranked, total) = (vec![(&7, &100)], 2);
/// assert_eq!(others.list(ranked.clone(), 20, total, |_| true, &mut lists), ranked);
/// assert_eq!(lists.into_pages()[0].next, Some(0));
/// ```
pub struct Others<K, V> {
    list: &'static str,
    hash: FixedHash,
    page: Option<Box<Page<K, V>>>,
}

/// The page that is asked for.
struct Page<K, V> {
    part: Part<(K, V)>,
    pool: Pool,
}

/// Room of a page whose entries take several KiB each: for about 250 of them.
const FOR_LARGE: usize = 2 * Pool::MOST;

impl<K, V> Others<K, V> {
    /// None yet, of a list with this name.
    pub fn new(list: &'static str, lists: &Lists) -> Self {
        Self::with_room(list, lists, within::room())
    }

    /// The same for entries that take several KiB each: a page holds fewer of them.
    pub fn of_large(list: &'static str, lists: &Lists) -> Self {
        Self::with_room(list, lists, Pool::new(FOR_LARGE))
    }

    fn with_room(list: &'static str, lists: &Lists, pool: Pool) -> Self {
        let page = lists.after(list).map(|after| Box::new(Page { part: Part::new(after), pool }));
        Self { list, hash: FixedHash::default(), page }
    }

    /// Whether a page of them is asked for.
    pub fn are_asked(&self) -> bool {
        self.page.is_some()
    }

    /// The entry of a key, when it may be on the page; it is made when it is not there. `same` tells entries from others.
    pub fn entry(
        &mut self,
        same: &(impl Hash + ?Sized),
        key: impl FnOnce() -> K,
        make: impl FnOnce() -> V,
    ) -> Option<(&K, &mut V)> {
        self.entry_or(same, key, make, drop)
    }

    /// The same; `gone` takes the entry that is pushed off the page.
    pub fn entry_or(
        &mut self,
        same: &(impl Hash + ?Sized),
        key: impl FnOnce() -> K,
        make: impl FnOnce() -> V,
        gone: impl FnOnce(V),
    ) -> Option<(&K, &mut V)> {
        let Page { part, pool } = self.page.as_deref_mut()?;
        let digest = self.hash.hash_one(same);
        part.add_or(digest, 1, || (key(), make()), pool, |(_, value)| gone(value));
        part.get_mut(digest).map(|(key, value)| (&*key, value))
    }

    /// The entry of a key, where it is there.
    pub fn get(&self, same: &(impl Hash + ?Sized)) -> Option<&V> {
        let page = self.page.as_deref()?;
        page.part.get(self.hash.hash_one(same)).map(|(_, value)| value)
    }

    /// The same for changing.
    pub fn get_mut(&mut self, same: &(impl Hash + ?Sized)) -> Option<&mut V> {
        let page = self.page.as_deref_mut()?;
        page.part.get_mut(self.hash.hash_one(same)).map(|(_, value)| value)
    }

    /// All of them, for changing.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let entries = self.page.as_deref_mut().into_iter().flat_map(|page| page.part.iter_mut());
        entries.map(|(key, value)| (&*key, value))
    }

    /// The entries that a report holds: of those that the table has in order the `usual` first ones, or of all `total` ones the page that is asked for.
    /// `has` says whether the table has a key.
    pub fn list<'a>(
        &'a self,
        ranked: Vec<(&'a K, &'a V)>,
        usual: usize,
        total: u64,
        has: impl Fn(&K) -> bool,
        lists: &mut Lists,
    ) -> Vec<(&'a K, &'a V)> {
        self.made(ranked, usual, total, |key, value| (!has(key)).then_some((key, value)), lists)
    }

    /// The same for a list of what is made of entries. `make` gives nothing for those that the list does not have, or that are among `ranked`. Where nobody
    /// knows how many others there are, `total` is one more than there are of these.
    pub fn made<'a, T>(
        &'a self,
        ranked: Vec<T>,
        usual: usize,
        total: u64,
        make: impl Fn(&'a K, &'a V) -> Option<T>,
        lists: &mut Lists,
    ) -> Vec<T> {
        let Some(Page { part, .. }) = self.page.as_deref() else { return self.first(ranked, usual, total, lists) };
        let listed: Vec<T> = part.iter().filter_map(|((key, value), _)| make(key, value)).collect();
        lists.told_further(self.list, beyond(total, ranked.len()), 0, listed.len(), part.next());
        listed
    }

    /// The same where entries are used up.
    pub fn into_made<T>(
        mut self,
        ranked: Vec<T>,
        usual: usize,
        total: u64,
        mut make: impl FnMut(K, V) -> Option<T>,
        lists: &mut Lists,
    ) -> Vec<T> {
        let Some(page) = self.page.take() else { return self.first(ranked, usual, total, lists) };
        let Page { part, .. } = *page;
        let next = part.next();
        let listed: Vec<T> = part.into_values().filter_map(|(key, value)| make(key, value)).collect();
        lists.told_further(self.list, beyond(total, ranked.len()), 0, listed.len(), next);
        listed
    }

    /// The part of those that have an order.
    fn first<T>(&self, ranked: Vec<T>, usual: usize, total: u64, lists: &mut Lists) -> Vec<T> {
        let (part, kept) = (lists.part(self.list, usual), ranked.len());
        let is_whole = total <= kept as u64;
        let next = Some(0).filter(|_| !is_whole && part.end() >= kept);
        let total = if is_whole { kept as u64 } else { total };
        let listed: Vec<T> = ranked.into_iter().skip(part.offset).take(part.limit).collect();
        lists.told_further(self.list, total, part.offset, listed.len(), next);
        listed
    }
}

/// The total of a list of which there is a page behind the first entries.
fn beyond(total: u64, first: usize) -> u64 {
    total.max((first as u64).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{BoundedMap, Window, Within};

    #[test]
    fn pages_joined_are_all_entries_each_once() {
        const LIST: &str = "top.hosts";
        let run = |window: Window| {
            let mut lists = Lists::new(window);
            let (mut table, mut others) = (BoundedMap::new(100), Others::new(LIST, &lists));
            for n in (0..4_000_u32).chain(0..50) {
                *table.get_or_insert_with(n, || 0_u64).0 += 1;
                if let Some((_, count)) = others.entry(&n, || n, || 0) {
                    *count += 1;
                }
            }
            let listed = others.list(table.iter().collect(), 20, 4_000, |key| table.get(key).is_some(), &mut lists);
            let listed: Vec<_> = listed.into_iter().map(|(key, count)| (*key, *count)).collect();
            (listed, lists.into_pages().pop().and_then(|page| page.next))
        };
        let page = |offset: u64, after: Option<u64>| {
            let within = after.map(|after| Within { list: LIST.into(), after });
            run(Window { offset, limit: 60, list: Some(LIST.into()), within })
        };
        assert_eq!((run(Window::default()).0.len(), page(0, None).1), (20, None));
        let (mut joined, mut next) = page(60, None);
        assert_eq!((joined.len(), next), (40, Some(0)));
        joined.extend(page(0, None).0);
        while next.is_some() {
            let (further, behind) = page(0, next);
            // Those that made room came once, and the first 50 twice: they are in the table again.
            assert!(further.iter().all(|(_, count)| *count == 1));
            joined.extend(further);
            next = behind;
        }
        joined.sort_unstable();
        assert!(joined.iter().map(|(key, _)| *key).eq(0..4_000));
    }

    #[test]
    fn what_is_pushed_off_a_page_is_given_back_and_some_entries_are_in_no_list() {
        const LIST: &str = "tunnels";
        let run = |after: u64| {
            let within = Some(Within { list: LIST.into(), after });
            let mut lists = Lists::new(Window { list: Some(LIST.into()), within, ..Window::default() });
            let (mut others, mut gone) = (Others::of_large(LIST, &lists), 0_u64);
            let mut made = 0_u64;
            for n in 0..3_000_u32 {
                others.entry_or(
                    &n,
                    || n,
                    || {
                        made += 1;
                        n
                    },
                    |_| gone += 1,
                );
            }
            let kept = made - gone;
            assert!(others.are_asked() && (200..300).contains(&kept) || kept < 200 && after > 0, "{kept}");
            // Even numbers only, of which the table has the first ten.
            let make = |key: u32, value: u32| (key.is_multiple_of(2) && key >= 20).then_some(value);
            let listed = others.into_made((0..10).map(|n| 2 * n).collect(), 20, 11, make, &mut lists);
            let page = lists.into_pages().pop();
            assert!(
                page.as_ref().is_none_or(|page| page.returned == listed.len() as u64 && page.returned < page.total)
            );
            (listed, page.and_then(|page| page.next))
        };
        let (mut joined, mut next) = (Vec::new(), Some(0));
        while let Some(after) = next {
            let (listed, behind) = run(after);
            joined.extend(listed);
            next = behind;
        }
        joined.sort_unstable();
        assert!(joined.into_iter().eq((20..3_000).step_by(2)));
    }
}
