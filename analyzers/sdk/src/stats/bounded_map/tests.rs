//! Order, eviction, and keys that were made to collide.

use std::cell::Cell;
use std::collections::VecDeque;

use super::*;

#[test]
fn the_least_recently_used_entry_makes_room() {
    let mut map = BoundedMap::new(2);
    assert_eq!(map.insert("a", 1), None);
    assert_eq!(map.insert("b", 2), None);
    map.get_mut(&"a");
    let (value, gone) = map.get_or_insert_with("c", || 3);
    assert_eq!((*value, gone), (3, Some(("b", 2))));
    assert_eq!((map.len(), map.evicted()), (2, 1));
    assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["a", "c"]);
    *map.peek_mut(&"a").unwrap() = 7;
    assert_eq!(map.iter().next(), Some((&"a", &7)));
}

#[test]
fn an_entry_that_is_there_costs_nobody_its_place() {
    let mut map = BoundedMap::new(2);
    map.insert("a", 1);
    map.insert("b", 2);
    assert_eq!(map.insert("a", 10), None);
    assert_eq!(*map.get_or_insert_with("b", || 0).0, 2);
    assert_eq!((map.get(&"a"), map.evicted()), (Some(&10), 0));
}

/// Numbers that look random (the generator of Steele, Lea and Flood 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 16
}

/// Against a list that is searched from end to end.
#[test]
fn it_does_what_a_plain_list_does() {
    let mut state = 53;
    let mut map = BoundedMap::new(200);
    let mut list: VecDeque<(u64, u64)> = VecDeque::new();
    let mut evicted = 0;
    let mut places = [Place::default(); 16];
    for step in 0..60_000 {
        let key = random(&mut state) % if step % 2000 < 1000 { 150 } else { 700 };
        let at = list.iter().position(|(other, _)| *other == key);
        match random(&mut state) % 8 {
            0 => assert_eq!(map.remove(&key), at.and_then(|at| list.remove(at)).map(|(_, value)| value)),
            1 => assert_eq!(map.get(&key), at.map(|at| &list[at].1)),
            2 => {
                let entry = at.and_then(|at| list.remove(at));
                list.extend(entry);
                assert_eq!(map.get_mut(&key).copied(), entry.map(|(_, value)| value));
            }
            3 if step % 50 == 0 => assert_eq!(map.pop_oldest(), list.pop_front()),
            way => {
                // One place for many keys: mostly, something else is there now.
                let place = &mut places[(key % 16) as usize];
                let mut gone = None;
                let value = match way {
                    4 => {
                        let (value, other) = map.get_or_insert_with(key, || step);
                        gone = other;
                        value
                    }
                    _ => map.get_or_insert_near(place, key, || step, |key, value| gone = Some((key, value))),
                };
                *value += 1;
                let mut entry = at.and_then(|at| list.remove(at)).unwrap_or((key, step));
                entry.1 += 1;
                let oldest = if at.is_none() && list.len() == 200 { list.pop_front() } else { None };
                evicted += u64::from(oldest.is_some());
                list.push_back(entry);
                assert_eq!(gone, oldest);
            }
        }
        assert_eq!((map.len(), map.evicted()), (list.len(), evicted));
        if step % 100 == 0 {
            assert!(map.iter().map(|(key, value)| (*key, *value)).eq(list.iter().copied()));
            assert!(map.iter().rev().map(|(key, value)| (*key, *value)).eq(list.iter().rev().copied()));
            assert!(map.iter_mut().map(|(key, value)| (*key, *value)).eq(list.iter().copied()));
        }
    }
    assert!(evicted > 1000);
}

thread_local! {
    static COMPARISONS: Cell<u64> = const { Cell::new(0) };
}

/// A key that counts how often it is compared.
#[derive(Debug, Clone)]
struct Counted(u64);

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0 == other.0
    }
}

impl Eq for Counted {}

/// Keys whose hash begins with the same bits want the same bucket: who knows the hash finds as many as he likes.
#[test]
fn keys_that_were_made_to_collide_do_not_slow_it_down() {
    let hash = KeyHash::default();
    let mut state = 7;
    let mut colliding = Vec::new();
    while colliding.len() < 1500 {
        let key = Counted(random(&mut state));
        let hash = hash.hash_one(&key);
        // All that the index takes of a hash while it has up to 256 buckets: the first one, and 16 for the second one.
        let spread = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if spread >> 56 == 0 && spread >> 16 & 0xf == 0 {
            colliding.push(key);
        }
    }
    let of = |keys: &[Counted]| {
        COMPARISONS.set(0);
        let mut map = BoundedMap::new(1000);
        for _ in 0..3 {
            for key in keys {
                map.insert(key.clone(), ());
                assert!(map.get_mut(key).is_some());
            }
        }
        assert_eq!((map.len(), map.evicted()), (1000, 3500));
        COMPARISONS.get() as f64 / (keys.len() * 9) as f64
    };
    let honest: Vec<Counted> = (0..1500).map(Counted).collect();
    let (honest, colliding) = (of(&honest), of(&colliding));
    // Walking through all that collide would compare hundreds of times.
    assert!(honest < 1.0 && colliding < 1.0, "{honest} and {colliding} comparisons a look-up");
}
