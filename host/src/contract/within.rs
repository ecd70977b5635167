//! Lists within the entries of other lists, one of which can be asked for by its name: `findings[3].frames`.

use serde_json::Value;

use super::path::{at, at_mut, schema_at};
use super::schema::items;

/// A list within an entry, and where of it a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// The list with the entry.
    pub list: String,
    /// The entry's place in it.
    pub place: u64,
    /// What leads from the entry to the list: `frames`, `hops[2].addresses`.
    path: String,
    /// Where the component's part of the list begins.
    pub part: Part,
    /// Values before the first one of the page.
    pub offset: u64,
}

/// A part of a list, as the component gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// The component's word for the place behind which it begins; 0 for the beginning.
    pub after: u64,
    /// Values before it.
    pub before: u64,
}

/// Separates the name of a list from the part of it.
const AT: char = '@';

/// A name as it stands in a cursor, taken apart: the list, and the part of it in which the page begins, where it names one. `None` when it is malformed.
pub fn parted(name: &str) -> Option<(&str, Option<Part>)> {
    let Some((name, part)) = name.rsplit_once(AT) else { return Some((name, None)) };
    let (after, before) = part.split_once('+')?;
    Some((name, Some(Part { after: after.parse().ok()?, before: before.parse().ok()? })))
}

/// The name in a cursor of a page that begins in a part of a list.
pub fn named(list: &str, Part { after, before }: Part) -> String {
    format!("{list}{AT}{after}+{before}")
}

impl Within {
    /// Reads a name as it stands in a cursor or a section; `None` when it is that of an ordinary list.
    pub fn parse(name: &str, offset: u64) -> Option<Self> {
        let (name, part) = parted(name)?;
        let part = part.unwrap_or_default();
        let (list, rest) = name.split_once('[')?;
        let (place, path) = rest.split_once("].")?;
        let within = Self { list: list.into(), place: place.parse().ok()?, path: path.into(), part, offset };
        // Nothing comes before what is before the part.
        (!list.is_empty() && !path.is_empty() && part.before <= offset).then_some(within)
    }

    /// Its name: `findings[3].frames`.
    pub fn name(&self) -> String {
        format!("{}[{}].{}", self.list, self.place, self.path)
    }

    /// Its name in a cursor, when a page begins in a part.
    pub fn named(&self, part: Part) -> String {
        let name = self.name();
        if part.after == 0 { name } else { named(&name, part) }
    }

    /// The name of such lists of all entries: `findings[].frames`, `paths[].hops[].addresses`.
    pub fn general(&self) -> String {
        general(&self.name())
    }

    /// Values of the list in an entry; `None` where there is none.
    pub fn count(&self, entry: &Value) -> Option<usize> {
        let mut value = entry;
        for (name, place) in steps(&self.path) {
            value = at(value.as_object()?, name)?;
            if let Some(place) = place {
                value = value.get(usize::try_from(place?).ok()?)?;
            }
        }
        value.as_array().map(Vec::len)
    }

    /// The list in an entry, to be changed.
    pub fn values<'a>(&self, entry: &'a mut Value) -> Option<&'a mut Vec<Value>> {
        let mut value = entry;
        for (name, place) in steps(&self.path) {
            value = at_mut(value.as_object_mut()?, name)?;
            if let Some(place) = place {
                value = value.get_mut(usize::try_from(place?).ok()?)?;
            }
        }
        value.as_array_mut()
    }

    /// The schema of the list; null when a report has none.
    pub fn schema<'a>(&self, report: &'a Value) -> &'a Value {
        let mut schema = items(schema_at(report, &self.list));
        for (name, place) in steps(&self.path) {
            schema = schema_at(schema, name);
            if place.is_some() {
                schema = items(schema);
            }
        }
        if items(schema).is_null() { &Value::Null } else { schema }
    }
}

/// The fields that lead to a list, each with the place of the entry in it to go on from; `None` in its stead when it is no number.
fn steps(path: &str) -> impl Iterator<Item = (&str, Option<Option<u64>>)> {
    path.split("].").map(|step| match step.split_once('[') {
        Some((name, place)) => (name, Some(place.parse().ok())),
        None => (step, None),
    })
}

/// A name without the places in it.
pub fn general(name: &str) -> String {
    let mut pieces = name.split('[');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |name, piece| format!("{name}[]{}", piece.split_once(']').map_or("", |(_, rest)| rest)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_within_an_entry_is_found_by_its_name() {
        let within = Within::parse("a.paths[3].hops[1].to.addresses@18446744073709551615+7", 9).unwrap();
        assert_eq!((within.list.as_str(), within.place, within.offset, within.part.before), ("a.paths", 3, 9, 7));
        assert_eq!(within.general(), "a.paths[].hops[].to.addresses");
        assert_eq!(within.name(), "a.paths[3].hops[1].to.addresses");
        assert_eq!(Within::parse(&within.named(within.part), 9), Some(within.clone()));
        let mut entry = json!({ "hops": [{}, { "to": { "addresses": [1, 2] } }] });
        assert_eq!(within.count(&entry), Some(2));
        assert_eq!(within.values(&mut entry), Some(&mut vec![json!(1), json!(2)]));
        let other = &mut json!({ "hops": [{}] });
        assert_eq!((within.count(other), within.values(other)), (None, None));
        let list = json!({ "items": { "type": "string" } });
        let schema = json!({ "properties": { "a": { "properties": { "paths": { "items": { "properties": { "hops": { "items": {
            "properties": { "to": { "properties": { "addresses": list } } } } } } } } } } } });
        assert_eq!(within.schema(&schema), &list);
        assert!(Within::parse("a.paths[3].hops", 0).unwrap().schema(&schema).is_object());
        assert!(Within::parse("a.paths[3].hop", 0).unwrap().schema(&schema).is_null());
    }

    #[test]
    fn a_list_that_goes_on_in_another_order_has_its_part_in_the_name() {
        let part = Part { after: 0, before: 4096 };
        assert_eq!(named("a.names", part), "a.names@0+4096");
        assert_eq!(parted("a.names@0+4096"), Some(("a.names", Some(part))));
        assert_eq!(parted("a.names"), Some(("a.names", None)));
        for malformed in ["a@", "a@1", "a@x+1", "a@1+x", "a@1+1+1"] {
            assert_eq!(parted(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "packets",
            "a.b",
            "a[].b",
            "a[1]",
            "a[1]b",
            "a[x].b",
            "[1].b",
            "a[1].",
            "a[1].b@",
            "a[1].b@3+x",
            "a[1].b@1+9",
        ] {
            assert_eq!(Within::parse(name, 8), None, "{name}");
        }
    }
}
