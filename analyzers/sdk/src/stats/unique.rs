//! Lists of different values, up to the last one.

use std::hash::{BuildHasher, Hash};

use super::within::{self, Part as Further};
use super::{BoundedMap, Distinct, FixedHash, Lists, Part, Pool};

/// Different values: the first ones in the order of their appearance, and behind them all others in the order of their digests, which is the same in
/// every run. A run keeps the part that is asked for; a report shows it as a list of [`Tool::CUT`](crate::Tool::CUT).
///
/// ```
/// use mcpcap_analyzer::stats::{Lists, Unique};
///
/// let mut lists = Lists::default();
/// let mut ports = Unique::new("statistics.ports", 2, 4096, &lists);
/// [53_u16, 80, 53, 443].iter().for_each(|port| ports.add(port, || *port));
/// assert_eq!((ports.count(), ports.list(&mut lists)), (3, vec![53, 80]));
/// assert_eq!(lists.into_pages()[0].total, 3);
/// ```
pub struct Unique<T> {
    list: &'static str,
    hash: FixedHash,
    /// Digests of the first ones, and how many these are at the most.
    known: BoundedMap<u64, ()>,
    most: usize,
    /// The part of them that is listed.
    part: Part,
    listed: Vec<T>,
    /// All of them, when there are more.
    all: Option<Box<Distinct>>,
    /// The page of those beyond that is asked for.
    further: Option<Further<T>>,
    pool: Pool,
}

impl<T> Unique<T> {
    /// None yet, of a list with this name. The first `usual` ones are shown, unless a page of it is asked for; the first `most` are told apart in the order
    /// of their appearance.
    pub fn new(list: &'static str, usual: usize, most: usize, lists: &Lists) -> Self {
        Self {
            list,
            hash: FixedHash::default(),
            known: BoundedMap::new(most),
            most: most.max(1),
            part: lists.part(list, usual),
            listed: Vec::new(),
            all: None,
            further: lists.after(list).map(Further::new),
            pool: within::room(),
        }
    }

    /// Takes a value, which is only made when it is kept.
    pub fn add(&mut self, value: &(impl Hash + ?Sized), make: impl FnOnce() -> T) {
        let digest = self.hash.hash_one(value);
        if self.known.get(&digest).is_some() {
            return;
        }
        let appeared = self.known.len();
        if appeared < self.most {
            self.known.insert(digest, ());
            if appeared >= self.part.offset && self.listed.len() < self.part.limit {
                self.listed.push(make());
            }
            return;
        }
        let known = &self.known;
        let all =
            self.all.get_or_insert_with(|| Box::new(Distinct::of_digests(known.iter().map(|(digest, ())| *digest))));
        all.add_digest(digest);
        if let Some(further) = &mut self.further {
            further.add(digest, make, &mut self.pool);
        }
    }

    /// How many different ones there are.
    pub fn count(&self) -> u64 {
        let known = self.known.len() as u64;
        self.all.as_ref().map_or(known, |all| all.count().max(known.saturating_add(1)))
    }

    /// Whether that is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub fn is_exact(&self) -> bool {
        self.all.as_ref().is_none_or(|all| all.is_exact())
    }

    /// Those that a report holds.
    pub fn list(&self, lists: &mut Lists) -> Vec<T>
    where
        T: Clone,
    {
        let total = self.count();
        if let Some(further) = &self.further {
            let listed: Vec<T> = further.iter().map(|(value, _)| value.clone()).collect();
            lists.told_further(self.list, total, 0, listed.len(), further.next());
            return listed;
        }
        // Behind the last one that has a place.
        let is_last = self.part.end() >= self.known.len();
        let next = Some(0).filter(|_| is_last && self.all.is_some());
        lists.told_further(self.list, total, self.part.offset, self.listed.len(), next);
        self.listed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{PageInfo, Window, Within};

    const LIST: &str = "statistics.names";

    fn run(many: u64, window: Window) -> (Vec<String>, Option<PageInfo>, u64) {
        let mut lists = Lists::new(window);
        let mut names = Unique::new(LIST, 100, 4096, &lists);
        for n in (0..many).chain(0..many / 3) {
            names.add(&n, || format!("name {n}"));
        }
        let count = names.count();
        (names.list(&mut lists), lists.into_pages().pop(), count)
    }

    fn page(offset: u64, within: Option<u64>) -> Window {
        let within = within.map(|after| Within { list: LIST.into(), after });
        Window { offset, limit: 1000, list: Some(LIST.into()), within }
    }

    #[test]
    fn pages_joined_are_all_values_each_once() {
        for many in [3, 100, 101, 4_096, 4_097, 10_007] {
            let (usual, told, count) = run(many, Window::default());
            assert!(count.abs_diff(many) * 40 <= many, "{count} of {many}");
            assert_eq!((usual.len() as u64, told.is_some()), (many.min(100), many > 100));
            let (mut joined, mut after) = (Vec::new(), None);
            loop {
                let offset = if after.is_none() { joined.len() as u64 } else { 0 };
                let (values, told, _) = run(many, page(offset, after));
                let info = told.as_ref();
                assert!(info.is_none_or(|info| info.returned == values.len() as u64 && info.total == count));
                let in_order = after.is_none() && (joined.len() + values.len()) < 4_096.min(many) as usize;
                assert!(!values.is_empty());
                joined.extend(values);
                match info.and_then(|info| info.next) {
                    None if in_order => {}
                    None => break,
                    next => after = next,
                }
            }
            assert!(joined.starts_with(&usual));
            let first: Vec<_> = (0..many.min(4_096)).map(|n| format!("name {n}")).collect();
            assert!(joined.starts_with(&first), "{many}");
            let all = joined.len() as u64;
            joined.sort_unstable();
            joined.dedup();
            assert_eq!((all, joined.len() as u64), (many, many));
        }
    }

    #[test]
    fn a_page_of_another_list_changes_nothing() {
        let other = Window { list: Some("statistics.others".into()), ..page(0, None) };
        let within = Within { list: "findings[].frames".into(), after: 7 };
        for window in [other, Window { within: Some(within), ..Window::default() }] {
            assert_eq!(run(5_000, window), run(5_000, Window::default()));
        }
    }
}
