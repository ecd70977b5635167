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
            let returned = entries.len() as u64;
            assert_eq!(returned, limit.min(total.saturating_sub(offset)), "{place}");
            assert_eq!(told(&report, list), (returned < total).then_some([total, offset, returned]), "{place}");
            for other in T::CUT.iter().filter(|other| *other != list) {
                assert!(at(&report, other) == at(&usual, other), "{other} with {place}");
            }
            entries
        };
        let whole = page(0, 1000);
        let mut joined = Vec::new();
        while (joined.len() as u64) < total {
            joined.extend(page(joined.len() as u64, PAGE));
        }
        assert!(joined == whole && whole.starts_with(first), "{place}");
        assert!(page(total, PAGE).is_empty(), "{place}");
        let different: BTreeSet<String> = whole.iter().map(Value::to_string).collect();
        assert_eq!(different.len() as u64, total, "{place}");
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

/// Follows the pages of a list within the entry at a place of another list: `findings[].frames`. `outer` is the name of the other one, when it is in
/// [`Tool::CUT`]. The pages joined, and how many there were.
///
/// # Panics
/// When a page does not go on where the last one ended, or an entry without further pages does not say so.
pub fn joined_within<T: Tool>(
    capture: &[u8],
    arguments: &Value,
    list: &str,
    place: usize,
    outer: Option<&str>,
) -> (Vec<Value>, usize) {
    let name = list.replacen("[]", &format!("[{place}]"), 1);
    let Some((entries, field)) = list.split_once("[].") else { panic!("{list} is not within entries") };
    let (mut joined, mut pages, mut asked) = (Vec::new(), 0, arguments.clone());
    let mut first = None;
    loop {
        let report = match super::run::<T>(capture, &asked) {
            Ok(report) => report,
            Err(problem) => panic!("{} {asked}: {problem:?}", T::NAME),
        };
        let entry = at(&report, entries).get(if pages == 0 { place } else { 0 }).cloned().unwrap_or_default();
        let mut of_entry = entry.clone();
        if let Some(object) = of_entry.as_object_mut() {
            object.retain(|_, value| !value.is_array());
        }
        assert_eq!(*first.get_or_insert_with(|| of_entry.clone()), of_entry, "{name} of {}", T::NAME);
        joined.extend_from_slice(at(&entry, field));
        pages += 1;
        let page = at(&report, "pages").iter().find(|page| page["list"] == name.as_str());
        let Some(after) = page.and_then(|page| page["next"].as_u64()) else { return (joined, pages) };
        assert_eq!(page.map(|page| &page["returned"]), Some(&json!(at(&entry, field).len())), "{name}");
        asked["page"] = json!({ "offset": place, "limit": 1, "within": { "list": list, "after": after } });
        if let Some(outer) = outer {
            asked["page"]["list"] = outer.into();
        }
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
