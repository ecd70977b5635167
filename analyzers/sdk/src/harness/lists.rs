//! Checks that hold for the lists of every tool.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Tool;

/// Entries of a page: no total is a multiple of it by chance.
const PAGE: u64 = 23;

/// The list at a dotted path; empty where it is left out.
pub fn at<'a>(report: &'a Value, path: &str) -> &'a [Value] {
    let found = path.split('.').try_fold(report, |part, name| part.get(name));
    found.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Total, offset and number of entries of a list, if the report says that it holds less than all.
pub fn told(report: &Value, list: &str) -> Option<[u64; 3]> {
    let page = at(report, "pages").iter().find(|page| page["list"] == list)?;
    let number = |name: &str| page[name].as_u64();
    Some([number("total")?, number("offset")?, number("returned")?])
}

/// Where a list goes on behind its entries that have an order.
fn next(report: &Value, list: &str) -> Option<u64> {
    at(report, "pages").iter().find(|page| page["list"] == list)?["next"].as_u64()
}

/// Runs a tool on a capture in which each list of [`Tool::CUT`] is cut, and follows the pages of each: joined they are the whole list, which
/// begins as it does without a page and holds no entry twice; the other lists stay as they are; and a list that has further entries says so.
///
/// # Panics
/// When it is not so.
pub fn pages_are_whole<T: Tool>(capture: &[u8], arguments: &Value) {
    let run = |arguments: &Value| match super::run::<T>(capture, arguments) {
        Ok(report) => report,
        Err(problem) => panic!("{} {arguments}: {problem:?}", T::NAME),
    };
    let usual = run(arguments);
    for list in T::CUT.iter().filter(|list| !list.contains("[]")) {
        let place = format!("{list} of {}", T::NAME);
        let first = at(&usual, list);
        let Some([total, ..]) = told(&usual, list) else { panic!("{place} is not cut") };
        assert_eq!(told(&usual, list), Some([total, 0, first.len() as u64]), "{place}");
        let page = |offset: u64, limit: u64| {
            let mut arguments = arguments.clone();
            arguments["page"] = json!({ "offset": offset, "limit": limit, "list": list });
            let report = run(&arguments);
            let entries = at(&report, list).to_vec();
            let (returned, next) = (entries.len() as u64, next(&report, list));
            assert!(returned == limit.min(total.saturating_sub(offset)) || next == Some(0), "{place}");
            assert_eq!(told(&report, list), (returned < total).then_some([total, offset, returned]), "{place}");
            for other in T::CUT.iter().filter(|other| *other != list) {
                assert!(at(&report, other) == at(&usual, other), "{other} with {place}");
            }
            (entries, next)
        };
        let (whole, _) = page(0, 1000);
        let (mut joined, mut further) = (Vec::new(), None);
        while further.is_none() && (joined.len() as u64) < total {
            let (entries, next) = page(joined.len() as u64, PAGE);
            joined.extend(entries);
            further = next;
        }
        assert!(joined.starts_with(&whole) && joined.starts_with(first), "{place}");
        assert!(page(total, PAGE).0.is_empty(), "{place}");
        // What stands behind those that have an order.
        let is_further = further.is_some();
        while let Some(after) = further {
            let mut arguments = arguments.clone();
            let within = json!({ "list": list, "after": after });
            arguments["page"] = json!({ "offset": 0, "limit": 1000, "list": list, "within": within });
            let report = run(&arguments);
            joined.extend_from_slice(at(&report, list));
            further = next(&report, list);
        }
        let different: BTreeSet<String> = joined.iter().map(Value::to_string).collect();
        assert_eq!(different.len(), joined.len(), "{place}");
        assert!(is_further || joined.len() as u64 == total, "{place}");
    }
    let mut found = Vec::new();
    reached(&usual, "", &mut found);
    // Round numbers of entries are those at which lists are cut.
    for (path, length) in found.into_iter().filter(|(_, length)| [20, 50, 100].contains(length)) {
        let is_named = T::CUT.iter().chain(T::PAGED).any(|named| *named == path);
        assert!(
            is_named || told(&usual, &path).is_some(),
            "{path} of {} has {length} entries and is not named",
            T::NAME
        );
    }
}

