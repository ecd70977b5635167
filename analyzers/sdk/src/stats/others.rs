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

impl<K, V> Others<K, V> {
    /// None yet, of a list with this name.
    pub fn new(list: &'static str, lists: &Lists) -> Self {
        let page = lists.after(list).map(|after| Box::new(Page { part: Part::new(after), pool: within::room() }));
        Self { list, hash: FixedHash::default(), page }
    }

    /// The entry of a key, when it may be on the page; it is made when it is not there. `same` tells entries from others.
    pub fn entry(
        &mut self,
        same: &(impl Hash + ?Sized),
        key: impl FnOnce() -> K,
        make: impl FnOnce() -> V,
    ) -> Option<(&K, &mut V)> {
        let Page { part, pool } = self.page.as_deref_mut()?;
        let digest = self.hash.hash_one(same);
        part.add(digest, || (key(), make()), pool);
        part.get_mut(digest).map(|(key, value)| (&*key, value))
    }

    /// The entry of a key, where it is there.
    pub fn get_mut(&mut self, same: &(impl Hash + ?Sized)) -> Option<&mut V> {
        let page = self.page.as_deref_mut()?;
        page.part.get_mut(self.hash.hash_one(same)).map(|(_, value)| value)
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
        let others = |total: u64| total.max((ranked.len() as u64).saturating_add(1));
        if let Some(Page { part, .. }) = self.page.as_deref() {
            let entries = part.iter().map(|((key, value), _)| (key, value));
            let listed: Vec<_> = entries.filter(|(key, _)| !has(key)).collect();
            lists.told_further(self.list, others(total), 0, listed.len(), part.next());
            return listed;
        }
        let (part, kept) = (lists.part(self.list, usual), ranked.len());
        let is_whole = total <= kept as u64;
        let next = Some(0).filter(|_| !is_whole && part.end() >= kept);
        let total = if is_whole { kept as u64 } else { total };
        let listed: Vec<_> = ranked.into_iter().skip(part.offset).take(part.limit).collect();
        lists.told_further(self.list, total, part.offset, listed.len(), next);
        listed
    }
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
}