/// Follows the pages of a list, also behind its entries that have an order: its entries, and the total that its first page says.
///
/// # Panics
/// When a page says something that does not hold.
pub fn joined<T: Tool>(capture: &[u8], arguments: &Value, list: &str) -> (Vec<Value>, u64) {
    let (mut joined, mut after, mut first) = (Vec::new(), None, None);
    loop {
        let mut asked = arguments.clone();
        let offset = if after.is_none() { joined.len() } else { 0 };
        asked["page"] = json!({ "offset": offset, "limit": 1000, "list": list });
        if let Some(after) = after {
            asked["page"]["within"] = json!({ "list": list, "after": after });
        }
        let report = match super::run::<T>(capture, &asked) {
            Ok(report) => report,
            Err(problem) => panic!("{} {asked}: {problem:?}", T::NAME),
        };
        let entries = at(&report, list);
        let page = at(&report, "pages").iter().find(|page| page["list"] == list);
        let number = |name: &str| page.and_then(|page| page[name].as_u64());
        assert_eq!(number("returned").unwrap_or(entries.len() as u64), entries.len() as u64, "{list}");
        assert_eq!(number("offset").unwrap_or(0), offset as u64, "{list}");
        joined.extend(entries.iter().cloned());
        let total = number("total").unwrap_or(entries.len() as u64);
        first.get_or_insert(total);
        let next = number("next");
        assert!(next.is_none() || next > after || after.is_none(), "{list} leads back");
        match next {
            None if after.is_none() && (joined.len() as u64) < total && !entries.is_empty() => {}
            None => return (joined, first.unwrap_or_default()),
            next => after = next,
        }
    }
}

/// Follows the pages of a list within an entry, `findings[3].frames`: its values, and the pages that it took. The rest of the entry is the same on
/// each, and the report without a page says that there is more exactly when it does not hold all of them.
///
/// # Panics
/// When it is not so.
pub fn joined_within<T: Tool>(capture: &[u8], arguments: &Value, name: &str) -> (Vec<Value>, usize) {
    let run = |arguments: &Value| match super::run::<T>(capture, arguments) {
        Ok(report) => report,
        Err(problem) => panic!("{} {arguments}: {problem:?}", T::NAME),
    };
    let Some((outer, place, path)) = name.split_once('[').and_then(|(outer, rest)| {
        let (place, path) = rest.split_once("].")?;
        Some((outer, place.parse::<usize>().ok()?, path))
    }) else {
        panic!("{name} is not within an entry")
    };
    let general: String = name.chars().filter(|c| !c.is_ascii_digit()).collect();
    let told = |report: &Value| at(report, "pages").iter().find(|page| page["list"] == name).cloned();
    let (mut joined, mut pages, mut after, mut same) = (Vec::new(), 0, Some(0), None);
    while let Some(behind) = after {
        let mut asked = arguments.clone();
        asked["page"] = json!({ "offset": place, "limit": 1, "within": { "list": general, "after": behind } });
        if T::CUT.contains(&outer) {
            asked["page"]["list"] = outer.into();
        }
        let report = run(&asked);
        let is_part = T::CUT.contains(&outer) || T::PAGED.contains(&outer);
        let mut entry = at(&report, outer).get(if is_part { 0 } else { place }).cloned().unwrap_or_default();
        let values = within(&entry, path).to_vec();
        without_lists(&mut entry);
        assert_eq!(*same.get_or_insert_with(|| entry.clone()), entry, "{name} of {}", T::NAME);
        let page = told(&report);
        assert!(
            page.as_ref().is_none_or(|page| page["returned"] == values.len() && !values.is_empty()),
            "{name}: {page:?}"
        );
        joined.extend(values);
        pages += 1;
        after = page.and_then(|page| page["next"].as_u64());
    }
    let usual = run(arguments);
    let shown = within(at(&usual, outer).get(place).unwrap_or(&Value::Null), path).len();
    assert_eq!(told(&usual).is_some(), shown < joined.len(), "{name} of {}: {shown} of {}", T::NAME, joined.len());
    (joined, pages)
}

fn without_lists(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_array());
        fields.values_mut().for_each(without_lists);
    }
}

/// A list within an entry: `hops[2].addresses`.
fn within<'a>(entry: &'a Value, path: &str) -> &'a [Value] {
    match path.split_once('[').and_then(|(list, rest)| Some((list, rest.split_once("].")?))) {
        Some((list, (place, path))) => {
            let inner = place.parse().ok().and_then(|place: usize| at(entry, list).get(place));
            inner.map_or(&[], |inner| within(inner, path))
        }
        None => at(entry, path),
    }
}

/// The lists that are reached without going through a list.
fn reached(value: &Value, path: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            reached(value, &path, found);
        }),
        Value::Array(entries) => found.push((path.to_owned(), entries.len())),
        _ => {}
    }
}
